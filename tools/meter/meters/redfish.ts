/**
 * Redfish (DMTF DSP0266): power and energy at management controllers. A chassis tells energy as `EnergykWh` and power as
 * `PowerWatts` in its EnvironmentMetrics, older ones power alone as `PowerControl[].PowerConsumedWatts` in Power. What is measured
 * is the input of its power supplies: fans and losses within the machine are in it, cooling of the room is not.
 */
import { z } from 'zod';
import { Fault } from '../../../domain/fault.js';
import type { LiveReading } from '../../../domain/meter.js';
import { type Asking, asking } from './ask.js';
import type { Looking } from './book.js';
import type { MeterGround, MeterSettings } from './ground.js';

const Link = z.object({ '@odata.id': z.string().startsWith('/').max(500) });
const Collection = z.object({ Members: z.array(Link).max(1000).default([]) });
const Chassis = z.object({
  Id: z.string().max(200).optional(),
  Name: z.string().max(300).nullish(),
  EnvironmentMetrics: Link.nullish(),
  Power: Link.nullish(),
});
/** Null where the sensor gives nothing. */
const Sensor = z.object({ Reading: z.number().min(0).nullish() }).nullish();
const Metrics = z.object({ PowerWatts: Sensor, EnergykWh: Sensor });
/** Some firmware writes numbers as text; that is read as nothing, not guessed at. */
const Control = z.object({ PowerConsumedWatts: z.number().min(0).nullish().catch(null) });
const Power = z.object({ PowerControl: z.array(Control).max(100).nullish() });

const shaped = <T>(schema: z.ZodType<T>, document: unknown, who: string, path: string): T => {
  const read = schema.safeParse(document);
  if (read.success) return read.data;
  throw new Fault('unavailable', `${who} answered ${path} with what is no Redfish resource`, 'Check CACO_METER_URL.', {
    details: { reason: 'shape' },
  });
};

const readingOf = async (ask: Asking, path: string, signal?: AbortSignal): Promise<LiveReading | null> => {
  const chassis = shaped(Chassis, await ask.json(path, signal), ask.who, path);
  const at = async (link: z.output<typeof Link> | null | undefined) =>
    link ? await ask.jsonIfThere(link['@odata.id'], signal) : null;
  const found = await at(chassis.EnvironmentMetrics);
  const metrics = found === null ? null : shaped(Metrics, found, ask.who, path);
  let watts = metrics?.PowerWatts?.Reading ?? null;
  const kwh = metrics?.EnergykWh?.Reading ?? null;
  if (watts === null && kwh === null) {
    const older = await at(chassis.Power);
    const power = older === null ? null : shaped(Power, older, ask.who, path);
    // The first control is the chassis; others are its parts, and would count twice.
    watts = power?.PowerControl?.[0]?.PowerConsumedWatts ?? null;
  }
  if (watts === null && kwh === null) return null;
  const id = chassis.Id ?? path.split('/').at(-1)!;
  return {
    meter: {
      ...{ id: `redfish:${id}`, name: chassis.Name ?? id, boundary: 'server', source: 'Redfish' },
      subject: { kind: 'host', id },
      basis: kwh === null ? 'power' : 'counter',
      covers: null,
    },
    energyKwh: kwh,
    powerKw: watts === null ? null : watts / 1000,
  };
};

/** One look at every chassis that tells power or energy. A chassis without either is passed over. */
export const redfish = (settings: MeterSettings, ground: Pick<MeterGround, 'timer'>): Looking => {
  const ask = asking('the Redfish service', settings, ground);
  return async (signal) => {
    const path = '/redfish/v1/Chassis';
    const { Members } = shaped(Collection, await ask.json(path, signal), ask.who, path);
    const readings: LiveReading[] = [];
    for (const { '@odata.id': each } of Members) {
      const reading = await readingOf(ask, each, signal);
      if (reading !== null) readings.push(reading);
    }
    return readings;
  };
};
