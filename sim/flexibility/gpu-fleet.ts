/**
 * A hall of 256 GPUs in steps of ten seconds behind the port of running work: noise, stops to save state, nodes that follow late, caps
 * that take their time, cooling that follows in minutes, and a facility meter that is one reading late, on a clock of its own. The noise
 * is such that minute means scatter as those recorded in Phoenix before the test. One seed gives the same bits on every machine.
 */
import { type Plant, plantOf } from '../../domain/flexibility/plant.js';
import type {
  Ability,
  Acknowledged,
  Command,
  Look,
  MeterReading,
  RespondingFleet,
  Tier,
} from '../../domain/flexibility/running.js';
import type { Power } from '../../domain/settlement/tracking.js';
import { random } from '../random.js';
import { Building, LARGEST_CLOCK_ERROR_S, METER_NOISE_RATIO } from './building.js';
import { type JobCommand, SimulatedJob, STEP_SECONDS } from './gpu-job.js';
import { GPUS_PER_NODE, WRITE_SECONDS } from './gpu-node.js';
import { REST_WATTS, type Work } from './gpu-work.js';

export { STEP_SECONDS } from './gpu-job.js';

export interface GpuFleetOptions {
  readonly seed: number | string;
  readonly running: readonly Work[];
  readonly waiting?: readonly Work[];
  readonly nodes?: number;
  readonly plant?: Plant;
  readonly ambientC?: number;
  readonly can?: readonly Ability[];
  /** why a command is refused; null: it is carried out */
  readonly refuses?: (command: Command, at: number) => string | null;
  /** stretches in which the facility meter says nothing, [from, until) */
  readonly silences?: readonly (readonly [number, number])[];
  readonly battery?: { readonly storedKwh: number; readonly largestKw: number };
}

/** CPUs, memory, fans and network of a node, whatever its GPUs do. */
const NODE_KW = 0.6;
const ANSWER_WITHIN_S = 2;
const ALL: readonly Ability[] = ['cap', 'uncap', 'pause', 'resume', 'hold'];

export class GpuFleet implements RespondingFleet {
  at = 0;
  /** What really happened, which no responder sees: means of steps, on the fleet’s clock. */
  readonly facility: Power[] = [];
  readonly it: Power[] = [];
  /** seconds by which the meter’s clock is ahead of the fleet’s */
  readonly meterAheadS: number;
  readonly can: ReadonlySet<Ability>;
  private readonly rng;
  private readonly busy;
  private readonly nodes: number;
  private readonly building: Building;
  private readonly battery: { storedKwh: number; largestKw: number; dischargingKw: number } | null;
  private readonly all: SimulatedJob[] = [];
  private running: SimulatedJob[] = [];
  private waiting: Work[];
  private holding = false;
  private falls: { at: number; kw: number }[] = [];

  constructor(private readonly options: GpuFleetOptions) {
    const { seed, battery } = options;
    this.nodes = options.nodes ?? 32;
    this.rng = random(seed, 'meter');
    this.busy = random(seed, 'agents');
    this.meterAheadS = Math.round((this.rng.uniform() * 2 - 1) * LARGEST_CLOCK_ERROR_S * 10) / 10;
    const { plant = plantOf(140), ambientC = 20 } = options;
    this.building = new Building({ plant, ambientC, meterAheadS: this.meterAheadS });
    this.battery = battery === undefined ? null : { ...battery, dischargingKw: 0 };
    this.can = new Set(options.can ?? (battery === undefined ? ALL : [...ALL, 'discharge']));
    this.waiting = [...(options.waiting ?? [])];
    for (const work of options.running) this.start(work);
  }

  private start(work: Work): void {
    const job = new SimulatedJob(work, this.options.seed);
    this.all.push(job);
    this.running.push(job);
  }

  private freeGpus(): number {
    const here = this.running.filter(({ awayAt }) => awayAt === null);
    return this.nodes * GPUS_PER_NODE - here.reduce((sum, { gpus }) => sum + gpus, 0);
  }

  /** A step of ten seconds. */
  advance(): void {
    const { at } = this;
    this.falls = this.running.flatMap((job) => job.falls(at));
    const gpuKw = this.running.reduce((sum, job) => sum + job.advance(at), 0);
    const itKw = this.nodes * NODE_KW + gpuKw + (this.freeGpus() * REST_WATTS) / 1000;
    const isSilent = (this.options.silences ?? []).some(([from, until]) => at >= from && at < until);
    const noise = 1 + METER_NOISE_RATIO * this.rng.normal();
    const kw = this.building.step(at, itKw, this.discharge(), isSilent ? null : noise);
    this.it.push({ at, kw: itKw });
    this.facility.push({ at, kw });
    this.at = at + STEP_SECONDS;
    this.running = this.running.filter(({ endedAt }) => endedAt === null);
    if (!this.holding)
      this.waiting = this.waiting.filter((work) => {
        if (this.freeGpus() < work.traits.gpus) return true;
        this.start(work);
        return false;
      });
  }

  private discharge(): number {
    if (this.battery === null) return 0;
    const kw = Math.min(this.battery.dischargingKw, (this.battery.storedKwh * 3600) / STEP_SECONDS);
    this.battery.storedKwh -= (kw * STEP_SECONDS) / 3600;
    return kw;
  }

  async look(): Promise<Look> {
    return {
      at: this.at,
      jobs: this.running.filter(({ awayAt }) => awayAt === null).map((job) => job.look()),
      itKw: this.it.at(-1)?.kw ?? null,
      battery: this.battery === null ? null : { ...this.battery },
      holding: this.holding,
    };
  }

  async readings(): Promise<MeterReading[]> {
    return this.building.readings();
  }

  async command(commands: readonly Command[]): Promise<Acknowledged[]> {
    return commands.map((command) => {
      const why = this.whyNot(command);
      if (why !== null) return { command, at: this.at + WRITE_SECONDS, outcome: 'refused', why };
      const done = this.carryOut(command);
      if (done - this.at <= ANSWER_WITHIN_S) return { command, at: done, outcome: 'done', why: null };
      const silent = `no answer within ${ANSWER_WITHIN_S} s`;
      return { command, at: this.at + ANSWER_WITHIN_S, outcome: 'unanswered', why: silent };
    });
  }

  private whyNot(command: Command): string | null {
    if (!this.can.has(command.do)) return `this fleet cannot ${command.do}`;
    if ('jobId' in command && this.jobOf(command) === undefined) return `${command.jobId} does not run any more`;
    return this.options.refuses?.(command, this.at) ?? null;
  }

  private jobOf(command: JobCommand): SimulatedJob | undefined {
    return this.running.find(({ work }) => work.traits.id === command.jobId);
  }

  private carryOut(command: Command): number {
    if ('jobId' in command) return this.jobOf(command)!.command(command, this.at, this.busy);
    if (command.do === 'hold') this.holding = command.waiting;
    else if (this.battery !== null) this.battery.dischargingKw = Math.min(command.kw, this.battery.largestKw);
    return this.at + WRITE_SECONDS;
  }

  /** GPU-seconds of work done in [from, until) as a share of what would have been done uncapped; null: nothing of that tier ran. */
  throughput(tier: Tier, from: number, until: number): number | null {
    let [done, whole] = [0, 0];
    for (const { work, gpus, history } of this.all) {
      if (work.traits.tier !== tier) continue;
      for (const { at, progress } of history)
        if (at >= from && at < until) {
          done += progress * gpus;
          whole += gpus;
        }
    }
    return whole === 0 ? null : done / whole;
  }

  /** Jobs that ended after their deadline, or are sure to. */
  missedDeadlines(): string[] {
    const endOf = ({ endedAt, work, done }: SimulatedJob) => endedAt ?? this.at + work.workSeconds - done;
    return this.all
      .filter((job) => job.work.traits.deadline !== null && endOf(job) > job.work.traits.deadline)
      .map(({ work }) => work.traits.id);
  }

  /** When the IT power lay at or below so many kW first since `from`, to 20 ms in the step that was just walked; null: not yet. */
  itBelowAt(kw: number, from: number): number | null {
    const step = this.it.findIndex(({ at }) => at >= from);
    if (step > 0 && step === this.it.length - 1) {
      let now = this.it[step - 1]!.kw;
      for (const fall of [...this.falls].sort((a, b) => a.at - b.at)) {
        now -= fall.kw;
        if (now <= kw) return Math.ceil(fall.at * 50) / 50;
      }
    }
    return this.it.find((one) => one.at >= from && one.kw <= kw)?.at ?? null;
  }
}
