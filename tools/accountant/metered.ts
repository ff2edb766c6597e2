/** What meters of whole sites measured in the time of an account, beside what the account has there. */
import { z } from 'zod';
import { energyText, percentText } from '../../domain/figures.js';
import { Boundary } from '../../domain/meter.js';
import type { Site } from '../../domain/site.js';
import type { Interval } from '../../domain/time.js';
import type { World } from '../../domain/world.js';

export const SiteMeter = z.strictObject({
  meterId: z.string(),
  region: z.string(),
  boundary: Boundary,
  measuredKwh: z.number().describe('of the time that the meter knows'),
  coverageRatio: z.number().describe('share of the account’s time that the meter knows'),
  accountedKwh: z
    .number()
    .nullable()
    .describe('energy of the account there, at the meter’s boundary; null where the meter covers a part of a machine'),
  restKwh: z
    .number()
    .nullable()
    .describe('measured and not accounted: idle power and other work; null unless the meter knows the whole time'),
});
export type SiteMeter = z.infer<typeof SiteMeter>;

/** Nobody's job is charged for the rest: it is told. A meter that knows nothing of the time is left out. */
export const siteMeters = async (
  world: Pick<World, 'meter'>,
  sites: readonly Site[],
  accountedKwh: readonly number[],
  interval: Interval,
): Promise<SiteMeter[]> => {
  const found: SiteMeter[] = [];
  for (const { id: meterId, boundary, subject } of await world.meter.meters()) {
    const i = subject.kind === 'site' ? sites.findIndex(({ id }) => id === subject.id) : -1;
    if (i < 0) continue;
    const { energyKwh, coveredSeconds, seconds } = await world.meter.energy(meterId, interval);
    if (energyKwh === null) continue;
    const { pue, region } = sites[i]!;
    const facility = accountedKwh[i] ?? 0;
    const accounted =
      boundary === 'facility' ? facility : boundary === 'it' || boundary === 'server' ? facility / pue : null;
    const coverageRatio = coveredSeconds / seconds;
    const isWhole = accounted !== null && coverageRatio > 1 - 1e-6;
    found.push({
      ...{ meterId, region, boundary, measuredKwh: energyKwh, coverageRatio, accountedKwh: accounted },
      restKwh: isWhole ? energyKwh - accounted : null,
    });
  }
  return found;
};

/** What a reader must know of them, in sentences. */
export const metersSay = (meters: readonly SiteMeter[]): string[] =>
  meters.flatMap(({ meterId, restKwh, measuredKwh, accountedKwh, coverageRatio }) => {
    if (restKwh === null || accountedKwh === null)
      return [`Meter ${meterId} knows ${percentText(coverageRatio)} of the time, ${energyText(measuredKwh)}.`];
    return restKwh >= 0
      ? [
          `Meter ${meterId} measured ${energyText(measuredKwh)}; ${energyText(restKwh)} of it are idle power and other work.`,
        ]
      : [
          `Meter ${meterId} measured ${energyText(measuredKwh)}, less than the ${energyText(accountedKwh)} of the account: the model is too high, or work ran elsewhere.`,
        ];
  });
