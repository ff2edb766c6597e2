/** The answer to a query about the grid's signals: intensity and price at a moment, over a stretch, hour by hour, or where work of some length starts best. */
import { Fault } from '../../domain/fault.js';
import { instantAt, meanOver, type Series, valueAt } from '../../domain/series.js';
import { type CarbonSignal, knownUntil, type PriceSignal } from '../../domain/signal.js';
import { type Instant, plusHours, secondsBetween, toEpoch } from '../../domain/time.js';
import type { Desk } from '../desk.js';
import { Draft, spanText } from '../facts.js';
import type { MeasureName } from './measures.js';
import type { Period, Query } from './query.js';
import { periodText, valueText } from './say.js';

const AHEAD_HOURS = 24;
const MOST_PLACES = 8;
const MOST_HOURS = 24;

type Signal = CarbonSignal | PriceSignal;
interface Stretch {
  readonly from: Instant;
  readonly to: Instant;
}

/** Open ends are now and a day from it; a moment's signal is read over the hour from then. */
const spanOf = (period: Period | null, now: Instant): Stretch => {
  const from = period?.from ?? now;
  const to =
    period?.to ?? (from > plusHours(now, AHEAD_HOURS) ? plusHours(from, AHEAD_HOURS) : plusHours(now, AHEAD_HOURS));
  return { from, to };
};

export const tellGrid = async (desk: Desk, query: Query): Promise<Draft> => {
  const draft = new Draft().from(desk.world.setting.dataNote);
  const regions = await desk.world.grid.regions();
  const wanted = query.filters.places.length > 0 ? query.filters.places : regions;
  const places = wanted.slice(0, MOST_PLACES);
  const spans = [query.period, query.against].flatMap((p, i) => (p === null && i === 1 ? [] : [p]));
  draft.answered = false;
  for (const measure of query.measures) {
    const beside: Beside[] = [];
    for (const place of places) {
      if (!regions.includes(place)) {
        draft.say(
          `I have no signal for ${draft.name(place, asked('what was asked for'))}. I have one for ${regions.slice(0, MOST_PLACES).join(', ')}.`,
        );
        continue;
      }
      const said: (Spoken | null)[] = [];
      for (const period of spans) said.push(await tellOne(draft, desk, query, measure, place, period));
      const [a, b] = said;
      if (a && b) draft.say(difference(draft, measure, place, a.value, b.value, query));
      if (a && spans.length === 1) beside.push({ place, ...a });
    }
    if (query.hours === null && query.by === null) extremes(draft, measure, beside, query);
  }
  if (wanted.length > places.length)
    draft.say(
      `${draft.count(wanted.length - places.length, 'other region', { ...asked('regions that are not told') }, 'other regions')} not told; name one to see it.`,
    );
  return draft;
};

/** What a place came to, and what it is of: figures of two kinds, or in two currencies, are not set beside each other. */
interface Spoken {
  readonly value: number;
  readonly of: string;
}
interface Beside extends Spoken {
  readonly place: string;
}

/** Of several places: which has the least and which the most; of two, how far apart they are. */
const extremes = (draft: Draft, measure: MeasureName, beside: readonly Beside[], query: Query) => {
  const [first, ...others] = [...beside].sort((a, b) => a.value - b.value);
  const last = others.at(-1);
  if (first === undefined || last === undefined || others.some((o) => o.of !== first.of)) return;
  const name = (place: string) => draft.name(place, { ...asked('region'), source: 'grid' });
  if (beside.length === 2 && last.value > first.value) {
    const apart = valueText(
      draft,
      measure,
      { value: last.value - first.value },
      { unit: query.unit, currency: first.of, stat: 'total' },
      { label: 'difference between the regions', source: 'grid' },
    );
    draft.say(`In ${name(first.place)} it is ${apart} lower than in ${name(last.place)}.`);
  } else if (last.value > first.value)
    draft.say(`It is lowest in ${name(first.place)} and highest in ${name(last.place)}.`);
  else draft.say('They are the same.');
};

const asked = (label: string) => ({ label, source: 'your question' });

const signalOf = async (
  desk: Desk,
  measure: MeasureName,
  place: string,
  { from, to }: Stretch,
): Promise<Signal | string> => {
  const end = to > plusHours(from, 0.5) ? to : plusHours(from, 0.5);
  const status = end <= desk.now ? 'actual' : 'forecast';
  const start = status === 'forecast' && from > desk.now ? desk.now : from;
  try {
    return await (measure === 'price'
      ? desk.world.grid.price(place, { start, end }, status)
      : desk.world.grid.carbon(place, { start, end }, status));
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    return error.message;
  }
};

/** Says one measure of one place in one stretch; the value that it comes to, or null. */
const tellOne = async (
  draft: Draft,
  desk: Desk,
  query: Query,
  measure: MeasureName,
  place: string,
  period: Period | null,
): Promise<Spoken | null> => {
  // Without a time the moment is meant, unless an hour or an extreme is looked for.
  const looks = query.by !== null || query.hours !== null || ['least', 'most', 'mean', 'median'].includes(query.stat);
  const span = period === null && !looks ? { from: desk.now, to: desk.now } : spanOf(period, desk.now);
  const what = measure === 'price' ? 'Price of electricity' : 'Carbon intensity';
  const name = draft.name(place, asked('region'));
  const when = periodText(draft, span);
  const signal = await signalOf(desk, measure, place, span);
  if (typeof signal === 'string') {
    draft.say(`${what} in ${name}, ${when}: not known (${signal}).`);
    return null;
  }
  const fact = { source: `${place} ${signal.status} (${signal.source}), issued ${signal.issuedAt}`, about: [place] };
  draft.cite(fact.source);
  const currency = 'currency' in signal ? signal.currency : desk.world.setting.currency;
  const text = (value: number, label: string, key = true) =>
    valueText(draft, measure, { value }, { unit: query.unit, currency, stat: 'total' }, { ...fact, label, key });
  const head = `${query.stat === 'total' || span.from === span.to ? '' : ''}${what} in ${name}, ${signal.status === 'actual' ? 'as it came true' : 'as foreseen'}, ${when}`;
  const value = told(draft, query, signal.series, span, head, text, desk);
  const ageHours = Math.max(0, secondsBetween(signal.issuedAt, desk.now) / 3600);
  if (value === null) {
    const why = draft.unknown(knownUntil(signal), span.to, { ...fact, label: 'until when something is known' });
    draft.say(`${head}: there is no figure (${why}).`);
  } else {
    draft.answered = true;
    if (signal.status !== 'actual')
      draft.say(
        `The data is ${draft.hours(ageHours, { ...fact, label: 'age of the data' })} old${ageHours > desk.world.setting.thresholds.maxSignalAgeHours ? ', older than the limit, so it may no longer hold' : ''}.`,
      );
  }
  const of = 'currency' in signal ? signal.currency : `${signal.kind.accounting} ${signal.kind.scope}`;
  return value === null ? null : { value, of };
};

interface Slot {
  readonly at: Instant;
  readonly value: number;
}

/** The steps that lie in a stretch, in order, each cut to it; a gap is left out. */
const slotsIn = (series: Series, { from, to }: Stretch): Slot[] =>
  series.values.flatMap((value, i) => {
    const at = instantAt(series, i);
    return value !== null && instantAt(series, i + 1) > from && at < to ? [{ at: at < from ? from : at, value }] : [];
  });

const told = (
  draft: Draft,
  query: Query,
  series: Series,
  span: Stretch,
  head: string,
  text: (value: number, label: string, key?: boolean) => string,
  desk: Desk,
): number | null => {
  const time = (at: Instant) => draft.time(at, asked('when'), 'short');
  if (query.hours !== null)
    return bestStart(
      draft,
      query.hours,
      series,
      { from: span.from < desk.now ? desk.now : span.from, to: span.to },
      head,
      text,
    );
  if (span.from === span.to) {
    const value = valueAt(series, span.from);
    if (value !== null) draft.say(`${head}: ${text(value, 'value then')}.`);
    return value;
  }
  const slots = slotsIn(series, span);
  if (slots.length === 0) return null;
  const values = slots.map((s) => s.value);
  if (query.by === 'hour' || query.by === 'day') {
    const length = query.by === 'hour' ? 3600 : 86_400;
    const groups = new Map<number, Slot[]>();
    for (const slot of slots) {
      const at = Math.floor(toEpoch(slot.at) / length);
      groups.set(at, [...(groups.get(at) ?? []), slot]);
    }
    const rows = [...groups.values()].map((of) => ({
      at: of[0]!.at,
      value: of.reduce((n, s) => n + s.value, 0) / of.length,
    }));
    const sign = query.rank?.order === 'most' ? -1 : 1;
    const sorted =
      query.rank === null
        ? rows
        : rows
            .sort((a, b) => sign * (a.value - b.value) || (a.at < b.at ? -1 : 1))
            .slice(query.rank.skip, query.rank.skip + query.rank.count);
    const first = sorted[0];
    if (!first) return null;
    const word =
      query.rank === null
        ? 'hour by hour'
        : `the ${query.rank.order === 'most' ? 'highest' : 'lowest'} ${query.by === 'hour' ? 'hour' : 'day'} begins at ${time(first.at)} UTC, with ${text(first.value, 'its mean')}`;
    draft.say(`${head}: ${word}.`);
    if (sorted.length > 1)
      draft.table(
        [`${query.by} from (UTC)`, 'mean'],
        sorted
          .slice(0, MOST_HOURS)
          .map((r) => [time(r.at), text(r.value, `mean of the ${query.by} from ${r.at}`, false)]),
      );
    return first.value;
  }
  if (query.stat === 'least' || query.stat === 'most') {
    const best = slots.reduce((a, b) => ((query.stat === 'least' ? b.value < a.value : b.value > a.value) ? b : a));
    draft.say(
      `${head}: ${query.stat === 'least' ? 'lowest' : 'highest'} ${text(best.value, query.stat === 'least' ? 'lowest value' : 'highest value')}, from ${time(best.at)} UTC.`,
    );
    return best.value;
  }
  if (query.stat === 'median') {
    const sorted = [...values].sort((a, b) => a - b);
    const middle = (sorted.length - 1) / 2;
    const value = (sorted[Math.floor(middle)]! + sorted[Math.ceil(middle)]!) / 2;
    draft.say(`${head}: median ${text(value, 'median of the steps')}.`);
    return value;
  }
  const mean = meanOver(series, toEpoch(span.from), toEpoch(span.to));
  if (mean !== null)
    draft.say(
      `${head}: mean ${text(mean, 'mean over the time')}, from ${text(Math.min(...values), 'lowest in it', false)} to ${text(Math.max(...values), 'highest in it', false)}.`,
    );
  return mean;
};

/** Where work of some length starts best so that it ends within the stretch. */
const bestStart = (
  draft: Draft,
  hours: number,
  series: Series,
  span: Stretch,
  head: string,
  text: (value: number, label: string, key?: boolean) => string,
): number | null => {
  let best: { at: Instant; mean: number } | null = null;
  for (let i = 0; i < series.values.length; i++) {
    const at = instantAt(series, i) < span.from ? span.from : instantAt(series, i);
    const end = plusHours(at, hours);
    if (end > span.to) break;
    const mean = meanOver(series, toEpoch(at), toEpoch(end));
    if (mean !== null && (best === null || mean < best.mean - 1e-9)) best = { at, mean };
  }
  const length = draft.hours(hours, asked('length of the work'));
  if (best === null) {
    draft.say(`${head}: work of ${length} does not fit into that time.`);
    return null;
  }
  const now = meanOver(series, toEpoch(span.from), toEpoch(plusHours(span.from, hours)));
  draft.say(
    `${head}, best start of ${length}: ${draft.time(best.at, { ...asked('best start'), key: true }, 'short')} UTC, with a mean of ${text(best.mean, 'mean while it runs')}; it ends at ${draft.time(plusHours(best.at, hours), asked('its end'), 'short')} UTC.`,
    ...(now === null || best.at === span.from
      ? []
      : [`Started at once it would be ${text(now, 'mean when started at once', false)}.`]),
  );
  return best.mean;
};

const difference = (draft: Draft, measure: MeasureName, place: string, a: number, b: number, query: Query): string => {
  if (Math.abs(a - b) < 1e-9) return 'They are the same.';
  const about = { label: 'difference', source: `signals of ${place}` };
  const text = valueText(
    draft,
    measure,
    { value: Math.abs(a - b) },
    { unit: query.unit, currency: '', stat: 'total' },
    about,
  );
  return `The first is ${measure === 'price' ? draft.ratio(Math.abs(a - b) / Math.abs(b || a), { ...about, label: 'relative difference' }) : text} ${a > b ? 'higher' : 'lower'} than the second.`;
};

export const ageText = (at: Instant, now: Instant) => spanText(Math.max(0, secondsBetween(at, now)) / 3600);
