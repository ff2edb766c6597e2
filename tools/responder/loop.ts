/**
 * One decision of the loop, as a function of what it remembers and what it sees: what is aimed at, what that is at the machines, the
 * cheapest deeds that reach it, and the commands that differ from what is in force. It sends nothing and keeps nothing.
 */
import type { LeverPrices } from '../../domain/flexibility/lever-prices.js';
import { overheadKw, type Plant } from '../../domain/flexibility/plant.js';
import { throughputUnder } from '../../domain/flexibility/power-curve.js';
import type { Ability, Command, Look, MeterReading, RunningJob } from '../../domain/flexibility/running.js';
import { type Cheapest, cheapest } from './cheapest.js';
import {
  BATTERY,
  batteryLevers,
  capAt,
  ceilingOf,
  type Deed,
  discharge,
  type LeverQuestion,
  leversOf,
  type Option,
} from './levers.js';
import { learn, learnMargin, learnScale, STEP_SECONDS, STEPS_PER_MINUTE, stepsSince } from './measure.js';
import type { Goal, JobMemory, LoopState } from './state.js';

export interface LoopSettings {
  readonly can: ReadonlySet<Ability>;
  readonly prices: LeverPrices;
  readonly plant: Plant;
  readonly ambientC: number;
  /** the way down begins so long before an event that was announced */
  readonly leadSeconds: number;
  /** after an event power rises from the target to the baseline over so long */
  readonly rampUpSeconds: number;
  /** and stays below the baseline for so long */
  readonly reboundSeconds: number;
}

export interface Decided {
  readonly state: LoopState;
  readonly commands: readonly Command[];
  /** null: nothing had to be decided */
  readonly cheapest: Cheapest | null;
  readonly said: readonly string[];
}

/** An event without an end is planned so far ahead, again and again. */
const OPEN_END_SECONDS = 4 * 3600;
/** Of the tolerance that is spread over an event; the rest is for its first minutes, while the cooling still runs as before. */
const SPREAD = 0.97;
const BURST_SECONDS = 600;
/** Deviations that are not worth a command, as a share of the aim. */
const DEAD_BAND = 0.0006;
/** A step makes good for others of its minute at most so much of the aim, and rises by at most so much above the target to make use of what lay below. */
const DEEPEST = 0.05;
const HIGHEST = 0.03;
const COVERED = 0.02;
const FRESH: JobMemory = {
  scale: 1,
  peak: 1,
  lossSeconds: 0,
  wanted: { do: 'leave' },
  ceilingW: null,
  served: null,
  refused: {},
};

interface Aim {
  readonly kw: number;
  readonly from: number;
  readonly until: number;
}

export const decide = (
  before: LoopState,
  seen: { readonly look: Look; readonly readings: readonly MeterReading[]; readonly goals: readonly Goal[] },
  settings: LoopSettings,
): Decided => {
  const { look } = seen;
  const said: string[] = [];
  let state = learn(before, look, seen.readings);
  if (state.isBlind !== before.isBlind && before.phase !== 'idle')
    said.push(
      state.isBlind
        ? 'the facility meter is silent: what is in force is held, and nothing is raised'
        : 'the facility meter speaks again',
    );
  state = { ...state, jobs: memories(state, look, before.phase !== 'idle') };
  const aimed = aimOf(state, seen.goals, look.at, settings);
  state = aimed.state;
  if (aimed.aim === null) return released(state, look, said);
  // What a job tolerates, it tolerates in the event, and again in the hours after it.
  if (state.phase !== before.phase) state = { ...state, jobs: anew(state.jobs) };
  const minuteBegan = look.at - modulo(look.at - aimed.aim.from, 60);
  state = learnMargin(state, aimed.aim.kw, look.at, minuteBegan, aimed.aim.from);
  const meanAimKw = aimed.aim.kw - state.marginKw;
  // Before it holds there is no minute to keep.
  const aimKw =
    minuteBegan < aimed.aim.from
      ? meanAimKw
      : stepAim(state, meanAimKw, aimed.aim.kw, minuteBegan, comingBackKw(look, state));
  const limitW = limitOf(state, look, aimKw, settings);
  const { aim } = aimed;
  const hours = Math.max(600, aim.until - look.at) / 3600;
  const questions = new Map(look.jobs.map((job) => [job.id, questionOf(job, state, aim, look.at, settings)]));
  const levers = look.jobs.map((job) => leversOf(job, questions.get(job.id)!));
  if (look.battery !== null && settings.can.has('discharge'))
    levers.push(batteryLevers(look.battery.storedKwh, look.battery.largestKw, hours, settings.prices));
  const byId = new Map(look.jobs.map((job) => [job.id, job]));
  const between = (id: string, watts: number): Option =>
    id === BATTERY ? discharge(-watts / 1000, settings.prices) : capAt(byId.get(id)!, questions.get(id)!, watts);
  const first = cheapest(levers, limitW, between);
  const saving = savingW(look, first);
  const found = saving > 0 ? cheapest(levers, limitW - saving, between) : first;
  // What the last step of a minute takes too much nothing makes good any more.
  const isLast = minuteBegan >= aimed.aim.from && look.at === minuteBegan + 60 - STEP_SECONDS;
  const ceilings = state.isBlind
    ? // Whoever sees nothing lets nothing go.
      new Map(look.jobs.map(({ id }) => [id, state.jobs[id]?.ceilingW ?? null]))
    : isLast
      ? new Map(look.jobs.map((job) => [job.id, ceilingOf(job, questions.get(job.id)!)]))
      : null;
  if (!found.isKept)
    said.push(
      `the target cannot be reached with what may be done: ${found.certificate.reachedKw.toFixed(1)} kW at the machines where ${(limitW / 1000).toFixed(1)} kW would be needed`,
    );
  return { ...carriedOut({ ...state, at: look.at, aimKw, meanAimKw }, look, found, limitW, settings, ceilings), said };
};

/** By how much power would rise if all work that got lighter were as heavy again as it was lately. */
const comingBackKw = (look: Look, state: LoopState): number =>
  look.jobs.reduce(
    (sum, { id, watts }) => sum + (watts ?? 0) * Math.max(0, state.jobs[id]!.peak / state.jobs[id]!.scale - 1),
    0,
  ) / 1000;

/** Who is to rest saves its state first, and draws more meanwhile: the others make room for it. */
const savingW = (look: Look, { chosen }: Cheapest): number =>
  look.jobs.reduce((sum, job) => {
    if (chosen.get(job.id)?.deed.do !== 'pause' || job.state === 'paused') return sum;
    return sum + job.gpus * Math.max(0, job.curve[0]!.watts - job.restWatts);
  }, 0);

const modulo = (a: number, b: number): number => ((a % b) + b) % b;

/**
 * What this step may come to so that its minute comes to `meanKw`: what lay above is made good within the minute, and what lay below is
 * made use of, for a minute that ends far below the target was work that need not have stopped.
 */
const stepAim = (
  state: LoopState,
  meanKw: number,
  targetKw: number,
  minuteBegan: number,
  comingBackKw: number,
): number => {
  const steps = stepsSince(state, minuteBegan);
  const left = STEPS_PER_MINUTE - steps.length;
  if (left <= 0) return meanKw;
  const owed = steps.reduce((sum, kw) => sum + kw - meanKw, 0);
  const wanted = Math.min((1 + HIGHEST) * targetKw, meanKw - owed / left);
  // What may come back within this step must be made good by those that are left, or be covered by what lay below.
  const covered = Math.max(0, -owed) + STEPS_PER_MINUTE * state.marginKw + (left - 1) * COVERED * meanKw;
  return Math.max((1 - DEEPEST) * meanKw, wanted - Math.max(0, comingBackKw - covered));
};

/** What was lost since the last decision is written down for each job, and what is gone is forgotten. */
const memories = (state: LoopState, look: Look, counts: boolean): Record<string, JobMemory> => {
  const known = state.jobs;
  const passed = state.at === null ? 0 : look.at - state.at;
  const of = (job: RunningJob): JobMemory => {
    const memory = known[job.id] ?? FRESH;
    const served = job.service === null ? null : memory.wanted.do === 'serve' ? memory.served : job.serving;
    const loss =
      job.state !== 'running'
        ? 1
        : job.capW === null || memory.ceilingW !== null
          ? 0
          : 1 - throughputUnder(job.curve, job.capW);
    const refused = stillRefused(memory.refused, look.at);
    return {
      ...memory,
      served,
      refused,
      ...learnScale(memory, job),
      lossSeconds: memory.lossSeconds + (counts ? loss * passed : 0),
    };
  };
  const jobs = Object.fromEntries(look.jobs.map((job) => [job.id, of(job)]));
  return known[BATTERY] === undefined ? jobs : { ...jobs, [BATTERY]: known[BATTERY] };
};

const stillRefused = (refused: JobMemory['refused'], at: number): JobMemory['refused'] =>
  Object.values(refused).every((until) => until > at)
    ? refused
    : Object.fromEntries(Object.entries(refused).filter(([, until]) => until > at));

const anew = (jobs: Record<string, JobMemory>): Record<string, JobMemory> =>
  Object.fromEntries(Object.entries(jobs).map(([id, memory]) => [id, { ...memory, lossSeconds: 0 }]));

/** What the facility meter may read, at most, at the end of the next step; the strictest of several events counts. */
const aimOf = (
  state: LoopState,
  goals: readonly Goal[],
  at: number,
  settings: LoopSettings,
): { state: LoopState; aim: Aim | null } => {
  const active = goals.filter(({ from, until }) => at >= from - settings.leadSeconds && (until === null || at < until));
  if (active.length > 0) {
    const strictest = active.reduce((a, b) => (b.targetKw < a.targetKw ? b : a));
    // Two that overlap are one stretch for the work that bears it.
    const until = Math.max(...active.map((goal) => goal.until ?? at + OPEN_END_SECONDS));
    const from = Math.min(...active.map((goal) => goal.from));
    const baselineKw = Math.min(...active.map((goal) => goal.baselineKw));
    const recovery = {
      baselineKw,
      fromKw: strictest.targetKw,
      since: at + STEP_SECONDS,
      until: at + STEP_SECONDS + settings.reboundSeconds,
    };
    return { state: { ...state, phase: 'hold', recovery }, aim: { kw: strictest.targetKw, from, until } };
  }
  const { recovery } = state;
  if (recovery === null || at >= recovery.until)
    return { state: { ...state, phase: 'idle', recovery: null, aimKw: null }, aim: null };
  const risen = Math.min(1, Math.max(0, at - recovery.since) / settings.rampUpSeconds);
  const kw = recovery.fromKw + risen * (recovery.baselineKw - recovery.fromKw);
  return { state: { ...state, phase: 'recover' }, aim: { kw, from: recovery.since, until: recovery.until } };
};

/** Watts that the jobs may draw. A blind loop never lets them rise. */
const limitOf = (state: LoopState, look: Look, aimKw: number, { plant, ambientC }: LoopSettings): number => {
  const jobsW = look.jobs.reduce((sum, { watts }) => sum + (watts ?? 0), 0);
  const otherKw = look.itKw === null ? 0 : look.itKw - jobsW / 1000;
  const overhead = state.overheadKw ?? overheadKw(plant, Math.min(look.itKw ?? aimKw, plant.designItKw), ambientC);
  const battery = look.battery?.dischargingKw ?? 0;
  // The meter is read with the battery’s help in it, and the help is counted among the levers.
  const limit = 1000 * (aimKw - (overhead + battery) - otherKw);
  return state.isBlind && state.aimKw !== null ? Math.min(limit, jobsW) : limit;
};

const questionOf = (
  job: RunningJob,
  state: LoopState,
  aim: Aim,
  at: number,
  { can, prices }: LoopSettings,
): LeverQuestion => {
  const memory = state.jobs[job.id]!;
  const whole = aim.until - Math.min(aim.from, at);
  const left = Math.max(STEP_SECONDS, aim.until - at);
  const slack =
    job.deadline === null || job.remainingSeconds === null
      ? Number.POSITIVE_INFINITY
      : job.deadline - at - job.remainingSeconds;
  const budget = Math.max(0, Math.min(job.toleranceRatio * whole - memory.lossSeconds, 0.9 * slack));
  const burst = Math.min(BURST_SECONDS, left);
  const kept = SPREAD * Math.min(job.toleranceRatio, Math.max(0, slack) / whole) * (left - burst);
  return {
    ...{ can, prices, scale: memory.scale, hours: Math.max(600, left) / 3600 },
    lossLimit: Math.floor(100 * Math.min(1, Math.max(0, (budget - kept) / burst))) / 100,
    mayRest: budget >= left,
    served: memory.served,
    refused: new Set(Object.keys(memory.refused) as Ability[]),
  };
};

const sameDeed = (a: Deed, b: Deed): boolean => {
  if (a.do === 'cap' && b.do === 'cap') return a.capW === b.capW;
  return a.do === b.do && JSON.stringify(a) === JSON.stringify(b);
};

/** Commands for what differs from what is in force, and what is wanted of each job from now on. */
const carriedOut = (
  state: LoopState,
  look: Look,
  found: Cheapest,
  limitW: number,
  settings: LoopSettings,
  ceilings: ReadonlyMap<string, number | null> | null,
): Omit<Decided, 'said'> => {
  const jobsW = look.jobs.reduce((sum, { watts }) => sum + (watts ?? 0), 0);
  const isNear = jobsW <= limitW && limitW - jobsW < DEAD_BAND * 1000 * state.aimKw!;
  const commands: Command[] = [];
  if (settings.can.has('hold') && !look.holding) commands.push({ do: 'hold', waiting: true });
  const jobs = { ...state.jobs };
  for (const job of look.jobs) {
    const memory = jobs[job.id]!;
    const option = found.chosen.get(job.id);
    if (option === undefined) continue;
    // Near enough: what is wanted already stays, unless it was never reached.
    const deed = isNear ? memory.wanted : option.deed;
    const ceilingW = deed.do === 'leave' ? (ceilings?.get(job.id) ?? null) : null;
    const command = commandFor(job, ceilingW === null ? (deed as Deed) : { do: 'cap', capW: ceilingW }, memory.served);
    if (command !== null) commands.push(command);
    if (ceilingW !== memory.ceilingW) jobs[job.id] = { ...memory, ceilingW };
    if (!sameDeed(deed as Deed, memory.wanted as Deed)) jobs[job.id] = { ...jobs[job.id]!, wanted: deed };
  }
  const battery = found.chosen.get(BATTERY);
  if (battery !== undefined) {
    const kw = battery.deed.do === 'discharge' ? battery.deed.kw : 0;
    if (Math.abs(kw - look.battery!.dischargingKw) > 0.001) commands.push({ do: 'discharge', kw });
    jobs[BATTERY] = { ...FRESH, wanted: battery.deed };
  }
  return { state: { ...state, jobs }, commands, cheapest: found };
};

/** What makes a job do as wanted; null: it does already. */
const commandFor = (job: RunningJob, deed: Deed, served: RunningJob['serving']): Command | null => {
  const resting = job.state === 'paused' || job.state === 'pausing';
  const jobId = job.id;
  if (deed.do === 'pause') return resting ? null : { do: 'pause', jobId };
  if (deed.do === 'serve')
    return job.serving?.batch === deed.batch && job.serving.replicas === deed.replicas
      ? null
      : { do: 'serve', jobId, batch: deed.batch, replicas: deed.replicas };
  if (deed.do === 'move') return { do: 'move', jobId, site: deed.site };
  if (deed.do === 'cap') {
    if (resting) return { do: 'resume', jobId, capW: deed.capW };
    return job.capW === deed.capW ? null : { do: 'cap', jobId, capW: deed.capW };
  }
  if (served !== null && job.serving !== null)
    return job.serving.batch === served.batch && job.serving.replicas === served.replicas
      ? null
      : { do: 'serve', jobId, ...served };
  if (resting) return { do: 'resume', jobId, capW: job.curve.at(-1)!.capW };
  return job.capW === null ? null : { do: 'uncap', jobId };
};

/** Nothing is asked any more: what we hold is let go. What somebody else capped or paused is not ours, and stays. */
const released = (state: LoopState, look: Look, said: readonly string[]): Decided => {
  const commands: Command[] = [];
  const jobs = { ...state.jobs };
  for (const job of look.jobs) {
    const memory = jobs[job.id]!;
    if (memory.wanted.do === 'leave' && memory.ceilingW === null) continue;
    const command = commandFor(job, { do: 'leave' }, memory.served);
    if (command !== null) commands.push(command);
    jobs[job.id] = { ...memory, wanted: { do: 'leave' }, ceilingW: null };
  }
  if (jobs[BATTERY] !== undefined) {
    delete jobs[BATTERY];
    commands.push({ do: 'discharge', kw: 0 });
  }
  if (state.at !== null && look.holding) commands.push({ do: 'hold', waiting: false });
  return {
    state: { ...state, jobs, at: null, aimKw: null, meanAimKw: null, excess: [] },
    commands,
    cheapest: null,
    said,
  };
};
