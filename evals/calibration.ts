/**
 * Whether a stated 95 % interval is one: worlds whose truth is drawn from the stated error model, verified without knowing it,
 * and counted. With an error model that is wrong on purpose the same table shows the miscoverage.
 * Run: npx tsx evals/calibration.ts
 */
import { pathToFileURL } from 'node:url';
import { decimal } from '../domain/decimal.js';
import { type Constants, DEFAULT_CONSTANTS, type EvidenceJob, type EvidencePlace } from '../domain/evidence/record.js';
import { fromEpoch, instant, toEpoch } from '../domain/time.js';
import { verify } from '../offline.js';

export interface Coverage {
  readonly name: string;
  /** gate: has to lie between 94 and 96 %; wrong: the error model is wrong on purpose and has to lie outside. */
  readonly role: 'gate' | 'wrong';
  readonly method: string;
  readonly cases: number;
  readonly covered: number;
  readonly ratio: number;
  readonly ok: boolean;
}

export interface Calibration {
  readonly seed: number;
  readonly confidence: number;
  readonly rows: readonly Coverage[];
  /** of the gates together */
  readonly cases: number;
  readonly ratio: number;
  readonly ok: boolean;
}

export const BAND = { low: 0.94, high: 0.96 } as const;

const HOURS = 30;
const START = instant('2026-03-02T00:00:00Z');
const Z95 = 1.959963984540054;
const hour = (h: number) => fromEpoch(toEpoch(START) + h * 3600);

class Dice {
  #state: number;
  constructor(seed: number) {
    this.#state = seed >>> 0;
  }
  /** mulberry32 */
  uniform(): number {
    this.#state = (this.#state + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4_294_967_296;
  }
  normal(): number {
    return Math.sqrt(-2 * Math.log(1 - this.uniform())) * Math.cos(2 * Math.PI * this.uniform());
  }
  whole(from: number, to: number): number {
    return from + Math.floor(this.uniform() * (to - from + 1));
  }
  pick<T>(of: readonly T[]): T {
    return of[this.whole(0, of.length - 1)]!;
  }
}

interface Work {
  readonly kwh: number;
  readonly from: string;
  readonly at: number;
  readonly to: string;
  readonly start: number;
  readonly hours: number;
}

/** Half-widths at 95 %, as shares. */
interface Errors {
  readonly intensity: number;
  readonly bias: number;
  readonly meter: number;
}

interface Study {
  readonly name: string;
  readonly role: Coverage['role'];
  readonly cases: number;
  readonly stated: Errors;
  readonly true: Errors;
  /** The interval of a naive adder, who takes every job for independent. */
  readonly independent?: boolean;
  /** of the Monte Carlo; every cell of a cut error is drawn, so fewer do */
  readonly draws?: number;
}

const plain: Errors = { intensity: 0.2, bias: 0, meter: 0 };
const STUDIES: readonly Study[] = [
  { name: 'intensity uncertain', role: 'gate', cases: 4000, stated: plain, true: plain },
  {
    name: 'intensity and a provider’s bias',
    role: 'gate',
    cases: 2500,
    stated: { ...plain, bias: 0.15 },
    true: { ...plain, bias: 0.15 },
  },
  {
    name: 'intensity and metered energy',
    role: 'gate',
    cases: 2500,
    stated: { ...plain, meter: 0.3 },
    true: { ...plain, meter: 0.3 },
  },
  {
    name: 'intensity cut off at zero',
    role: 'gate',
    cases: 1200,
    draws: 1000,
    stated: { ...plain, intensity: 1.2 },
    true: { ...plain, intensity: 1.2 },
  },
  {
    name: 'jobs of one hour taken for independent',
    role: 'wrong',
    cases: 500,
    stated: plain,
    true: plain,
    independent: true,
  },
  {
    name: 'errors twice as large as stated',
    role: 'wrong',
    cases: 500,
    stated: plain,
    true: { ...plain, intensity: 0.4 },
  },
  {
    name: 'errors half as large as stated',
    role: 'wrong',
    cases: 500,
    stated: plain,
    true: { ...plain, intensity: 0.1 },
  },
  { name: 'a bias that nobody stated', role: 'wrong', cases: 500, stated: plain, true: { ...plain, bias: 0.2 } },
  { name: 'a meter taken for exact', role: 'wrong', cases: 500, stated: plain, true: { ...plain, meter: 0.6 } },
];

const REGIONS = ['A', 'B', 'C'] as const;

export const calibrate = (seed = 12345): Calibration => {
  const rows = STUDIES.map((study, i) => cover(study, seed + i * 7919));
  const gates = rows.filter((r) => r.role === 'gate');
  const cases = gates.reduce((sum, r) => sum + r.cases, 0);
  const ratio = gates.reduce((sum, r) => sum + r.covered, 0) / cases;
  return { seed, confidence: 0.95, rows, cases, ratio, ok: rows.every((r) => r.ok) && within(ratio) };
};

const within = (ratio: number) => ratio >= BAND.low && ratio <= BAND.high;

const cover = (study: Study, seed: number): Coverage => {
  const dice = new Dice(seed);
  const methods = new Set<string>();
  let covered = 0;
  for (let n = 0; n < study.cases; n++) {
    const published = new Map(REGIONS.map((r) => [r, curve(dice)]));
    const work = Array.from({ length: dice.whole(1, 10) }, () => drawWork(dice));
    const truth = trueSaving(work, published, study.true, dice);
    const { output, jobs } = verify({
      jobs: work.map((w, i) => rowOf(w, `job-${i}`, study.stated.meter > 0)),
      places: REGIONS.map((r) => placeOf(r, published.get(r)!)),
      contracts: null,
      kind: { accounting: 'average', scope: 'operational' },
      constants: { ...constantsOf(study.stated), draws: study.draws ?? 2500 },
      frozen: true,
      unplanned: { jobs: 0, energyKwh: '0' },
      seed: (seed + n) >>> 0,
    });
    const { savedKg } = output.verified.locationBased;
    const value = Number(savedKg.value);
    const naive = Math.sqrt(jobs.reduce((sum, j) => sum + j.halfWidthKg ** 2, 0));
    const [low, high] = study.independent
      ? [value - naive, value + naive]
      : [Number(savedKg.low), Number(savedKg.high)];
    if (low <= truth && truth <= high) covered++;
    methods.add(study.independent ? 'naive' : output.interval.method);
  }
  const ratio = covered / study.cases;
  const ok = study.role === 'gate' ? within(ratio) : !within(ratio);
  return {
    name: study.name,
    role: study.role,
    method: [...methods].join(', '),
    cases: study.cases,
    covered,
    ratio,
    ok,
  };
};

const curve = (dice: Dice) => Array.from({ length: HOURS }, () => Math.round(30 + dice.uniform() * 600));

/** Often in the same few hours, as queues are. */
const drawWork = (dice: Dice): Work => ({
  kwh: 1 + Math.round(dice.uniform() * 400) / 4,
  from: dice.pick(REGIONS),
  at: dice.whole(0, 3),
  to: dice.pick(REGIONS),
  start: dice.whole(4, 8),
  hours: dice.whole(1, 4),
});

/** What really would have been and what really was, by arithmetic of its own: the verifier is not asked. */
const trueSaving = (
  work: readonly Work[],
  published: ReadonlyMap<string, readonly number[]>,
  errors: Errors,
  dice: Dice,
): number => {
  const truth = new Map<string, number[]>();
  const meters = new Map<string, number>();
  for (const [region, values] of published) {
    const bias = (errors.bias / Z95) * dice.normal();
    truth.set(
      region,
      values.map((g) => g * Math.max(0, 1 + (errors.intensity / Z95) * dice.normal() + bias)),
    );
    meters.set(region, Math.max(0, 1 + (errors.meter / Z95) * dice.normal()));
  }
  const emitted = (region: string, start: number, w: Work) => {
    let grams = 0;
    for (let h = 0; h < w.hours; h++) grams += (w.kwh / w.hours) * truth.get(region)![start + h]!;
    return grams / 1000;
  };
  return work.reduce(
    // The meter stands where the work ran, and its error is in both sides.
    (sum, w) => sum + meters.get(w.to)! * (emitted(w.from, w.at, w) - emitted(w.to, w.start, w)),
    0,
  );
};

const constantsOf = (errors: Errors): Constants => ({
  ...DEFAULT_CONSTANTS,
  intensityHalfWidthRatio: decimal(errors.intensity),
  regionBiasHalfWidthRatio: decimal(errors.bias),
  measuredHalfWidthRatio: decimal(errors.meter),
  transferKwhPerGb: '0',
});

const placeOf = (region: string, values: readonly number[]): EvidencePlace => ({
  region,
  pue: '1',
  payer: 'owner',
  instancePricesPerHour: {},
  egressPerGb: '0',
  demandChargePerKw: '0',
  carbon: {
    source: 'calibration',
    status: 'actual',
    issuedAt: START,
    start: START,
    stepMinutes: 60,
    values: values.map(decimal),
    kind: { accounting: 'average', scope: 'operational' },
  },
  price: null,
});

const rowOf = (w: Work, jobId: string, metered: boolean): EvidenceJob => {
  const ran = { end: hour(w.start + w.hours), energyKwh: decimal(w.kwh), region: w.to, start: hour(w.start) };
  return {
    baseline: [{ end: hour(w.at + w.hours), energyKwh: decimal(w.kwh), region: w.from, start: hour(w.at) }],
    claimedCost: '0',
    claimedKg: '0',
    dataGb: '0',
    due: null,
    excluded: null,
    homeRegion: w.from,
    instanceType: null,
    jobId,
    planned: [ran],
    ran: [{ ...ran, energyUj: '0', source: metered ? 'measured' : 'simulated' }],
    resumeCost: '0',
    tardinessCostPerHour: '0',
    team: 'calibration',
  };
};

const percent = (ratio: number) => `${(ratio * 100).toFixed(2)} %`;

export const calibrationText = ({ rows, cases, ratio, ok, seed }: Calibration): string => {
  const line = (c: readonly string[]) =>
    `  ${c[0]!.padEnd(40)}${c[1]!.padEnd(13)}${c[2]!.padStart(6)}${c[3]!.padStart(10)}  ${c[4]!}`;
  return [
    line(['stated 95 %', 'method', 'cases', 'covered', '']),
    ...rows.map((r) =>
      line([
        r.name,
        r.method,
        String(r.cases),
        percent(r.ratio),
        r.role === 'gate'
          ? r.ok
            ? 'within 94 to 96 %'
            : 'OUTSIDE 94 to 96 %'
          : r.ok
            ? 'wrong on purpose, and it shows'
            : 'wrong on purpose, BUT IT DOES NOT SHOW',
      ]),
    ),
    `  All gates: ${percent(ratio)} of ${cases} cases, seed ${seed}: ${ok ? 'the intervals are what they say' : 'the intervals are NOT what they say'}.`,
  ].join('\n');
};

if (process.argv[1] !== undefined && import.meta.url === pathToFileURL(process.argv[1]).href) {
  const found = calibrate();
  process.stdout.write(`${calibrationText(found)}\n`);
  process.exitCode = found.ok ? 0 : 1;
}
