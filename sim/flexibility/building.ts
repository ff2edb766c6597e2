/** What a hall draws beside its machines, which follows them in minutes, and its facility meter, which is one reading late and has a clock of its own. */
import { z } from 'zod';
import { overheadKw, type Plant } from '../../domain/flexibility/plant.js';
import type { MeterReading } from '../../domain/flexibility/running.js';
import { exp } from '../random.js';
import { STEP_SECONDS } from './gpu-job.js';

const COOLING_SECONDS = 180;
export const METER_NOISE_RATIO = 0.0005;
export const LARGEST_CLOCK_ERROR_S = 6;

const Reading = z.strictObject({ at: z.number(), seconds: z.number(), kw: z.number() });

/** All that it goes on from. */
export const KeptBuilding = z.strictObject({
  coolingKw: z.number().nullable().describe('null: it has settled'),
  late: Reading.nullable().describe('the reading that comes next'),
  unread: z.array(Reading),
});
export type KeptBuilding = z.infer<typeof KeptBuilding>;

export class Building {
  private coolingKw: number | null;
  private late: MeterReading | null;
  private unread: MeterReading[];

  constructor(
    private readonly is: {
      readonly plant: Plant;
      readonly ambientC: number;
      /** seconds by which the meter’s clock is ahead */
      readonly meterAheadS: number;
    },
    kept: KeptBuilding = { coolingKw: null, late: null, unread: [] },
  ) {
    ({ coolingKw: this.coolingKw, late: this.late, unread: this.unread } = kept);
  }

  kept(): KeptBuilding {
    return { coolingKw: this.coolingKw, late: this.late, unread: this.unread };
  }

  /** Facility kW over the step that begins at `at`; `noise`: what the meter reads ÷ what is, null: it says nothing. */
  step(at: number, itKw: number, helpKw: number, noise: number | null): number {
    const settled = overheadKw(this.is.plant, itKw, this.is.ambientC);
    const before = this.coolingKw ?? settled;
    this.coolingKw = before + (settled - before) * (1 - exp(-STEP_SECONDS / COOLING_SECONDS));
    const kw = itKw + this.coolingKw - helpKw;
    if (this.late !== null) this.unread.push(this.late);
    this.late = noise === null ? null : { at: at + this.is.meterAheadS, seconds: STEP_SECONDS, kw: kw * noise };
    return kw;
  }

  /** What has arrived since the last call. */
  readings(): MeterReading[] {
    const arrived = this.unread;
    this.unread = [];
    return arrived;
  }
}
