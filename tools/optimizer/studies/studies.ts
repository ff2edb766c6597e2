/** Front door of the studies: every one by name. */
import { invalid } from '../../../domain/fault.js';
import { StudyData } from './data.js';
import { type GaiaOptions, gaia } from './gaia.js';
import { gbCostCarbon } from './gb-cost-carbon.js';
import { limits } from './limits.js';
import { lwaMl, lwaNightly } from './lwa.js';
import type { StudyAnswer } from './study.js';

export type { StudyAnswer, StudyRow } from './study.js';

export const STUDIES = ['lwa-nightly', 'lwa-ml', 'gaia', 'limits', 'gb-cost-carbon'] as const;

export interface ReplayOptions extends GaiaOptions {
  readonly onProgress?: (done: number, total: number) => void;
}

/** Throws Fault `invalid-input` for another name, `not-found` for a missing data file. */
export const replayStudy = (name: string, folder: string, options: ReplayOptions = {}): StudyAnswer => {
  const data = new StudyData(folder);
  switch (name) {
    case 'lwa-nightly':
      return lwaNightly(data);
    case 'lwa-ml':
      return lwaMl(data, options.onProgress);
    case 'gaia':
      return gaia(data, options);
    case 'limits':
      return limits(data, options.onProgress);
    case 'gb-cost-carbon':
      return gbCostCarbon(data);
    default:
      throw invalid(`there is no study "${name}"`, `There are: ${STUDIES.join(', ')}.`);
  }
};
