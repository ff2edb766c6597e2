/**
 * RTE's éCO2mix, by ODRÉ's open data, without a key: the intensity of what is generated in France, as it came, in quarters of an hour.
 * It does not tell what is to come. Licence Ouverte 2.0 (Etalab).
 */
import { z } from 'zod';
import { Instant } from '../../../domain/time.js';
import type { Feed } from './feed.js';
import { jsonFrom, type Server } from './server.js';

/** Real time has the latest weeks; rows ahead of now are there and empty. `{"date_heure": "2026-05-06T00:00:00+00:00", "taux_co2": 21}` */
const Rows = z.array(z.object({ date_heure: Instant, taux_co2: z.number().nullable() }));

export const rte = (to: Pick<Server, 'base' | 'timer'>): Feed[] => {
  const server: Server = { ...to, who: 'RTE éCO2mix', setting: 'CACO_RTE_URL' };
  return [
    {
      source: 'rte',
      quantity: 'carbon',
      kind: { accounting: 'average', scope: 'operational' },
      attribution: 'RTE éCO2mix by ODRÉ (Licence Ouverte 2.0)',
      stepMinutes: 15,
      chunkHours: 14 * 24,
      foresees: false,
      measures: true,
      isExtended: true,
      settlesHours: 48,
      renewMinutes: 15,
      regions: () => ['FR'],
      read: async (_, { start, end }, signal) => {
        const query = new URLSearchParams({
          select: 'date_heure,taux_co2',
          where: `date_heure >= date'${start}' and date_heure < date'${end}'`,
          order_by: 'date_heure',
          timezone: 'UTC',
        });
        const path = '/api/explore/v2.1/catalog/datasets/eco2mix-national-tr/exports/json';
        const { body, notes } = await jsonFrom(server, `${path}?${query}`, Rows, {
          signal,
          what: 'eco2mix-national-tr',
        });
        const times = [...new Set(body.map((row) => row.date_heure))].sort();
        const minutes = stepOf(times);
        return {
          said: body.map(({ date_heure, taux_co2 }) => ({
            at: date_heure,
            minutes,
            // France has never generated without any: an empty row is written as 0 now and then.
            value: taux_co2 === null || taux_co2 <= 0 ? null : taux_co2,
            status: 'actual' as const,
            published: null,
          })),
          notes,
        };
      },
    },
  ];
};

/** Consolidated days come in half-hours, those of now in quarters. */
const stepOf = (times: readonly Instant[]): number => {
  const gaps = times.slice(1).map((time, i) => (Date.parse(time) - Date.parse(times[i]!)) / 60_000);
  return gaps.length > 0 && gaps.every((gap) => gap % 30 === 0) ? 30 : 15;
};
