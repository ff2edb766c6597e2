/** Answers about the grid: what it does now, when it is cleanest, and whether now is a good time. Old data is never spoken of as if it were fresh. */
import { Fault } from '../../domain/fault.js';
import { instantAt, meanOver, type Series, valueAt } from '../../domain/series.js';
import { type CarbonSignal, knownUntil } from '../../domain/signal.js';
import { type Instant, plusHours, plusSeconds, secondsBetween, toEpoch } from '../../domain/time.js';
import type { Desk } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import type { Stretch } from '../question/stretch.js';

const AHEAD_HOURS = 24;
/** More regions than these are told by a table. */
const MOST_TOLD = 2;

/** Start of the least mean over `hours` within a stretch; null where gaps leave none, or it is shorter. */
const leastWindow = (series: Series, { from, to }: Stretch, hours: number): { start: Instant; mean: number } | null => {
  let best: { start: Instant; mean: number } | null = null;
  for (let i = 0; i < series.values.length; i++) {
    const at = instantAt(series, i);
    const start = at < from ? from : at;
    if (plusHours(start, hours) > to) break;
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

interface View {
  readonly signal: CarbonSignal;
  readonly fact: { readonly source: string; readonly about: readonly string[] };
  readonly ageHours: number;
  readonly stale: boolean;
  /** null: a gap */
  readonly now: number | null;
  readonly best: { readonly start: Instant; readonly mean: number } | null;
}

const viewOf = (signal: CarbonSignal, desk: Desk, hours: number): View => {
  const ageHours = Math.max(0, secondsBetween(signal.issuedAt, desk.now) / 3600);
  return {
    signal,
    fact: {
      source: `${signal.region} ${signal.status} (${signal.source}), issued ${signal.issuedAt}`,
      about: [signal.region],
    },
    ageHours,
    stale: ageHours > desk.world.setting.thresholds.maxSignalAgeHours,
    now: valueAt(signal.series, desk.now),
    best: leastWindow(signal.series, { from: desk.now, to: plusHours(desk.now, AHEAD_HOURS) }, hours),
  };
};

/** "At 15:00", "tomorrow morning": what a signal says of a time that is not now. */
const gridThen = async (desk: Desk, { region, hours = 1 }: Slots, { from, to }: Stretch): Promise<Draft> => {
  const end = to > plusHours(from, 0.5) ? to : plusHours(from, 0.5);
  const status = end <= desk.now ? 'actual' : 'forecast';
  const draft = new Draft();
  const asked = { source: 'your question', about: [] };
  const when =
    from === to
      ? `at ${draft.time(from, { ...asked, label: 'when' })}`
      : `between ${draft.time(from, { ...asked, label: 'from' })} and ${draft.time(to, { ...asked, label: 'until' })}`;
  const regions = await desk.world.grid.regions();
  const wanted =
    region === undefined ? regions.slice(0, 8) : regions.filter((r) => r.toLowerCase() === region.toLowerCase());
  draft.answered = false;
  for (const name of wanted) {
    let signal: CarbonSignal;
    try {
      const start = status === 'forecast' && from > desk.now ? desk.now : from;
      signal = await desk.world.grid.carbon(name, { start, end }, status);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      draft.say(`I have no ${status} for ${name} ${when} (${error.message}).`);
      continue;
    }
    const fact = { source: `${name} ${signal.status} (${signal.source}), issued ${signal.issuedAt}`, about: [name] };
    const mean = from === to ? valueAt(signal.series, from) : meanOver(signal.series, toEpoch(from), toEpoch(to));
    const shown = draft.name(name, { ...fact, label: 'region' });
    if (mean === null) {
      const why = draft.unknown(knownUntil(signal), end, { ...fact, label: 'until when something is known' });
      draft.say(`${shown}: there is no figure ${when} (${why}).`);
    } else {
      draft.answered = true;
      const value = draft.intensity(mean, { ...fact, label: 'carbon intensity then', key: true });
      draft.say(
        `${shown} ${status === 'actual' ? 'stood' : 'is foreseen'} at ${from === to ? '' : 'a mean of '}${value} ${when}.`,
      );
      const best = leastWindow(signal.series, { from, to }, hours);
      if (best !== null && plusHours(from, hours) < to)
        draft.say(
          `The cleanest ${draft.hours(hours, { ...asked, label: 'length of the window' })} of it ${status === 'actual' ? 'began' : 'begins'} at ${draft.time(best.start, { ...fact, label: 'start of the cleanest window' })}, with ${draft.intensity(best.mean, { ...fact, label: 'mean intensity of the cleanest window' })}.`,
        );
      const now = status === 'forecast' && from > desk.now ? valueAt(signal.series, desk.now) : null;
      if (now !== null)
        draft.say(`Now it stands at ${draft.intensity(now, { ...fact, label: 'carbon intensity now' })}.`);
    }
    if (
      status === 'forecast' &&
      Math.max(0, secondsBetween(signal.issuedAt, desk.now) / 3600) > desk.world.setting.thresholds.maxSignalAgeHours
    )
      draft.say('That data is older than the limit, so it may no longer hold.');
    draft.cite(fact.source);
  }
  if (wanted.length === 0)
    draft.say(
      `I have no carbon signal for ${draft.name(region ?? '', { label: 'what was asked for', source: 'your question' })}. I have one for ${regions.slice(0, 8).join(', ')}.`,
    );
  return draft.from(desk.world.setting.dataNote);
};

const grid = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const { region, hours = 1 } = slots;
  const stretch = stretchOf(slots);
  // What ends now is past: yesterday, at midnight.
  const present =
    stretch === undefined || (stretch.from <= desk.now && (stretch.to > desk.now || stretch.from === stretch.to));
  if (!present) return gridThen(desk, slots, stretch);
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
      `I have one for ${(await desk.world.grid.regions()).slice(0, 8).join(', ')}; \`caco doctor\` says which sources answer.`,
    );
  }
  const views = found.map((signal) => viewOf(signal, desk, length));
  const fresh = views.filter((v) => !v.stale);
  const stale = views.filter((v) => v.stale);
  draft.answered = fresh.length > 0;
  for (const view of stale.slice(0, MOST_TOLD)) sayStale(draft, view, desk);
  if (stale.length > MOST_TOLD)
    draft.say(
      `The same holds for ${stale
        .slice(MOST_TOLD)
        .map((v) => draft.name(v.signal.region, { ...v.fact, label: 'region with old data' }))
        .join(', ')}.`,
    );
  if (fresh.length > MOST_TOLD) sayMany(draft, fresh, desk, length);
  else for (const view of fresh) sayOne(draft, view, desk, { length, asked: hours !== 1 });
  const rows: string[][] = [];
  const priced = new Set<string>();
  for (const view of fresh) {
    const row = await rowOf(draft, view, desk, priced);
    if (row) rows.push(row);
  }
  draft.table(['region', 'now', 'lowest', 'highest', 'cleanest from', 'price now'], rows);
  const bare = fresh.length > MOST_TOLD ? fresh.filter((v) => !hasFigures(v)).map((v) => v.signal.region) : [];
  const without = [...failed.map((f) => f.region), ...bare];
  if (without.length > 0)
    draft.say(
      `No data from ${without.map((region) => draft.name(region, { label: 'region without data', source: 'grid' })).join(', ')}.`,
    );
  for (const source of new Set(views.map((v) => v.signal.source))) {
    const of = views.filter((v) => v.signal.source === source);
    draft.cite(
      `${of.map((v) => v.signal.region).join(', ')}: ${of[0]!.signal.status} (${source}), issued ${of[0]!.signal.issuedAt}`,
    );
  }
  for (const source of priced) draft.cite(source);
  return draft.from(desk.world.setting.dataNote);
};

/** Old data is spoken of as old, and nothing is recommended by it. */
const sayStale = (draft: Draft, { signal, fact, ageHours, now }: View, desk: Desk) => {
  const age = draft.hours(ageHours, { ...fact, label: 'age of the data', key: true });
  const limit = draft.hours(desk.world.setting.thresholds.maxSignalAgeHours, {
    source: 'thresholds of the scenario',
    label: 'limit of the age',
  });
  draft.say(
    `The newest data for ${draft.name(signal.region, { ...fact, label: 'region' })} is ${age} old (limit ${limit}), from ${draft.time(signal.issuedAt, { ...fact, label: 'issued at' })}.`,
    `So I can't say whether now is a good time: refresh the data, then ask again.`,
    now === null
      ? 'It held no figure for this hour.'
      : `What it had foreseen for this hour was ${draft.intensity(now, { ...fact, label: 'intensity that old data foresaw for this hour' })}; that may no longer hold.`,
  );
};

const aheadText = (draft: Draft, { fact }: View) =>
  draft.hours(AHEAD_HOURS, { source: fact.source, label: 'how far was looked ahead' });

/** What has no figure has no age either. */
const hasFigures = ({ signal }: View): boolean => signal.series.values.some((value) => value !== null);

const sayNothing = (draft: Draft, { signal, fact }: View, desk: Desk) => {
  const label = 'until when something is known';
  const why = draft.unknown(knownUntil(signal), plusHours(desk.now, 0.5), { ...fact, label });
  draft.say(`${draft.name(signal.region, { ...fact, label: 'region' })}: there is no figure for this hour (${why}).`);
};

const sayOne = (draft: Draft, view: View, desk: Desk, { length, asked }: { length: number; asked: boolean }) => {
  const { signal, fact, ageHours, now, best } = view;
  const name = draft.name(signal.region, { ...fact, label: 'region' });
  if (now === null) sayNothing(draft, view, desk);
  const at = now === null ? null : draft.intensity(now, { ...fact, label: 'carbon intensity now', key: true });
  if (best) {
    const mean = draft.intensity(best.mean, { ...fact, label: 'mean intensity of the cleanest window' });
    const span = draft.hours(length, { source: asked ? 'your question' : fact.source, label: 'length of the window' });
    const start = draft.time(best.start, { ...fact, label: 'start of the cleanest window' });
    const ahead = aheadText(draft, view);
    if (secondsBetween(desk.now, best.start) <= 1800)
      draft.say(
        `In ${name} now is the cleanest time to start in the next ${ahead}: ${at ?? mean}, and ${mean} over ${span}.`,
      );
    else {
      draft.say(
        `${at === null ? `In ${name} the` : `${name} stands at ${at} now; the`} cleanest ${span} of the next ${ahead} begins at ${start}, with ${mean}.`,
      );
      const nowMean = meanOver(
        signal.series,
        toEpoch(desk.now),
        toEpoch(plusSeconds(desk.now, Math.round(length * 3600))),
      );
      if (nowMean !== null && nowMean > 0)
        draft.say(
          `Starting then instead of now would emit ${draft.ratio(1 - best.mean / nowMean, { ...fact, label: 'less CO2e per kWh by waiting' })} less per kWh.`,
        );
    }
  }
  if (!hasFigures(view)) return;
  const age = draft.hours(ageHours, { ...fact, label: 'age of the data' });
  draft.say(
    `The data is ${age} old; it is the ${signal.kind.accounting} intensity, ${signal.kind.scope}, a ${signal.status}.`,
  );
};

/** Regions whose signals are of one kind may be ranked; kinds never mix. */
const sayMany = (draft: Draft, views: readonly View[], desk: Desk, length: number) => {
  const kind = ({ signal: { kind } }: View) => `${kind.accounting} ${kind.scope}`;
  const alike = views.filter((v) => kind(v) === kind(views[0]!));
  const known = alike.filter((v) => v.now !== null).sort((a, b) => a.now! - b.now!);
  const [cleanest, dirtiest] = [known[0], known.at(-1)];
  const at = (v: View, key: boolean) =>
    `${draft.name(v.signal.region, { ...v.fact, label: 'region' })} with ${draft.intensity(v.now!, { ...v.fact, label: 'carbon intensity now', key })}`;
  if (cleanest && dirtiest) draft.say(`Cleanest now is ${at(cleanest, true)}, dirtiest ${at(dirtiest, false)}.`);
  else sayNothing(draft, views.find((v) => knownUntil(v.signal) !== null) ?? views[0]!, desk);
  const best = alike.filter((v) => v.best !== null).sort((a, b) => a.best!.mean - b.best!.mean)[0];
  if (best)
    draft.say(
      `The cleanest ${draft.hours(length, { source: best.fact.source, label: 'length of the window' })} of the next ${aheadText(draft, best)} begins in ${draft.name(best.signal.region, { ...best.fact, label: 'region' })} at ${draft.time(best.best!.start, { ...best.fact, label: 'start of the cleanest window' })}, with ${draft.intensity(best.best!.mean, { ...best.fact, label: 'mean intensity of the cleanest window' })}.`,
    );
  const told = views.filter(hasFigures);
  if (told.length === 0) return;
  const oldest = told.reduce((a, b) => (b.ageHours > a.ageHours ? b : a));
  draft.say(
    `The data is at most ${draft.hours(oldest.ageHours, { ...oldest.fact, label: 'age of the oldest data' })} old; it is the ${oldest.signal.kind.accounting} intensity, ${oldest.signal.kind.scope}, a ${oldest.signal.status}.`,
  );
};

const rowOf = async (
  draft: Draft,
  { signal, fact, now, best }: View,
  desk: Desk,
  sources: Set<string>,
): Promise<string[] | null> => {
  const known = signal.series.values.filter((v) => v !== null);
  if (known.length === 0) return null;
  return [
    draft.name(signal.region, { ...fact, label: 'region' }),
    now === null ? 'no figure' : draft.intensity(now, { ...fact, label: 'carbon intensity now' }),
    draft.intensity(Math.min(...known), { ...fact, label: 'lowest in the next day' }),
    draft.intensity(Math.max(...known), { ...fact, label: 'highest in the next day' }),
    best ? draft.time(best.start, { ...fact, label: 'start of the cleanest window' }, 'short') : 'not known',
    (await priceNow(draft, signal.region, desk, sources)) ?? 'not known',
  ];
};

const priceNow = async (draft: Draft, region: string, desk: Desk, sources: Set<string>): Promise<string | null> => {
  try {
    const signal = await desk.world.grid.price(region, { start: desk.now, end: plusHours(desk.now, 1) }, 'forecast');
    const value = valueAt(signal.series, desk.now);
    if (value === null) return null;
    sources.add(`prices: ${signal.source}`);
    return draft.rate(value, signal.currency, 'MWh', {
      source: `${region} price (${signal.source})`,
      about: [region],
      label: 'price of electricity now',
    });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return null;
  }
};

export const gridLookups: readonly Lookup[] = [
  {
    name: 'grid',
    description: 'Carbon intensity and price now, the cleanest hours ahead, whether now is a good time',
    uses: ['region', 'hours', 'from', 'to'],
    answer: grid,
  },
];
