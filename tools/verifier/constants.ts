/** Constants of the method for one record. */
import type { z } from 'zod';
import { decimal } from '../../domain/decimal.js';
import { type Constants, DEFAULT_CONSTANTS, type SomeConstants } from '../../domain/evidence/record.js';
import type { World } from '../../domain/world.js';

/** What was asked for, else what the configuration says, else the defaults. Members that are undefined are left out. */
export const constantsOf = (method: World['method'], asked: z.output<typeof SomeConstants> | undefined): Constants => {
  const given = Object.entries(asked ?? {}).filter(([, value]) => value !== undefined);
  return {
    ...DEFAULT_CONSTANTS,
    confidence: decimal(method.confidence),
    intensityHalfWidthRatio: decimal(method.uncertaintyRatio),
    ...Object.fromEntries(given),
  };
};
