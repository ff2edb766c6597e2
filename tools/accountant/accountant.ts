/** The accountant's front door: what work used, emitted and cost. */
import { measureEmissions } from './measure.js';

export { type Account, type AccountQuestion, account, DIMENSIONS, type Dimension, type Group } from './account.js';
export { Collector, type Piece, runImmediately } from './collect.js';
export { MeasureOutput, measureEmissions } from './measure.js';
export { sciOf } from './sci.js';
export { SpanTable } from './spans.js';

export const accountantTools = [measureEmissions] as const;
