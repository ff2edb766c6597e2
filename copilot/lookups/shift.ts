/** What it would mean to run one job at another time: its start and end there, emissions by the forecast, and whether it may. Nothing is moved. */
import { Fault } from '../../domain/fault.js';
import type { Plan } from '../../domain/plan.js';
import type { TableJob } from '../../domain/plan-table.js';
import { meanOver, type Series } from '../../domain/series.js';
import { fromEpoch, toEpoch } from '../../domain/time.js';
import { type Desk, dataOf, planWithJob } from '../desk.js';
import { Draft } from '../facts.js';
import { type Lookup, type Slots, stretchOf } from '../lookup.js';
import { rowsOfPlan } from '../question/rows.js';
import { noPlan, planSource } from './of-plan.js';

const HOUR = 3600;
/** Starts that are tried in a stretch of time lie this far apart, and at most this many of them. */
const STEP_S = 900;
const MOST_STARTS = 4 * 24 * 7;
/** How far ahead is looked where nothing bounds a job. */
const AHEAD_S = 24 * HOUR;

const shift = async (slots: Slots, desk: Desk): Promise<Draft> => {
  const { job: said, planId } = slots;
  if (said === undefined) return whichJob();
  const plan = await planWithJob(desk, said, planId);
  if (!plan) return noPlan(planId);
  const job = (await rowsOfPlan(desk, plan)).find((row) => row.id === said);
  const draft = new Draft().cite(planSource(plan)).from(...(await dataOf(desk, plan)));
  const fact = { source: `${planSource(plan)}, job ${said}`, about: [said] };
  const name = draft.name(said, { ...fact, label: 'the job' });
  if (job === undefined || job.planned.length === 0) {
    draft.answered = false;
    return draft.say(`Plan ${draft.name(plan.id, { ...fact, label: 'the plan' })} has no place for job ${name}.`);
  }
  const timing = timingOf(job);
  const signals = await signalsOf(desk, job, timing, slots);
  const kgAt = (start: number) => emissionsAt(job, start - timing.start, signals);
  const { start, best } = startFor(slots, timing, toEpoch(desk.now), kgAt);
  if (start === null) {
    draft.answered = false;
    return draft.say(
      `Job ${name} starts at ${draft.time(fromEpoch(timing.start), { ...fact, label: 'planned start', key: true })} as planned, and there is no ${slots.towards ?? 'other'} start that it may have.`,
    );
  }
  const when = draft.time(fromEpoch(start), { ...fact, label: 'start that was asked about', key: true });
  const until = draft.time(fromEpoch(start + timing.length), { ...fact, label: 'its end then' }, 'short');
  draft.say(
    `Job ${name} starts at ${draft.time(fromEpoch(timing.start), { ...fact, label: 'planned start' })} as planned.`,
    best
      ? `Of the starts asked about ${when} is the cleanest; it would end at ${until} UTC.`
      : `Moved, it would start at ${when} and end at ${until} UTC.`,
    emissionsText(draft, { planned: kgAt(timing.start), there: kgAt(start) }, fact),
    roomText(draft, timing, start, toEpoch(desk.now), fact),
  );
  return propose(draft, plan);
};

const whichJob = (): Draft => {
  const draft = new Draft();
  draft.answered = false;
  return draft.say(
    'I work out another time for one job, and need its id: “What if train-7 ran 6 hours later?”',
    '“List the largest jobs” shows some; `caco launch --horizon-hours 24` plans all of them anew.',
  );
};

interface Timing {
  readonly start: number;
  readonly length: number;
  readonly earliest: number;
  /** the latest start that keeps its deadline; null: it has none */
  readonly latest: number | null;
}
/** Times in epoch seconds; a job in pieces is moved as a whole. */
const timingOf = ({ planned, earliest, deadline, due }: TableJob): Timing => {
  const start = planned[0]!.start;
  const length = planned.at(-1)!.end - start;
  const by = deadline ?? due;
  return { start, length, earliest, latest: by === null ? null : by - length };
};

type Wanted = Pick<Slots, 'shiftHours' | 'towards' | 'from' | 'to'>;
/** The starts that are asked about: the same twice for one of them, else the second is not included. */
const spanOf = ({ shiftHours, towards, from, to }: Wanted, { start, earliest, latest }: Timing): [number, number] => {
  if (shiftHours !== undefined) return [start + shiftHours * HOUR, start + shiftHours * HOUR];
  if (towards === 'earlier') return [earliest, start];
  if (towards === 'later') return [start + STEP_S, latest === null ? start + AHEAD_S : latest + 1];
  const stretch = stretchOf({ from, to });
  if (stretch && from !== undefined && to !== undefined) return [toEpoch(stretch.from), toEpoch(stretch.to)];
  if (stretch) return [toEpoch(stretch.from), latest ?? toEpoch(stretch.from) + AHEAD_S];
  return [earliest, stretchOf({ from: to, to }) === undefined ? start : toEpoch(stretchOf({ from: to, to })!.from)];
};

/** One start where one is asked for; of several the cleanest that the job may have; null: there is none. */
const startFor = (
  wanted: Wanted,
  timing: Timing,
  now: number,
  kgAt: (start: number) => number | null,
): { start: number | null; best: boolean } => {
  const [first, last] = spanOf(wanted, timing);
  if (first === last) return { start: first, best: false };
  const may = (at: number) => at >= Math.max(timing.earliest, now) && (timing.latest === null || at <= timing.latest);
  let found: { at: number; kg: number } | undefined;
  for (let at = first, n = 0; at < last && n < MOST_STARTS; at += STEP_S, n++) {
    const kg = may(at) ? kgAt(at) : null;
    if (kg !== null && (found === undefined || kg < found.kg - 1e-9)) found = { at, kg };
  }
  // A time that the job may not have is still answered: it is said why not.
  return found ? { start: found.at, best: true } : { start: wanted.towards === undefined ? first : null, best: false };
};

const signalsOf = async (desk: Desk, job: TableJob, timing: Timing, wanted: Wanted): Promise<Map<string, Series>> => {
  const [first, last] = spanOf(wanted, timing);
  const span = {
    start: fromEpoch(Math.min(timing.start, first)),
    end: fromEpoch(Math.max(timing.start, last) + timing.length),
  };
  const signals = new Map<string, Series>();
  for (const place of new Set(job.planned.map((p) => p.place)))
    try {
      signals.set(place, (await desk.world.grid.carbon(place, span, 'forecast')).series);
    } catch (error) {
      // Where no signal reaches, nothing is known of emissions.
      if (!(error instanceof Fault)) throw error;
    }
  return signals;
};

/** kg CO2e of a job whose pieces are `by` seconds later than planned; null where the signal does not reach. */
const emissionsAt = (job: TableJob, by: number, signals: ReadonlyMap<string, Series>): number | null => {
  let total = 0;
  for (const { place, start, end, kwh } of job.planned) {
    const series = signals.get(place);
    const intensity = series === undefined ? null : meanOver(series, start + by, end + by);
    if (intensity === null) return null;
    total += (kwh * intensity) / 1000;
  }
  return total;
};

interface Sourced {
  readonly source: string;
  readonly about: string[];
}
const emissionsText = (
  draft: Draft,
  { planned, there }: { planned: number | null; there: number | null },
  fact: Sourced,
): string => {
  if (there === null || planned === null) return 'What it would emit there is not known: no forecast reaches that far.';
  const signal = { ...fact, source: `${fact.source}; forecast of carbon intensity` };
  const kg = draft.mass(there, { ...signal, label: 'CO2e at the start that was asked about', key: true });
  const less = there <= planned;
  const by = draft.mass(Math.abs(there - planned), { ...signal, label: 'difference of CO2e', saving: less });
  return Math.abs(there - planned) < 1e-9
    ? `By the forecast it would emit ${kg} of CO2e, as it would where it is planned.`
    : `By the forecast it would emit ${kg} of CO2e, ${by} ${less ? 'less' : 'more'} than where it is planned.`;
};

const roomText = (
  draft: Draft,
  { earliest, latest, length }: Timing,
  start: number,
  now: number,
  fact: Sourced,
): string => {
  const at = (epoch: number, label: string) => draft.time(fromEpoch(epoch), { ...fact, label });
  if (start < now) return 'That is in the past.';
  if (start < earliest) return `It may not: it can start at ${at(earliest, 'earliest start')} at the earliest.`;
  if (latest !== null && start > latest)
    return `It may not: it would end ${draft.hours((start - latest) / HOUR, { ...fact, label: 'time after its deadline' })} after its deadline, ${at(latest + length, 'deadline')}.`;
  const spare =
    latest === null
      ? 'It has no deadline.'
      : `${draft.hours((latest - start) / HOUR, { ...fact, label: 'time left to its deadline' })} would be left to its deadline.`;
  return `${spare} Whether its site has room then only planning tells.`;
};

const propose = (draft: Draft, { workloadId, window }: Plan): Draft => {
  const command = `caco plan --workload ${workloadId}`;
  draft.say(
    'I move nothing, and no command moves one job by hand: give it another earliest start or deadline in its file, take that in with `caco ingest FILE`, and plan anew.',
  );
  draft.propose({ what: 'Plan the work anew', tool: 'make_plan', input: { workloadId, from: window.start }, command });
  return draft.lines(`To plan the same work anew: ${command}`);
};

export const shiftLookups: readonly Lookup[] = [
  {
    name: 'shift',
    description: 'What it would mean to run one job earlier, later or at another time; moves nothing',
    uses: ['job', 'planId', 'shiftHours', 'towards', 'from', 'to'],
    answer: shift,
  },
];
