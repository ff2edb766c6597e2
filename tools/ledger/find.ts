/** Entries by what they say, searched from the newest backwards and never further than one answer may take. */
import type { Entry } from '../../domain/evidence/evidence.js';
import type { Ledger } from '../../domain/world.js';

export interface Wanted {
  readonly cause?: string | undefined;
  readonly subject?: string | undefined;
  readonly kind?: string | undefined;
  readonly actor?: string | undefined;
}

const PAGE = 500;
/** Entries looked at in one answer. */
const MAX_LOOKED_AT = 50_000;

/** Newest first, below `before`. `next` is where to go on, null at the beginning. */
export const findBack = async (
  ledger: Pick<Ledger, 'read'>,
  wanted: Wanted,
  before: number,
  limit: number,
): Promise<{ found: Entry[]; next: number | null }> => {
  const fields = Object.entries(wanted).filter(([, value]) => value !== undefined) as [keyof Wanted, string][];
  const stop = Math.max(0, before - MAX_LOOKED_AT);
  const found: Entry[] = [];
  // Without a filter every entry counts, so no more of them are read than are asked for.
  const size = fields.length === 0 ? Math.min(PAGE, limit) : PAGE;
  for (let end = before; end > stop; ) {
    const from = Math.max(stop, end - size);
    const page = await ledger.read(from, end - from);
    for (const entry of page.reverse()) {
      if (!fields.every(([name, value]) => entry.body[name] === value)) continue;
      found.push(entry);
      if (found.length === limit) return { found, next: entry.seq > 0 ? entry.seq : null };
    }
    end = from;
  }
  return { found, next: stop > 0 ? stop : null };
};
