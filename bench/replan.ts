/**
 * Regret against perfect knowledge: 14 days of jobs planned once, or again every 24 or 6 hours, on forecasts whose error is
 * multiplicative AR(1) and grows with the square root of the lead. `npx tsx bench/replan.ts [JOBS]`
 */
import { type Problem, parseCaco, replanProblem, type Schedule, solve } from '../offline.js';

const COUNT = Number(process.argv[2] ?? 1000);
const HOURS = 14 * 24;
const HOOKS = { cancelled: () => false, cpuSeconds: () => 0, tell: () => {}, milp: {} };
const LIMITS = { seed: 1, engine: 'uncoupled', relaxed: false } as const;

let state = 12345;
const uniform = () => {
  state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
  return (state + 0.5) / 2 ** 32;
};
const normal = () => Math.sqrt(-2 * Math.log(uniform())) * Math.cos(2 * Math.PI * uniform());

const curve = (level: number, swing: number) =>
  Array.from(
    { length: HOURS },
    (_, t) => level + swing * Math.sin((2 * Math.PI * (t - 8)) / 24) + (swing / 2) * Math.sin((2 * Math.PI * t) / 91),
  );
const truth: Problem = parseCaco({
  format: 'caco-opt-1',
  name: 'replan',
  slotHours: 1,
  slots: HOURS,
  carbonPriceUsdPerTonne: 75,
  regions: [0, 1, 2].map((r) => ({
    id: `r${r}`,
    pue: 1.2,
    priceUsdPerMwh: curve(70 + 5 * r, 25),
    ciGPerKwh: curve(280 - 30 * r, 110),
  })),
  jobs: Array.from({ length: COUNT }, (_, i) => {
    const slots = 1 + Math.floor(uniform() * 8);
    const release = Math.floor(uniform() * (HOURS - 60));
    return {
      id: `j${i}`,
      team: 'a',
      sla: 'balanced',
      home: i % 3,
      regions: [i % 3],
      release,
      due: HOURS,
      deadline: release + slots + 48,
      slots,
      powerKw: 1 + uniform() * 4,
      vcpu: 0,
      gpu: 0,
      dataGb: 0,
      tardyUsdPerHour: 0,
    };
  }),
});

/** What is foreseen at `now`: true up to then, wrong by a factor that drifts after. */
const forecast = (now: number, sigma: number): Problem => {
  const wrong = (values: Float64Array) => {
    const out = values.slice();
    for (let r = 0; r < truth.regions.length; r++) {
      let error = normal();
      for (let t = now; t < HOURS; t++) {
        error = 0.95 * error + Math.sqrt(1 - 0.95 ** 2) * normal();
        out[r * HOURS + t]! *= Math.max(0.05, 1 + sigma * Math.sqrt((t - now) / 24) * error);
      }
    }
    return out;
  };
  return { ...truth, ciGPerKwh: wrong(truth.ciGPerKwh), pricePerMwh: wrong(truth.pricePerMwh) };
};

const trueCost = (schedule: Schedule): number => {
  const current = { region: schedule.region, start: schedule.start, pieces: new Map(schedule.pieces) };
  const frozen = { ...truth, jobs: { ...truth.jobs, kind: new Uint8Array(COUNT).fill(2), current } };
  return solve(frozen, LIMITS, HOOKS).objective!;
};

const perfect = solve(truth, LIMITS, HOOKS);
console.log(
  `${COUNT} jobs, ${HOURS} h; run immediately ${perfect.runImmediately.toFixed(1)}, perfect ${perfect.objective!.toFixed(1)} USD`,
);
console.log('sigma   once     24 h      6 h');
for (const sigma of [0.05, 0.1, 0.2, 0.3]) {
  const line = [HOURS, 24, 6].map((every) => {
    let schedule = solve(forecast(0, sigma), LIMITS, HOOKS).schedule!;
    for (let now = every; now < HOURS; now += every) {
      const { problem } = replanProblem(forecast(now, sigma), schedule, {
        nowSlot: now,
        noticeSlot: now,
        events: [],
        lost: [],
        mayPause: false,
        churnCost: new Float64Array(schedule.region.length),
      });
      schedule = solve(problem, LIMITS, HOOKS).schedule!;
    }
    const regret = (100 * (trueCost(schedule) - perfect.objective!)) / perfect.objective!;
    return `${regret.toFixed(2)} %`.padStart(8);
  });
  console.log(`${(sigma * 100).toFixed(0).padStart(3)} % ${line.join(' ')}`);
}
