/** Front door: one kWhSave for each whole kilowatt-hour that is proven saved, minted once, used up once, and audited both ways. */
import { auditKwhsave } from './audit.js';
import { deployKwhsave, rateMeter } from './deploy.js';
import { getKwhsaveBalance } from './holdings.js';
import { approveMint, mintKwhsave } from './mint.js';
import { pauseKwhsave } from './pause.js';
import { retireKwhsave } from './retire.js';
import { voidKwhsave } from './void.js';

export { openChain } from './chains/chains.js';
export {
  approveMint,
  auditKwhsave,
  deployKwhsave,
  getKwhsaveBalance,
  mintKwhsave,
  pauseKwhsave,
  rateMeter,
  retireKwhsave,
  voidKwhsave,
};

export const kwhsaveTools = [
  ...([deployKwhsave, rateMeter, approveMint, mintKwhsave, voidKwhsave, pauseKwhsave] as const),
  ...([getKwhsaveBalance, retireKwhsave, auditKwhsave] as const),
] as const;
