/** Keys that this browser has seen first: an owner who shows another key later is noticed. */
import type { Check } from './checks.js';

const KEY = 'caco-vkeys';

const keptKeys = (): Record<string, { readonly keys: readonly string[]; readonly since: string }> => {
  try {
    return JSON.parse(localStorage.getItem(KEY) ?? '{}') as ReturnType<typeof keptKeys>;
  } catch {
    return {};
  }
};

/** By the name of the ledger: keys may be added by a rotation, never exchanged. */
export const keyChecks = async (vkeys: string): Promise<Check[]> => {
  const keys = vkeys.split('\n').filter((line) => line !== '');
  const origin = keys[0]?.split('+')[0];
  if (origin === undefined) return [];
  const what = 'The ledger’s key is the one that this browser saw first';
  const all = keptKeys();
  const before = all[origin];
  const gone = before?.keys.filter((key) => !keys.includes(key)) ?? [];
  if (gone.length === 0) {
    try {
      localStorage.setItem(
        KEY,
        JSON.stringify({ ...all, [origin]: { keys, since: before?.since ?? new Date().toISOString() } }),
      );
    } catch {
      // A browser that keeps nothing sees every key for the first time.
    }
  }
  if (before === undefined)
    return [
      {
        what,
        ok: true,
        detail: 'It is seen here for the first time: compare it with the one that its owner has published.',
        values: keys,
      },
    ];
  return [
    {
      what,
      ok: gone.length === 0,
      detail:
        gone.length === 0
          ? `Known here since ${before.since.slice(0, 10)}.`
          : 'A key that signed before is no longer shown: ask the ledger’s owner, by another way than this page.',
      values: keys,
    },
  ];
};
