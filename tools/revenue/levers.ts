/** What a MWh costs by each lever, at prices that are assumed for an hour of a GPU’s work. */
import { z } from 'zod';
import { exact } from '../../domain/decimal.js';
import { LEVER_PRICES } from '../../domain/flexibility/lever-prices.js';
import { CAPS, GPU_WATTS } from './published.js';

export const Lever = z.strictObject({
  lever: z.string(),
  perMwh: z.number().describe('money that a MWh costs beside the energy itself'),
});
export type Lever = z.infer<typeof Lever>;

const TIERS = ['flex1', 'flex2', 'flex3'] as const;
const NAMES = { flex1: 'Flex 1', flex2: 'Flex 2', flex3: 'Flex 3' } as const;

/** The cheapest first. */
export const leverCosts = (): Lever[] =>
  [
    { lever: 'work that waits anyway, begun later', perMwh: 0 },
    { lever: 'battery, its wear', perMwh: LEVER_PRICES.batteryPerMwh },
    ...TIERS.flatMap((tier) => {
      const perHour = LEVER_PRICES.perGpuHour[tier];
      const caps = CAPS.map(({ capW, power, throughput }) => ({
        lever: `cap of ${capW} W on running work, ${NAMES[tier]}`,
        perMwh: exact(((1 - throughput) * perHour * 1e6) / ((1 - power) * GPU_WATTS)),
      }));
      return [...caps, { lever: `running work stopped, ${NAMES[tier]}`, perMwh: exact((perHour * 1e6) / GPU_WATTS) }];
    }),
  ].sort((a, b) => a.perMwh - b.perMwh);
