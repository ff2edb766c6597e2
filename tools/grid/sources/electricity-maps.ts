/**
 * Electricity Maps v3, with a token: average intensity of what is consumed, traced by flows, life-cycle unless it is asked otherwise.
 * It is another kind than what grid operators publish and never ranked with it.
 */
import { z } from 'zod';
import { Instant, type Interval, plusHours } from '../../../domain/time.js';
import type { Feed } from './feed.js';
import { jsonFrom, type Server, trouble } from './server.js';

const Measured = z.object({
  carbonIntensity: z.number().nullable(),
  datetime: Instant,
  updatedAt: Instant.optional(),
  emissionFactorType: z.string().optional(),
  isEstimated: z.boolean().optional(),
});
const Past = z.object({ data: z.array(Measured).optional(), history: z.array(Measured).optional() });
const Forecast = z.object({
  forecast: z.array(z.object({ carbonIntensity: z.number().nullable(), datetime: Instant })),
  updatedAt: Instant,
});

interface Settings extends Pick<Server, 'base' | 'timer'> {
  readonly token: string;
  readonly zones: readonly string[];
  readonly now: () => Instant;
}

export const electricityMaps = ({ token, zones, now, ...to }: Settings): Feed[] => {
  const server: Server = {
    ...to,
    who: 'Electricity Maps',
    setting: 'CACO_ELECTRICITY_MAPS_URL and CACO_ELECTRICITY_MAPS_TOKEN',
  };
  const ask = <T>(path: string, schema: z.ZodType<T>, signal: AbortSignal) =>
    jsonFrom(server, `/v3/carbon-intensity/${path}`, schema, { signal, headers: { 'auth-token': token } });

  const measured = async (zone: string, { start, end }: Interval, signal: AbortSignal) => {
    // The last day is open to every token; older ranges belong to paid ones.
    const isLate = start >= plusHours(now(), -24);
    const path = isLate ? `history?zone=${zone}` : `past-range?zone=${zone}&start=${start}&end=${end}`;
    const { body, notes } = await ask(path, Past, signal);
    const rows = body.history ?? body.data ?? [];
    const kinds = new Set(rows.map((row) => row.emissionFactorType ?? 'lifecycle'));
    if ([...kinds].some((kind) => kind !== 'lifecycle'))
      throw trouble(
        server,
        `${server.who} answered values of ${[...kinds].join(' and ')} factors: two kinds are never mixed`,
      );
    return { rows, notes };
  };

  return [
    {
      source: 'electricity-maps',
      quantity: 'carbon',
      kind: { accounting: 'average', scope: 'lifecycle' },
      attribution: 'Electricity Maps, flow-traced, life-cycle',
      stepMinutes: 60,
      chunkHours: 10 * 24,
      foresees: true,
      measures: true,
      isExtended: false,
      settlesHours: 72,
      renewMinutes: 15,
      regions: () => zones,
      read: async (zone, interval, signal) => {
        const past = interval.start < now() ? await measured(zone, interval, signal) : null;
        const ahead = interval.end > now() ? await ask(`forecast?zone=${zone}`, Forecast, signal) : null;
        return {
          said: [
            ...(past?.rows ?? []).map((row) => ({
              at: row.datetime,
              minutes: 60,
              value: row.carbonIntensity,
              status: row.isEstimated === true ? ('estimate' as const) : ('actual' as const),
              published: row.updatedAt ?? null,
            })),
            ...(ahead?.body.forecast ?? []).map((row) => ({
              at: row.datetime,
              minutes: 60,
              value: row.carbonIntensity,
              status: 'forecast' as const,
              published: ahead?.body.updatedAt ?? null,
            })),
          ],
          notes: [...(past?.notes ?? []), ...(ahead?.notes ?? [])],
        };
      },
    },
  ];
};
