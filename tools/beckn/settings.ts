/** What a participant of the market is: its names, addresses, keys and terms. */
import type { KeyObject } from 'node:crypto';
import type { DialectName, Place } from '../../domain/market.js';

export interface MarketSettings {
  readonly bppId: string;
  readonly bppUri: string;
  readonly bapId: string;
  readonly bapUri: string;
  readonly keyId: string;
  readonly signingKey: KeyObject;
  readonly encryptionKey: KeyObject | null;
  readonly registryEncryptionKey: KeyObject | null;
  readonly registryUrl: string | null;
  readonly trustFile: string | null;
  readonly domains: readonly string[];
  readonly dialects: readonly DialectName[];
  readonly allowInsecureUrls: boolean;
  readonly skewMs: number;
  readonly defaultTtl: string;
  readonly maxBodyBytes: number;
  readonly timeoutMs: number;
  readonly maxAttempts: number;
  readonly firstRetryMs: number;
  readonly freshMessageIds: boolean;
  readonly requireSignature: boolean;
  readonly terms: SellerTerms;
}

/** How we sell. */
export interface SellerTerms {
  readonly providerId: string;
  readonly providerName: string;
  readonly place: Place;
  readonly marginPerMwh: number;
  readonly noticeMinutes: number;
  /** Orders up to this many kW need no person. */
  readonly standingKw: number;
  readonly phone: string | null;
  readonly email: string | null;
}
