/** What signed checkpoints say about a ledger: its own and those that others kept, in order of size. */
import type { Checkpoint } from '../../domain/evidence/evidence.js';
import { invalid } from '../../domain/fault.js';
import type { StoredCheckpoint } from '../../domain/store.js';
import { openCheckpoint } from './checkpoint.js';

export interface ClaimSource {
  /** In order of size, those above `after`. */
  checkpoints(after: number, limit: number): Promise<Pick<StoredCheckpoint, 'size' | 'root' | 'note'>[]>;
}

/** A checkpoint from elsewhere, with words for where it comes from. */
export interface KeptNote {
  readonly from: string;
  readonly note: string;
}

export interface SoundClaim {
  readonly size: number;
  readonly from: string;
  readonly checkpoint: Checkpoint;
  readonly defect?: undefined;
}

export type Claim = SoundClaim | { readonly size: number; readonly from: string; readonly defect: string };

const PAGE = 200;

/**
 * A checkpoint that somebody gives to an audit. What is none, or is another log's, says nothing about the ledger: the argument is
 * wrong. Throws Fault `invalid-input`.
 */
export const givenNote = (note: string, vkeys: readonly string[]): KeptNote => {
  try {
    openCheckpoint(note, vkeys);
  } catch (cause) {
    throw invalid(
      `since is no checkpoint of this ledger: ${(cause as Error).message}. Nothing was audited`,
      'Give the whole text of a checkpoint that this ledger signed, byte for byte, its last newline too; or leave it out. If it surely is of this ledger, its keys were exchanged since: audit with the keys that were published then (caco ledger audit --file FILE --vkeys FILE).',
      { field: 'since' },
    );
  }
  return { from: 'the checkpoint given', note };
};

const open = (from: string, note: string, vkeys: readonly string[], filed?: { size: number; root: string }): Claim => {
  try {
    const { parsed: _, ...checkpoint } = openCheckpoint(note, vkeys);
    if (filed && (filed.size !== checkpoint.size || filed.root !== checkpoint.root))
      return { size: filed.size, from, defect: 'it is filed under another state than the one it states' };
    return { size: checkpoint.size, from, checkpoint };
  } catch (cause) {
    return { size: filed?.size ?? 0, from, defect: (cause as Error).message };
  }
};

/** A checkpoint that does not verify comes with its defect. Memory does not grow with their number. */
export async function* claimsInOrder(
  source: ClaimSource,
  vkeys: readonly string[],
  kept: readonly KeptNote[],
): AsyncGenerator<Claim, void> {
  const waiting = kept.map(({ from, note }) => open(from, note, vkeys)).sort((a, b) => a.size - b.size);
  for (let after = -1; ; ) {
    const page = await source.checkpoints(after, PAGE);
    for (const row of page) {
      while (waiting[0] && waiting[0].size <= row.size) yield waiting.shift()!;
      yield open(`the stored checkpoint of size ${row.size}`, row.note, vkeys, row);
      after = row.size;
    }
    if (page.length < PAGE) break;
  }
  yield* waiting;
}
