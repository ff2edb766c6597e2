/**
 * Front door of the market room: a participant that sells flexibility and buys it, over Beckn. `dialects/` are the spellings
 * around one model; intake, clerk and post are the way of a message; seller and buyer the two sides of a conversation.
 */
import { listSales } from './list-sales.js';
import { searchMarket } from './search-market.js';

export { BOUGHT, type Bought, isOver } from './bought.js';
export type { Buyer } from './buyer.js';
export { claimsIn, planToSellFrom } from './catalog.js';
export { dialectOf, recognise } from './dialects/dialects.js';
export { type Check, examine } from './doctor.js';
export { publicBytes, readPrivateKey, readPublicKey } from './encoding.js';
export { deliverersOf } from './exclusive.js';
export type { Incoming, Outgoing } from './intake.js';
export { type Market, openMarket } from './market.js';
export { isDead, newHolder } from './pump.js';
export { type CarbonPrice, type Ranked, rank } from './rank.js';
export { register, registryRow } from './register.js';
export { openRegistry, type Registry } from './registry.js';
export { limited, type Planner, type SaleOutcome } from './seller.js';
export type { MarketSettings } from './settings.js';
export { parseSignature, requireSignature, signatureHeader } from './signing.js';
export { transcript } from './transcript.js';

export const becknTools = [searchMarket, listSales] as const;
