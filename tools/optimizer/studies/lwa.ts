/** Let's Wait Awhile (Wiesner et al., Middleware 2021): nightly jobs, and the jobs of a machine-learning project. */
import { letsWaitAwhile, letsWaitAwhileInterrupting, runImmediately, View } from '../baselines/baselines.js';
import { buildModel } from '../engine/engine.js';
import type { StudyData } from './data.js';
import { LWA_ML_PUBLISHED, LWA_ML_STRICT, LWA_NIGHTLY, LWA_NIGHTLY_STRICT } from './published.js';
import {
  answerOf,
  kgOf,
  row,
  type StudyAnswer,
  type StudyRow,
  shown,
  type TraceJob,
  traceProblem,
  underSignal,
} from './study.js';

const REGIONS = ['DE', 'GB', 'FR'] as const;
const SLOT_HOURS = 0.5;
const REPETITIONS = 10;
const NOISE_SLOTS = 18_000;
const SOURCE = 'Wiesner et al., Let’s Wait Awhile, Middleware 2021';

interface Signals {
  readonly actual: Float64Array;
  /** What was foreseen with an error, by repetition; one when the forecast is perfect. */
  readonly forecasts: (error: number) => Float64Array[];
}

/** Decisions fall on f = ci + e × mean(ci) × z, emissions follow ci. */
const signalsOf = (data: StudyData, region: string): Signals => {
  const rows = data.table(`carbon/lwa-2020/${region}_30min.csv`, ['time_utc', 'gco2_per_kwh']);
  const actual = Float64Array.from(
    rows.filter(([time]) => time! >= '2020-01-01T00:00').map(([, value]) => Number(value)),
  );
  const mean = actual.reduce((sum, value) => sum + value, 0) / actual.length;
  const bytes = data.bytes('jobs/lwa/noise_std_normal_10x18000_f32le.bin');
  const noise = (k: number, i: number) => bytes.readFloatLE(4 * (k * NOISE_SLOTS + i));
  return {
    actual,
    forecasts: (error) =>
      error === 0
        ? [actual]
        : Array.from({ length: REPETITIONS }, (_, k) => actual.map((value, i) => value + error * mean * noise(k, i))),
  };
};

const meanOf = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Mean g/kWh of one-slot jobs at 01:00 that may start up to `window` slots earlier or later. */
const nightly = ({ actual, forecasts }: Signals, error: number, window: number) => {
  const trace: TraceJob[] = [];
  for (let day = 0; day < 365; day++) {
    const release = 48 * day + 2 - window;
    // The study drops a job whose window begins before the data, and still divides by 365.
    if (release >= 0) trace.push({ release, slots: 1, deadline: 48 * day + 2 + window + 1, kw: 1 });
  }
  const sums = forecasts(error).map((forecast) => {
    const problem = traceProblem(forecast, SLOT_HOURS, trace);
    const schedule = letsWaitAwhile.run(new View(buildModel(problem)));
    return (kgOf(underSignal(problem, actual), schedule) * 1000) / SLOT_HOURS;
  });
  return { published: meanOf(sums) / 365, perJob: meanOf(sums) / trace.length };
};

export const lwaNightly = (data: StudyData): StudyAnswer => {
  const rows: StudyRow[] = [];
  for (const region of REGIONS) {
    const signals = signalsOf(data, region);
    const unit = 'g/kWh';
    LWA_NIGHTLY[region]!.forEach((published, window) => {
      const ours = nightly(signals, 0.05, window).published;
      rows.push(
        row(`${region} ±${window / 2} h, 5 % error`, published, ours, 0.002, { unit, variant: 'as-published' }),
      );
    });
    const now = nightly(signals, 0, 0).perJob;
    [4, 8, 16].forEach((window, i) => {
      const saving = 100 * (1 - nightly(signals, 0, window).perJob / now);
      const note = 'perfect forecast, divided by the jobs that ran; held against an independent recomputation';
      rows.push(
        row(`${region} ±${window / 2} h, saving`, LWA_NIGHTLY_STRICT[region]![i]!, saving, 0.002, {
          unit: '%',
          variant: 'strict',
          note,
        }),
      );
    });
  }
  LWA_NIGHTLY.CAL!.forEach((published, window) => {
    const note = 'not reproducible: the study’s file of California is in no public copy';
    rows.push(
      shown(
        row(`CAL ±${window / 2} h, 5 % error`, published, null, null, { unit: 'g/kWh', variant: 'as-published', note }),
      ),
    );
  });
  return answerOf(
    {
      study: 'lwa-nightly',
      title: 'Nightly jobs that may start earlier or later',
      source: SOURCE,
      notes: [
        'The published mean divides by 365 although a job whose window begins before the data is dropped, so that its curves lie up to 0.27 % too low; the strict rows divide by the jobs that ran.',
      ],
    },
    rows,
  );
};

const DAY = 48;
const WEEK = 7 * DAY;
const NINE = 18;
/** Slot 0 is Wednesday, 1 January 2020; counted from Monday 00:00. */
const weekSlot = (slot: number) => (slot + 2 * DAY) % WEEK;

/** 09:00 of the next calendar day after 17:00 or on Sunday, Monday 09:00 on Saturday, 09:00 the same day before it. */
const nextWorkday = (end: number): number => {
  const [weekday, time] = [Math.floor(weekSlot(end) / DAY), end % DAY];
  const today = end - time;
  if (weekday === 5) return today + 2 * DAY + NINE;
  if (weekday === 6 || time > 34) return today + DAY + NINE;
  return time < NINE ? today + NINE : end;
};

/** Thursday or Monday 09:00, whichever comes next; exactly 09:00 leaves no slack. */
const semiWeekly = (end: number): number => {
  const at = weekSlot(end);
  const [monday, thursday] = [NINE, 3 * DAY + NINE];
  if (at > monday && at <= thursday) return end + thursday - at;
  return at <= monday ? end + monday - at : end + WEEK + monday - at;
};

const ERRORS = [0, 0.05, 0.1] as const;
const CASES = [
  { name: 'next workday, not interrupted', deadline: nextWorkday, policy: letsWaitAwhile },
  { name: 'next workday, interrupted', deadline: nextWorkday, policy: letsWaitAwhileInterrupting },
  { name: 'semi-weekly, not interrupted', deadline: semiWeekly, policy: letsWaitAwhile },
  { name: 'semi-weekly, interrupted', deadline: semiWeekly, policy: letsWaitAwhileInterrupting },
] as const;

export const lwaMl = (data: StudyData, onProgress: (done: number, total: number) => void = () => {}): StudyAnswer => {
  const jobs = data
    .table('jobs/lwa/ml_jobs_seed0.csv', ['arrival_slot', 'duration_slots'])
    .map(([arrival, duration]) => ({ arrival: Number(arrival), duration: Number(duration) }));
  const rows: StudyRow[] = [];
  let done = 0;
  for (const region of REGIONS) {
    const { actual, forecasts } = signalsOf(data, region);
    const n = actual.length;
    const traceOf = (deadline: (end: number) => number, extra: number): TraceJob[] =>
      jobs
        .filter((job) => job.arrival < n)
        .map(({ arrival, duration }) => {
          const slots = Math.min(duration, n - arrival);
          return {
            release: arrival,
            slots,
            deadline: Math.max(arrival + slots, deadline(arrival + duration) + extra),
            kw: 1,
          };
        });
    for (const [e, error] of ERRORS.entries()) {
      const signals = forecasts(error);
      // As published, the window is closed at its end, also that of the job which is not to be moved.
      for (const [variant, extra] of [
        ['as-published', 1],
        ['strict', 0],
      ] as const) {
        // Jobs that are not to be moved are placed by what came true, whatever was foreseen.
        const unmoved = buildModel(
          traceProblem(
            actual,
            SLOT_HOURS,
            traceOf((end) => end, extra),
          ),
        );
        const unmovedPolicy = extra === 0 ? runImmediately : letsWaitAwhile;
        const baseline = kgOf(unmoved, unmovedPolicy.run(new View(unmoved)));
        for (const [c, { name, deadline, policy }] of CASES.entries()) {
          const kg = meanOf(
            signals.map((forecast) => {
              const problem = traceProblem(forecast, SLOT_HOURS, traceOf(deadline, extra));
              return kgOf(underSignal(problem, actual), policy.run(new View(buildModel(problem))));
            }),
          );
          const published = (variant === 'strict' ? LWA_ML_STRICT : LWA_ML_PUBLISHED)[region]![c]![e]!;
          const note = variant === 'strict' ? { note: 'held against an independent recomputation' } : {};
          rows.push(
            row(`${region} ${name}, ${error * 100} % error`, published, 100 * (1 - kg / baseline), 0.01, {
              unit: '%',
              variant,
              ...note,
            }),
          );
          onProgress(++done, REGIONS.length * ERRORS.length * 2 * CASES.length);
        }
      }
    }
  }
  for (const [c, { name }] of CASES.entries())
    for (const [e, error] of ERRORS.entries()) {
      const published = LWA_ML_PUBLISHED.CAL![c]![e]!;
      if (published === null) continue;
      const note = 'not reproducible: the study’s file of California is in no public copy';
      rows.push(
        shown(
          row(`CAL ${name}, ${error * 100} % error`, published, null, null, {
            unit: '%',
            variant: 'as-published',
            note,
          }),
        ),
      );
    }
  return answerOf(
    {
      study: 'lwa-ml',
      title: 'Jobs of a machine-learning project with a deadline on the next workday or twice a week',
      source: SOURCE,
      notes: [
        'As published, a window includes the slot after its deadline, and the job that is not to be moved may start one slot late; the strict rows, and the product, end at the deadline and start the baseline on arrival.',
      ],
    },
    rows,
  );
};
