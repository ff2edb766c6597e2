/** What a region draws now: by a facility meter of its sites where there is one, else by what the fleet has, else by a model, and said so. */
import { Fault } from '../domain/fault.js';
import type { PowerSource } from '../domain/flexibility/kept.js';
import { facilityKw, type Plant } from '../domain/flexibility/plant.js';
import type { Look, MeterReading, RespondingFleet } from '../domain/flexibility/running.js';
import type { LiveReading } from '../domain/meter.js';
import { toEpoch } from '../domain/time.js';
import type { Meter } from '../domain/world.js';

export const STEP_SECONDS = 10;
/** Nobody tells the weather of the next ten seconds: the model stands in only until a meter has spoken, or where there is none. */
export const AMBIENT_C = 20;

interface Read {
  readonly facility: MeterReading[];
  readonly itKw: number | null;
  /** why nothing was read */
  readonly trouble: string | null;
}

/** The sites’ own meters, asked once a step. A counter tells power from its second reading on. */
export class SiteMeters {
  #counted = new Map<string, { readonly kwh: number; readonly at: number }>();
  /** a facility meter has answered once: it may be silent now, and is not done without */
  isMetered = false;

  constructor(
    private readonly meter: Pick<Meter, 'read'>,
    private readonly siteIds: ReadonlySet<string>,
  ) {}

  async read(signal?: AbortSignal): Promise<Read> {
    try {
      const { at, readings } = await this.meter.read(signal);
      const epoch = toEpoch(at);
      const of = (boundary: 'facility' | 'it') =>
        readings.filter(
          ({ meter }) =>
            meter.boundary === boundary && meter.subject.kind === 'site' && this.siteIds.has(meter.subject.id),
        );
      const facility = of('facility');
      if (facility.length > 0) this.isMetered = true;
      const kw = this.#sum(facility, epoch);
      const itKw = this.#sum(of('it'), epoch);
      return {
        facility: kw === null ? [] : [{ at: epoch - STEP_SECONDS, seconds: STEP_SECONDS, kw }],
        ...{ itKw, trouble: null },
      };
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      return { facility: [], itKw: null, trouble: error.message };
    }
  }

  /** Null: there is none, or one of them is not known. */
  #sum(readings: readonly LiveReading[], at: number): number | null {
    const kws = readings.map((reading) => this.#kwOf(reading, at));
    return kws.length === 0 || kws.includes(null) ? null : kws.reduce<number>((sum, kw) => sum + kw!, 0);
  }

  #kwOf({ meter, powerKw, energyKwh }: LiveReading, at: number): number | null {
    const before = this.#counted.get(meter.id);
    if (energyKwh !== null) this.#counted.set(meter.id, { kwh: energyKwh, at });
    if (powerKw !== null) return powerKw;
    if (energyKwh === null || before === undefined || at <= before.at || energyKwh < before.kwh) return null;
    return ((energyKwh - before.kwh) * 3600) / (at - before.at);
  }
}

/** What one step has seen of the fleet and its meters, asked for as often as the responder likes. */
export interface Seen {
  look: Look | null;
  readonly readings: MeterReading[];
  source: PowerSource;
  trouble: string | null;
}

/** The fleet as the responder sees it in one step, with the meters of the site in it. `command` is how its commands leave. */
export const steppedFleet = (
  running: RespondingFleet,
  { meters, plant, command }: { meters: SiteMeters; plant: Plant; command: RespondingFleet['command'] },
): { readonly fleet: RespondingFleet; readonly seen: Seen } => {
  const seen: Seen = { look: null, readings: [], source: 'unknown', trouble: null };
  let asked: Promise<Read> | undefined;
  const read = () => {
    asked ??= meters.read();
    return asked;
  };
  let isTold = false;
  const fleet: RespondingFleet = {
    can: running.can,
    look: async () => {
      const [look, { itKw }] = [await running.look(), await read()];
      seen.look = { ...look, itKw: itKw ?? look.itKw };
      return seen.look;
    },
    readings: async () => {
      const { facility, trouble } = await read();
      const own = await running.readings();
      // Each reading once, however often the step asks.
      const told = isTold ? [] : meters.isMetered ? facility : running.simulated ? own : modelled(seen.look, plant);
      isTold = true;
      seen.trouble = trouble;
      seen.source = meters.isMetered
        ? 'measured'
        : running.simulated
          ? 'simulated'
          : seen.look?.itKw == null
            ? 'unknown'
            : 'modelled';
      seen.readings.push(...told);
      return told;
    },
    command,
  };
  return { fleet, seen };
};

const modelled = (look: Look | null, plant: Plant): MeterReading[] =>
  look?.itKw == null
    ? []
    : [{ at: look.at - STEP_SECONDS, seconds: STEP_SECONDS, kw: facilityKw(plant, look.itKw, AMBIENT_C) }];

/** A fleet that says nothing of what runs and can do nothing to it: the site’s meters are all there is. */
export const unseenFleet = (now: () => number): RespondingFleet => ({
  can: new Set(),
  look: async () => ({ at: now(), jobs: [], itKw: null, battery: null, holding: false }),
  readings: async () => [],
  command: async () => [],
});
