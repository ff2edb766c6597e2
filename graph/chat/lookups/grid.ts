/** Answers about the grid: what it does now, when it is cleanest, and whether now is a good time. Old data is never spoken of as if it were fresh. */
import { Fault } from '../../../domain/fault.js';
import { instantAt, meanOver, type Series, valueAt } from '../../../domain/series.js';
import type { CarbonSignal } from '../../../domain/signal.js';
import { type Instant, plusHours, plusSeconds, secondsBetween, toEpoch } from '../../../domain/time.js';
import type { Desk } from '../desk.js';
import { Draft } from '../facts.js';
import type { Lookup, Slots } from '../lookup.js';

const AHEAD_HOURS = 24;

/** Start of the least mean over `hours`, within the next day; null where gaps leave none. */
const leastWindow = (series: Series, now: Instant, hours: number): { start: Instant; mean: number } | null => {
  let best: { start: Instant; mean: number } | null = null;
  for (let i = 0; i < series.values.length; i++) {
    const at = instantAt(series, i);
    const start = at < now ? now : at;
    if (secondsBetween(now, start) + hours * 3600 > AHEAD_HOURS * 3600) break;
    const mean = meanOver(series, toEpoch(start), toEpoch(plusHours(start, hours)));
    if (mean !== null && (best === null || mean < best.mean - 1e-9)) best = { start, mean };
  }
  return best;
};

const signalsOf = async (
  desk: Desk,
  region: string | undefined,
): Promise<{ found: CarbonSignal[]; failed: { region: string; why: string }[] }> => {
  const regions = await desk.world.grid.regions();
  const wanted =
    region === undefined ? regions.slice(0, 8) : regions.filter((r) => r.toLowerCase() === region.toLowerCase());
  const found: CarbonSignal[] = [];
  const failed: { region: string; why: string }[] = [];
  for (const name of wanted)
    try {
      found.push(
        await desk.world.grid.carbon(name, { start: desk.now, end: plusHours(desk.now, AHEAD_HOURS) }, 'forecast'),
      );
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      failed.push({ region: name, why: error.message });
    }
  return { found, failed };
};

const grid = async ({ region, hours = 1 }: Slots, desk: Desk): Promise<Draft> => {
  const { found, failed } = await signalsOf(desk, region);
  const draft = new Draft();
  const length = Math.min(hours, AHEAD_HOURS);
  if (found.length === 0) {
    draft.answered = false;
    const why = failed[0] ? ` (${failed[0].why})` : '';
    return draft.say(
      region === undefined
        ? `No region has a carbon signal now${why}.`
        : `I have no carbon signal for ${draft.name(region, { label: 'what was asked for', source: 'your question' })}${why}.`,
      '`caco doctor` says which sources answer.',
    );
  }
  const rows: string[][] = [];
  for (const signal of found) {
    const source = `${signal.region} ${signal.status} (${signal.source}), issued ${signal.issuedAt}`;
    const fact = { source, about: [signal.region] };
    draft.cite(source);
    const ageHours = secondsBetween(signal.issuedAt, desk.now) / 3600;
    const stale = ageHours > desk.world.thresholds.maxSignalAgeHours;
    const name = draft.name(signal.region, { ...fact, label: 'region' });
    const age = draft.hours(Math.max(0, ageHours), { ...fact, label: 'age of the data', key: stale });
    const now = valueAt(signal.series, desk.now);
    const best = leastWindow(signal.series, desk.now, length);
    if (stale) {
      const limit = draft.hours(desk.world.thresholds.maxSignalAgeHours, {
        source: 'thresholds of the scenario',
        label: 'limit of the age',
      });
      draft.say(
        `The newest data for ${name} is ${age} old (limit ${limit}), from ${draft.time(signal.issuedAt, { ...fact, label: 'issued at' })}.`,
        `So I can't say whether now is a good time: refresh the data, then ask again.`,
        now === null
          ? 'It held no figure for this hour.'
          : `What it had foreseen for this hour was ${draft.intensity(now, { ...fact, label: 'intensity that old data foresaw for this hour' })}; that may no longer hold.`,
      );
      continue;
    }
    const known = signal.series.values.filter((v) => v !== null);
    if (now === null) draft.say(`${name}: there is no figure for this hour (a gap in the data, not a zero).`);
    if (known.length === 0) continue;
    const at = now === null ? null : draft.intensity(now, { ...fact, label: 'carbon intensity now', key: true });
    if (best) {
      const mean = draft.intensity(best.mean, { ...fact, label: `mean intensity of the cleanest window` });
      const span = draft.hours(length, {
        source: hours === 1 ? source : 'your question',
        label: 'length of the window',
      });
      const start = draft.time(best.start, { ...fact, label: 'start of the cleanest window' });
      const isNow = secondsBetween(desk.now, best.start) <= 1800;
      const nowMean = meanOver(
        signal.series,
        toEpoch(desk.now),
        toEpoch(plusSeconds(desk.now, Math.round(length * 3600))),
      );
      if (isNow)
        draft.say(
          `In ${name} now is the cleanest time to start in the next ${draft.hours(AHEAD_HOURS, { source, label: 'how far was looked ahead' })}: ${at ?? mean}, and ${mean} over ${span}.`,
        );
      else {
        draft.say(
          `${at === null ? `In ${name} the` : `${name} stands at ${at} now; the`} cleanest ${span} of the next ${draft.hours(AHEAD_HOURS, { source, label: 'how far was looked ahead' })} begins at ${start}, with ${mean}.`,
        );
        if (nowMean !== null && nowMean > 0) {
          const less = 1 - best.mean / nowMean;
          draft.say(
            `Starting then instead of now would emit ${draft.ratio(less, { ...fact, label: 'less CO2e per kWh by waiting' })} less per kWh.`,
          );
        }
      }
    }
    draft.say(
      `The data is ${age} old; it is the ${signal.kind.accounting} intensity, ${signal.kind.scope}, a ${signal.status}.`,
    );
    let price: string | null = null;
    try {
      const signalled = await desk.world.grid.price(
        signal.region,
        { start: desk.now, end: plusHours(desk.now, 1) },
        'forecast',
      );
      const value = valueAt(signalled.series, desk.now);
      if (value !== null) {
        price = draft.rate(value, signalled.currency, 'MWh', {
          source: `${signal.region} price (${signalled.source})`,
          about: [signal.region],
          label: 'price of electricity now',
        });
        draft.cite(`${signal.region} price (${signalled.source})`);
      }
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
    rows.push([
      name,
      at ?? 'no figure',
      draft.intensity(Math.min(...known), { ...fact, label: 'lowest in the next day' }),
      draft.intensity(Math.max(...known), { ...fact, label: 'highest in the next day' }),
      best ? draft.time(best.start, { ...fact, label: 'start of the cleanest window' }, 'short') : 'not known',
      price ?? 'not known',
    ]);
  }
  draft.table(['region', 'now', 'lowest', 'highest', 'cleanest from', 'price now'], rows);
  if (failed.length > 0)
    draft.say(
      `No data from ${failed.map((f) => draft.name(f.region, { label: 'region without data', source: 'grid' })).join(', ')}.`,
    );
  return draft.cite(desk.world.scenario.dataNote);
};

export const gridLookups: readonly Lookup[] = [
  {
    name: 'grid',
    description: 'Carbon intensity and price now, the cleanest hours ahead, whether now is a good time',
    uses: ['region', 'hours'],
    answer: grid,
  },
];
