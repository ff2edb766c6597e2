/** Front door: one kWhSave for each whole kilowatt-hour that is proven saved, minted once, used up once, and audited both ways. */
import { auditKwhsave } from './audit.js';
import { deployKwhsave, rateMeter } from './deploy.js';
import { getKwhsaveBalance, retireKwhsave } from './holdings.js';
import { approveMint, mintKwhsave } from './mint.js';

export { openChain } from './chains/chains.js';
export { approveMint, auditKwhsave, deployKwhsave, getKwhsaveBalance, mintKwhsave, rateMeter, retireKwhsave };

export const kwhsaveTools = [
  ...([deployKwhsave, rateMeter, approveMint, mintKwhsave] as const),
  ...([getKwhsaveBalance, retireKwhsave, auditKwhsave] as const),
] as const;
