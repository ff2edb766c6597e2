/** A conflict told to people: jobs by name, moments instead of slots, and the smallest way out. */
import type { Conflict } from '../answer.js';
import type { SlotClock } from '../limit-values.js';
import type { Problem } from '../problem.js';
import type { RawConflict } from './conflict.js';

const figure = (value: number): string => String(Number(value.toPrecision(6)));

const enumerate = (names: readonly string[]): string => {
  const shown = names.length > 6 ? [...names.slice(0, 5), `${names.length - 5} more`] : [...names];
  return shown.length < 2 ? (shown[0] ?? 'no job') : `${shown.slice(0, -1).join(', ')} and ${shown[shown.length - 1]}`;
};

/** How slots and limits are called by people. */
export interface Naming {
  readonly clock?: SlotClock | undefined;
  /** Words for the id of an event or carbon cap, such as the sentence of the policy that it came from. */
  readonly words?: ((id: string) => string | undefined) | undefined;
}

const clockText = (problem: Problem, t: number, naming: Naming): string => {
  const minutes = naming.clock?.slotMinutes ?? problem.slotHours * 60;
  const epoch = (naming.clock?.origin ?? 0) + Math.round(t * minutes * 60);
  const iso = new Date(epoch * 1000).toISOString();
  if (naming.clock) return `${iso.slice(0, 10)} ${iso.slice(11, 16)} UTC`;
  const day = Math.floor(epoch / 86_400);
  return `${day > 0 ? `day ${day + 1} ` : ''}${iso.slice(11, 16)} (slot ${t})`;
};

const slotWords = (problem: Problem, slots: readonly number[], naming: Naming): string => {
  if (slots.length === 0) return 'in any slot';
  const say = (t: number) => clockText(problem, t, naming);
  const whole = slots[slots.length - 1]! - slots[0]! + 1 === slots.length;
  return slots.length === 1
    ? `at ${say(slots[0]!)}`
    : whole
      ? `from ${say(slots[0]!)} through ${say(slots[slots.length - 1]!)}`
      : `in ${slots.length} slots from ${say(slots[0]!)}`;
};

const named = (id: string | null, kind: string, naming: Naming): string =>
  (id === null ? undefined : naming.words?.(id)) ?? `${kind} ${id}`;

/** The conflict with names and a sentence for people. */
export const tellConflict = (problem: Problem, raw: RawConflict, naming: Naming = {}): Conflict => {
  const jobs = raw.jobs.map((j) => problem.jobs.ids[j] ?? `#${j}`);
  const first = raw.rows[0];
  const who = enumerate(jobs);
  const more = raw.others > 0 ? ` and ${raw.others} other${raw.others > 1 ? 's' : ''} that have no choice either` : '';
  let sentence = `${who} cannot be planned together with the limits given.`;
  if (first) {
    const need = `${figure(first.needed)} ${first.unit}`;
    const have = `${figure(first.available)} ${first.unit}`;
    const raise =
      raw.missing === null
        ? ''
        : ` Raise it by ${figure(raw.missing)} ${first.unit}, or give ${jobs.length > 1 ? 'one of them' : 'it'} more time or another region.`;
    if (first.limit === 'data') {
      sentence = `${who} has no start with data: ${raw.rows.map((one) => `${one.region} has ${one.available} of ${one.needed} slots`).join(', ')} in its window, or not enough in a row.`;
    } else if (raw.joint) {
      const what =
        first.limit === 'carbon'
          ? named(first.name, 'carbon cap', naming)
          : first.limit === 'event'
            ? `${named(first.name, 'event', naming)} in ${first.region}`
            : `the ${first.limit} cap of ${first.region}`;
      const when = first.limit === 'carbon' ? '' : ` ${slotWords(problem, first.slots, naming)}`;
      const together =
        jobs.length > 1
          ? `${who}${raw.others > 0 ? ` and ${raw.others} more` : ''} do not fit together`
          : `${who} does not fit`;
      sentence = `${together}, wherever in their windows they run: ${what} allows ${have}, and at least ${need} would be needed${when}.${raise}`;
    } else if (first.limit === 'carbon') {
      sentence = `Even at their cleanest ${who}${more} cause ${need}, but ${named(first.name, 'carbon cap', naming)} allows ${have}.${raise}`;
    } else if (jobs.length === 1 && raw.others === 0) {
      const where = raw.rows.map((one) => `${one.region} allows ${figure(one.available)}`).join(', ');
      sentence = `${who} needs ${need} and fits nowhere in its window: ${where} ${first.unit}${first.limit === 'event' ? ` under ${named(first.name, 'event', naming)}` : ''}.${raise}`;
    } else {
      const what =
        first.limit === 'event'
          ? `${named(first.name, 'event', naming)} allows`
          : `the ${first.limit === 'power' ? 'power' : first.limit} cap there is`;
      sentence = `${who}${more} must all run ${slotWords(problem, first.slots, naming)} in ${first.region}, together ${need}, but ${what} ${have}.${raise}`;
    }
  }
  const relaxation =
    first === undefined || raw.missing === null
      ? null
      : {
          limit: first.limit,
          name: first.name,
          region: first.region,
          amount: raw.missing,
          unit: first.unit,
          sufficient: raw.sufficient,
        };
  return { jobs, rows: [...raw.rows], smallestRelaxation: relaxation, sentence };
};
