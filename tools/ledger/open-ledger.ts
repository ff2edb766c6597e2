/** Opens the ledger of one place: its entries in the store, its keys in the folder that holds state. */
import type { Store } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import type { Ledger } from '../../domain/world.js';
import { memoryKeys, openKeys } from './keys.js';
import { type SigningLedger, storeLedger } from './store-ledger.js';

/**
 * `home` is the folder that holds state; keys are made in `home/keys` when something is first signed, readable by their owner only. null: the
 * store is in memory and so are the keys. `origin` names a new ledger.
 */
export const openLedger = (options: {
  store: Pick<Store, 'entries'>;
  home: string | null;
  now: () => Instant;
  origin?: string | undefined;
}): SigningLedger => {
  const { store, home, now, origin } = options;
  return storeLedger(store, () => (home === null ? memoryKeys(origin) : openKeys(home, origin)), now);
};

/**
 * Signs now and then, so that entries do not stay unsigned for long; a signature for each entry would halve the rate of
 * appends. The answer stops it and signs what is left, where anything came since: who only read leaves no trace. `onTrouble` hears of a state that could not be signed.
 */
export const keepSigning = (
  ledger: Pick<Ledger, 'checkpoint' | 'size' | 'head'>,
  options: { everySeconds: number; onTrouble: (error: unknown) => void },
): (() => Promise<void>) => {
  const sign = async (): Promise<void> => {
    try {
      if ((await ledger.size()) > ((await ledger.head())?.size ?? 0)) await ledger.checkpoint();
    } catch (error) {
      options.onTrouble(error);
    }
  };
  const before = ledger.size().catch(() => 0);
  let last = Promise.resolve();
  const timer = setInterval(() => {
    last = last.then(sign);
  }, options.everySeconds * 1000);
  timer.unref();
  return async () => {
    clearInterval(timer);
    await last;
    if ((await ledger.size().catch(() => 0)) > (await before)) await sign();
  };
};
