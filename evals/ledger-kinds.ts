/** What was journalled since an entry: a question must leave nothing there. */
import type { Store } from '../domain/store.js';

export const ledgerKinds = async (store: Store, from: number): Promise<string[]> => {
  const kinds: string[] = [];
  for (let at = from; ; ) {
    const entries = await store.entries.read(at, 500);
    if (entries.length === 0) return kinds;
    kinds.push(...entries.map((e) => e.body.kind));
    at = entries.at(-1)!.seq + 1;
  }
};
