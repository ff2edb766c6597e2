/** Air temperature at a place, for cooling: Open-Meteo without a key for what is not commercial, the Met Office's DataHub with one. */
import { z } from 'zod';
import { Instant } from '../../../domain/time.js';
import type { OtherFeed } from './feed.js';
import { jsonFrom, type Server } from './server.js';

const SHARED = {
  quantity: 'temperature',
  unit: '°C',
  stepMinutes: 60,
  foresees: true,
  // What was foreseen for an hour is the best that is had of it.
  measures: false,
  isExtended: false,
  settlesHours: 24,
  renewMinutes: 60,
  byPlace: true,
  regions: () => [],
} as const;

const placeOf = (place: string) => {
  const [latitude, longitude] = place.split(',');
  return { latitude: latitude!, longitude: longitude! };
};

/** Times come without a zone; it is asked for in GMT. Columns of one length, with gaps. */
const Columns = z
  .object({
    utc_offset_seconds: z.literal(0),
    hourly_units: z.object({ temperature_2m: z.literal('°C') }),
    hourly: z.object({
      time: z.array(
        z
          .string()
          .transform((text) => `${text}Z`)
          .pipe(Instant),
      ),
      temperature_2m: z.array(z.number().nullable()),
    }),
  })
  .refine(({ hourly }) => hourly.time.length === hourly.temperature_2m.length, 'columns of two lengths');

export const openMeteo = (to: Pick<Server, 'base' | 'timer'>): OtherFeed[] => {
  const server: Server = { ...to, who: 'Open-Meteo', setting: 'CACO_OPEN_METEO_URL' };
  return [
    {
      ...SHARED,
      source: 'open-meteo',
      attribution: 'Weather data by Open-Meteo.com (CC BY 4.0, free for what is not commercial)',
      chunkHours: 14 * 24,
      read: async (place, { start, end }, signal) => {
        const query = new URLSearchParams({
          ...placeOf(place),
          hourly: 'temperature_2m',
          timezone: 'GMT',
          start_hour: start.slice(0, 16),
          end_hour: end.slice(0, 16),
        });
        const { body, notes } = await jsonFrom(server, `/v1/forecast?${query}`, Columns, {
          signal,
          what: '/v1/forecast',
        });
        const { time, temperature_2m } = body.hourly;
        const said = time.map((at, i) => ({
          at,
          minutes: 60,
          value: temperature_2m[i] ?? null,
          status: 'forecast' as const,
          published: null,
        }));
        return { said, notes };
      },
    },
  ];
};

const Features = z.object({
  features: z
    .array(
      z.object({
        properties: z.object({
          modelRunDate: Instant.optional(),
          // The last steps lack fields.
          timeSeries: z.array(z.object({ time: Instant, screenTemperature: z.number().nullable().optional() })),
        }),
      }),
    )
    .min(1),
});

export const metOffice = ({ key, ...to }: Pick<Server, 'base' | 'timer'> & { readonly key: string }): OtherFeed[] => {
  const server: Server = { ...to, who: 'the Met Office', setting: 'CACO_MET_OFFICE_URL and CACO_MET_OFFICE_KEY' };
  return [
    {
      ...SHARED,
      source: 'met-office',
      attribution: 'Contains Met Office data',
      chunkHours: 48,
      read: async (place, _, signal) => {
        const query = new URLSearchParams(placeOf(place));
        const path = '/sitespecific/v0/point/hourly';
        const { body, notes } = await jsonFrom(server, `${path}?${query}`, Features, {
          signal,
          what: path,
          headers: { apikey: key },
        });
        const { timeSeries, modelRunDate } = body.features[0]!.properties;
        const said = timeSeries.map(({ time, screenTemperature }) => ({
          at: time,
          minutes: 60,
          value: screenTemperature ?? null,
          status: 'forecast' as const,
          published: modelRunDate ?? null,
        }));
        return { said, notes };
      },
    },
  ];
};
