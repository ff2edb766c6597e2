/**
 * Keeps what is promised, every ten seconds, by the work that runs: the responder decides, what it decided is in the store before a command
 * leaves, and whoever goes on after a crash goes on from there. What a fleet cannot do is not asked of it; then its meters are read.
 */
import { Fault } from '../domain/fault.js';
import { EVENT_COURSES, type EventCourse } from '../domain/flexibility/course.js';
import type { FlexibilityEvent } from '../domain/flexibility/event.js';
import { plantOf } from '../domain/flexibility/plant.js';
import type { RespondingFleet } from '../domain/flexibility/running.js';
import { worldName } from '../domain/plan.js';
import { fromEpoch, type Instant, plusSeconds, toEpoch } from '../domain/time.js';
import type { World } from '../domain/world.js';
import { type Goal, LEVER_PRICES, type LoopState, RESPONSES, respondOnce } from '../tools/responder/responder.js';
import { callTool } from '../tools/tool.js';
import { commandWork } from './command-work.js';
import { allEvents, callOf, type Desk, eventOf, record } from './event-books.js';
import {
  coursed,
  endedAt,
  freshCourse,
  isRecovered,
  judged,
  keepCourse,
  LEAD_SECONDS,
  quietKw,
  RAMP_UP_SECONDS,
  REBOUND_SECONDS,
  readingsOf,
  type Stepped,
  targetKwAt,
  WARM_SECONDS,
} from './event-course.js';
import { AMBIENT_C, SiteMeters, STEP_SECONDS, steppedFleet, unseenFleet } from './event-power.js';
import { holding } from './hold.js';
import { tendEvents } from './tend-events.js';
import type { By } from './thread.js';
import { inTurn } from './turn.js';

/** How often, of the world’s time, it is looked for events that wait. */
const TENDED_SECONDS = 300;

interface Open {
  readonly event: FlexibilityEvent;
  readonly course: EventCourse | null;
}

/** How one event stands after a step. */
export interface KeptStep extends Pick<EventCourse, 'phase' | 'at' | 'facilityKw' | 'targetKw' | 'source'> {
  readonly eventId: string;
  /** that were carried out in this step */
  readonly commands: number;
  /** what is new for whoever is on duty */
  readonly said: readonly string[];
  /** the event as it stands now, where the step ended it */
  readonly event: FlexibilityEvent | null;
}

const floored = (at: Instant): number => Math.floor(toEpoch(at) / STEP_SECONDS) * STEP_SECONDS;

export class Keeper {
  readonly #meters = new Map<string, SiteMeters>();

  constructor(
    private readonly world: World,
    private readonly by: By,
  ) {}

  /** What is promised and not over, and what is let go of after it was. */
  async #open(): Promise<Open[]> {
    const courses = this.world.store.collection(EVENT_COURSES);
    const found: Open[] = [];
    for (const event of await allEvents(this.world)) {
      if (event.commitment === null || event.status === 'declined' || event.status === 'received') continue;
      const course = (await courses.get(event.id))?.value ?? null;
      if (course?.phase === 'over') continue;
      const isAhead = event.status === 'confirmed' && event.commitment.end > this.world.clock.now();
      if (course !== null || isAhead) found.push({ event, course });
    }
    return found;
  }

  /** Where the last one left off; null: nothing is under way. */
  async leftAt(): Promise<Instant | null> {
    const at = (await this.#open()).flatMap(({ course }) => (course === null ? [] : [course.at]));
    return at.length === 0 ? null : at.reduce((a, b) => (a > b ? a : b));
  }

  /** When something is to be done next; null: nothing is promised. */
  async nextAt(): Promise<Instant | null> {
    const now = this.world.clock.now();
    const moments = (await this.#open()).map(({ event, course }) => {
      const begins = plusSeconds(event.commitment!.start, -WARM_SECONDS);
      if (course === null) return begins > now ? begins : now;
      const next = fromEpoch(toEpoch(course.at) + STEP_SECONDS);
      return next > now ? next : now;
    });
    return moments.length === 0 ? null : moments.reduce((a, b) => (a < b ? a : b));
  }

  /** One step of every region in which something is promised, at the clock’s now. */
  async step(): Promise<KeptStep[]> {
    const now = this.world.clock.now();
    const due = (await this.#open()).filter(
      ({ event, course }) => course !== null || plusSeconds(event.commitment!.start, -WARM_SECONDS) <= now,
    );
    const told: KeptStep[] = [];
    for (const region of new Set(due.map(({ event }) => event.commitment!.region)))
      told.push(
        ...(await this.#region(
          region,
          due.filter(({ event }) => event.commitment!.region === region),
          now,
        )),
      );
    return told;
  }

  async #region(region: string, open: readonly Open[], now: Instant): Promise<KeptStep[]> {
    const at = floored(now);
    const stepped = await this.#responded(region, open, at);
    const told: KeptStep[] = [];
    for (const { event, course: before } of open) {
      const course = coursed(before ?? freshCourse(event, now), event, stepped);
      await keepCourse(this.world, course, stepped);
      const { course: after, event: ended } = await this.#ended(event, course, now);
      const said = after.said.filter((one) => one.at === course.at).map(({ what }) => what);
      const { phase, facilityKw, targetKw, source, commands } = after;
      told.push({
        ...{ eventId: event.id, at: after.at, phase, facilityKw, targetKw, source, said, event: ended },
        commands: commands - (before?.commands ?? 0),
      });
    }
    return told;
  }

  async #responded(region: string, open: readonly Open[], at: number): Promise<Stepped> {
    const { world, by } = this;
    const sites = (await world.fleet.sites()).filter((site) => site.region === region);
    const meters = this.#meters.get(region) ?? new SiteMeters(world.meter, new Set(sites.map(({ id }) => id)));
    this.#meters.set(region, meters);
    const running = (await world.fleet.responding?.(region)) ?? unseenFleet(() => at);
    const eventIds = open.map(({ event }) => event.id);
    const command: RespondingFleet['command'] = async (commands) =>
      (await callTool(commandWork, { region, eventIds, commands }, world, callOf(by, eventIds[0]!))).acknowledged;
    const powers = open.flatMap(({ event }) => event.commitment!.slots.map((slot) => slot.baselineKw ?? slot.targetKw));
    const pue = sites[0]?.pue ?? 1;
    const plant = plantOf(Math.max(1, ...powers) / pue, pue);
    const { fleet, seen } = steppedFleet(running, { meters, plant, command });
    const settings = {
      ...{ prices: LEVER_PRICES, plant, ambientC: AMBIENT_C, leadSeconds: LEAD_SECONDS },
      ...{ rampUpSeconds: RAMP_UP_SECONDS, reboundSeconds: REBOUND_SECONDS },
    };
    const goals = open.filter(({ event, course }) => isKept(event, course, at)).map((one) => goalOf(one, at));
    const kept = world.store.collection(RESPONSES);
    const key = `${worldName(world)}/${region}`;
    const memory = {
      read: async () => (await kept.get(key))?.value ?? null,
      write: (state: LoopState) => kept.put(key, state),
    };
    const troubles: string[] = [];
    const told =
      running.can.size === 0
        ? await onlySeen(fleet)
        : await respondOnce(fleet, memory, goals, settings).catch((error: unknown) => {
            if (!(error instanceof Fault)) throw error;
            troubles.push(error.message);
            return { acknowledged: [], said: [], state: null };
          });
    if (seen.trouble !== null) troubles.push(`the meter does not answer: ${seen.trouble}`);
    if (seen.source === 'modelled')
      troubles.push('nobody measures the facility: its power is modelled from what the machines draw');
    if (seen.source === 'unknown') troubles.push('nothing tells what the facility draws');
    const newest = seen.readings.at(-1);
    const beside = newest === undefined || seen.look?.itKw == null ? null : newest.kw - seen.look.itKw;
    return {
      ...{ at, look: seen.look, readings: seen.readings, source: seen.source, can: [...running.can] },
      ...{ acknowledged: told.acknowledged, said: [...told.said, ...troubles] },
      overheadKw: told.state?.overheadKw ?? beside,
    };
  }

  /** Its end, and the end of what comes after, are written down with what was measured until then. */
  async #ended(
    event: FlexibilityEvent,
    course: EventCourse,
    now: Instant,
  ): Promise<{ course: EventCourse; event: FlexibilityEvent | null }> {
    const heldUntil = endedAt(event, course, now);
    const quiet = course.baselineKw === null && course.phase === 'holding' ? await this.#quiet(event) : null;
    const known = quiet === null ? course : { ...course, baselineKw: quiet };
    if (heldUntil === null) {
      if (quiet !== null) await this.#keep(known);
      return { course: known, event: null };
    }
    const isOver = course.phase === 'ahead' || isRecovered(heldUntil, now);
    if (course.heldUntil !== null && !isOver) return { course, event: null };
    const after: EventCourse = { ...known, heldUntil, phase: isOver ? 'over' : 'recovering', targetKw: null };
    const readings = await readingsOf(this.world, event.id);
    // As it stands by now: who takes it back meanwhile is not overruled. Figures first: a crash in between writes the same again.
    const ended = await inTurn(this.world, 'sale', async () =>
      record({ world: this.world, by: this.by }, judged(await eventOf(this.world, event.id), after, readings)),
    );
    await this.#keep(after);
    return { course: after, event: ended };
  }

  async #quiet(event: FlexibilityEvent): Promise<number | null> {
    return quietKw(await readingsOf(this.world, event.id), event);
  }

  #keep(course: EventCourse): Promise<void> {
    return this.world.store.collection(EVENT_COURSES).put(course.eventId, course);
  }
}

const isKept = ({ status, commitment }: FlexibilityEvent, course: EventCourse | null, at: number): boolean =>
  status === 'confirmed' && (course === null || course.heldUntil === null) && at < toEpoch(commitment!.end);

const goalOf = ({ event, course }: Open, at: number): Goal => {
  const { start, end, slots } = event.commitment!;
  const targetKw = targetKwAt(event, at);
  const slot = slots.findLast((one) => toEpoch(one.start) <= at) ?? slots[0]!;
  return {
    id: event.id,
    receivedAt: toEpoch(event.stamps.received),
    ...{ from: toEpoch(start), until: toEpoch(end), targetKw },
    // A limit has no baseline: what was drawn before it is not exceeded afterwards.
    baselineKw: Math.max(1e-3, slot.baselineKw ?? course?.baselineKw ?? targetKw),
  };
};

/** Of a fleet that nothing can be done to. */
const onlySeen = async (fleet: RespondingFleet) => {
  await fleet.look();
  await fleet.readings();
  return { acknowledged: [], said: [], state: null };
};

/** Only one program at a time keeps what is promised in a world. */
export const keeping = <T>(world: World, work: () => Promise<T>): Promise<T> =>
  holding(
    world.store,
    {
      name: `events ${worldName(world)}`,
      busy: () =>
        new Fault(
          'conflict',
          `another program keeps the events of ${world.setting.name}`,
          'One is enough: caco event keep, or caco operate between its looks.',
        ),
    },
    work,
  );

/**
 * Left on until the signal, `until`, or, in a world whose clock jumps, until nothing is promised any more. Fault `conflict` where another
 * program keeps the events of this world.
 */
export const keepEvents = (
  { by, ...desk }: Desk,
  {
    until,
    isTended = false,
    onStep,
  }: {
    readonly until?: Instant | undefined;
    /** somebody else looks after what waits: orders of the market, open ends */
    readonly isTended?: boolean;
    readonly onStep: (step: KeptStep) => void;
  },
): Promise<void> => {
  const { world } = desk;
  return keeping(world, async () => {
    // What is under way at Ctrl-C is finished first.
    const { signal, ...rest } = by;
    const keeper = new Keeper(world, rest);
    const { clock } = world;
    const left = await keeper.leftAt();
    if (left !== null && !clock.live) await clock.waitUntil(left, signal);
    let tended: Instant | null = null;
    while (signal?.aborted !== true) {
      // Orders of the market and plans that reach further come while it is left on.
      if (!isTended && (tended === null || plusSeconds(tended, TENDED_SECONDS) <= clock.now())) {
        await tendEvents({ ...desk, by: rest });
        tended = clock.now();
      }
      const next = await keeper.nextAt();
      if (next === null && !clock.live) return;
      const soon = plusSeconds(clock.now(), STEP_SECONDS);
      const at = next === null || (clock.live && soon < next) ? soon : next;
      if (until !== undefined && at > until) return;
      try {
        await clock.waitUntil(at, signal);
      } catch (error) {
        if (signal?.aborted) return;
        throw error;
      }
      for (const step of await keeper.step()) onStep(step);
    }
  });
};
