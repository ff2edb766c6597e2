/** Front door: what a site saved against what it would have used under the same load, and no more than is proven. */
import { claimSavings } from './claim.js';
import { importCovariate } from './covariates.js';
import { predictSavings, reportSavings } from './report.js';
import { trainSavingsModel } from './train.js';

export { claimSavings, importCovariate, predictSavings, reportSavings, trainSavingsModel };

export const savingsTools = [importCovariate, trainSavingsModel, predictSavings, claimSavings, reportSavings] as const;
