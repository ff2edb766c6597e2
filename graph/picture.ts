/** The picture of a plan: the grid's intensity with the load before and after under it. */
import { figure, powerText } from '../domain/figures.js';
import { BASELINE, PLACEMENTS, type Plan } from '../domain/plan.js';
import { LoadSummer, PLAN_LOADS, type PlanLoads } from '../domain/plan-sums.js';
import { meanOver } from '../domain/series.js';
import { floorTo, fromEpoch, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { bars, curve, squeeze } from './plot.js';

const COLUMNS = 60;

/** One region: a curve with bars under it. Several: a line each, how the load moved between them. */
export const loadPicture = async (world: World, plan: Plan): Promise<string> => {
  const regions = new Map<string, { before: number[]; after: number[] }>();
  const from = toEpoch(floorTo(plan.window.start, world.method.slotMinutes));
  const until = Math.max(toEpoch(plan.window.end), toEpoch(plan.finishesAt));
  const slot = world.method.slotMinutes * 60;
  const count = Math.max(1, Math.ceil((until - from) / slot));
  const filled = (load: readonly number[]) => Array.from({ length: count }, (_, i) => load[i] ?? 0);
  for (const { region, before, after } of (await loadsOf(world, plan)).regions)
    regions.set(region, { before: filled(before), after: filled(after) });
  if (regions.size === 0) return '  No job was placed.';
  return regions.size === 1 ? oneRegion(world, [...regions][0]!, from, slot, count) : manyRegions(regions);
};

/** Kept with the plan; a plan that was written without them is read row by row. */
const loadsOf = async (world: World, plan: Plan): Promise<PlanLoads> => {
  const kept = (await world.store.collection(PLAN_LOADS).get(plan.id))?.value;
  if (kept?.digest === plan.digest && kept.slotMinutes === world.method.slotMinutes) return kept;
  const summer = new LoadSummer(plan.window.start, world.method.slotMinutes);
  for await (const page of world.store.rows(BASELINE).pages(plan.id))
    for (const piece of page) summer.add(piece, 'before');
  for await (const page of world.store.rows(PLACEMENTS).pages(plan.id))
    for (const piece of page) summer.add(piece, 'after');
  return summer.loads(plan.digest);
};

const oneRegion = async (
  world: World,
  [region, { before, after }]: [string, { before: number[]; after: number[] }],
  from: number,
  slot: number,
  count: number,
): Promise<string> => {
  const interval = { start: fromEpoch(from), end: fromEpoch(from + count * slot) };
  const came = world.clock.now() >= interval.end;
  const actual = came ? await world.grid.carbon(region, interval, 'actual') : null;
  // A file of forecasts knows of no hour what came true.
  const foreseen = actual === null || actual.series.values.every((value) => value === null);
  const { series } = foreseen ? await world.grid.carbon(region, interval, 'forecast') : actual;
  const intensity = Array.from({ length: count }, (_, i) => meanOver(series, from + i * slot, from + (i + 1) * slot));
  const { lines, levels } = curve(squeeze(intensity, COLUMNS), 4);
  const known = intensity.some((value) => value !== null);
  const labels = levelTexts(levels);
  const top = Math.max(...before, ...after);
  const narrow = (load: number[]) => squeeze(load, COLUMNS).map((v) => v ?? 0);
  const site = (await world.fleet.sites()).find((s) => s.region === region);
  const atCap = site?.powerCapKw ? after.filter((kw) => kw > site.powerCapKw! * 0.99).length : 0;
  const cap = site?.powerCapKw
    ? `   cap ${powerText(site.powerCapKw)}${atCap > 0 ? `, reached within 1 % in ${atCap} of ${count} slots` : ''}`
    : '';
  const width = Math.min(COLUMNS, count);
  const perColumn = (count * slot) / width;
  const ruler = Array<string>(width).fill(' ');
  for (let hour = 0; hour * 3600 < count * slot; hour += count * slot > 36 * 3600 ? 12 : 6) {
    const at = Math.round((hour * 3600) / perColumn);
    const label = fromEpoch(from + hour * 3600).slice(11, 13);
    for (let i = 0; i < 2 && at + i < width; i++) ruler[at + i] = label[i]!;
  }
  return [
    ...(known
      ? lines.map((line, i) => `  ${i === 0 ? 'g/kWh' : '     '} ${labels[i]!.padStart(4)} ┤${line}`)
      : ['  g/kWh is not known of these hours']),
    `  before     │${bars(narrow(before), top)}`,
    `  after      │${bars(narrow(after), top)}`,
    `  hour (UTC)  ${ruler.join('')}`,
    `  full bar ${powerText(top)}${cap}`,
    ...(known
      ? [
          `  the curve is ${came && !foreseen ? 'what came true; the plan saw a forecast' : 'the forecast that the plan saw'}`,
        ]
      : []),
  ].join('\n');
};

/** Whole grams, or three digits where a small intensity would make all levels one. */
const levelTexts = (levels: readonly number[]): string[] => {
  const rounded = levels.map((level) => String(Math.round(level)));
  if (new Set(rounded).size === rounded.length) return rounded;
  const exact = levels.map((level) => figure(level));
  // One value throughout: the line lies at the bottom, and no other height means anything.
  return new Set(exact).size > 1 ? exact : exact.map((text, i) => (i === exact.length - 1 ? text : ''));
};

const manyRegions = (regions: Map<string, { before: number[]; after: number[] }>): string => {
  const sum = (load: number[]) => load.reduce((a, b) => a + b, 0);
  const rows = [...regions].map(([name, { before, after }]) => ({ name, before: sum(before), after: sum(after) }));
  rows.sort((a, b) => a.name.localeCompare(b.name, 'en'));
  const total = rows.reduce((a, r) => a + r.before, 0);
  const afterTotal = rows.reduce((a, r) => a + r.after, 0);
  const bar = (share: number) => '█'.repeat(Math.round(share * 24)).padEnd(24, '·');
  const percent = (share: number) => `${(share * 100).toFixed(0).padStart(3)} %`;
  return [
    '  share of the load by region       before                         after',
    ...rows.map((r) => {
      const before = total > 0 ? r.before / total : 0;
      const after = afterTotal > 0 ? r.after / afterTotal : 0;
      return `  ${r.name.padEnd(12)} ${bar(before)} ${percent(before)}  ${bar(after)} ${percent(after)}`;
    }),
  ].join('\n');
};
