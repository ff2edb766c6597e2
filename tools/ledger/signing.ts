/** Signing a state of the ledger: only one that continues what was signed before, whoever else signs meanwhile. */
import type { Checkpoint } from '../../domain/evidence/evidence.js';
import { Fault } from '../../domain/fault.js';
import type { Entries } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { addLine, openCheckpoint, signCheckpoint } from './checkpoint.js';
import type { Keys } from './keys.js';
import { parseNote, type Signer } from './note.js';
import { treeOf } from './tree.js';

const KEYS_REMEDY =
  'Where several programs share a store, each needs the same CACO_HOME/keys; then run `caco ledger audit`, which names the first bad entry.';
export const AUDIT_REMEDY =
  'Run `caco ledger audit`: it names the first bad entry. Put the newest copy of the store back.';
/** Other processes may sign in between; each time there is a newer state to look at. */
const TRIES = 20;

/** Verifier keys that a checkpoint is believed by. */
export const knownKeys = (keys: Keys): string[] => [...keys.vkeys(), ...keys.witnesses()];

/** A checkpoint by its note; throws a Fault when it is none, or no known key has signed it. */
export const opened = (note: string, keys: Keys): Checkpoint => {
  const { parsed: _, ...checkpoint } = openCheckpoint(note, knownKeys(keys));
  return checkpoint;
};

/** The newest state with a line of each signer, kept in the store and pinned beside the keys. */
export const signState = async (
  entries: Entries,
  keys: Keys,
  signers: readonly Signer[],
  now: () => Instant,
): Promise<Checkpoint> => {
  for (let turn = 0; ; turn++) {
    const last = await entries.lastCheckpoint();
    const pinned = keys.pinned();
    const size = await entries.size();
    const kept = last && (await requireContinues(entries, keys, last.note, `the last checkpoint`, size));
    if (pinned !== undefined && pinned !== last?.note)
      await requireContinues(entries, keys, pinned, 'the checkpoint kept with the keys', size);
    if (kept?.size === size) {
      // Another process may have signed this state with fewer keys, while this one was turning its key over.
      const { text } = parseNote(kept.note);
      const lines = signers.map((signer) => signer.line(text, 0));
      const note = lines.every((line) => kept.note.includes(line)) ? kept.note : lines.reduce(addLine, kept.note);
      if (note !== kept.note && !(await entries.replaceNote(size, kept.note, note))) continue;
      if (pinned !== note) keys.pin(note);
      return opened(note, keys);
    }
    const root = await treeOf(entries, size).root(size);
    const note = signCheckpoint({ origin: keys.origin, size, root }, signers);
    try {
      if (await entries.keepCheckpoint({ size, root: root.toString('base64'), note, at: now() })) {
        keys.pin(note);
        return opened(note, keys);
      }
    } catch (error) {
      // Another process has signed a later state meanwhile.
      if (!(error instanceof Fault) || error.code !== 'conflict' || turn >= TRIES) throw error;
    }
  }
};

/** Throws Fault `conflict` unless the entries continue this checkpoint. */
const requireContinues = async (
  entries: Entries,
  keys: Keys,
  note: string,
  from: string,
  size: number,
): Promise<Checkpoint> => {
  let before: Checkpoint;
  try {
    before = opened(note, keys);
  } catch (cause) {
    throw new Fault('conflict', `${from} cannot be verified: ${(cause as Error).message}`, KEYS_REMEDY, { cause });
  }
  if (before.origin !== keys.origin)
    throw new Fault('conflict', `${from} belongs to the ledger ${before.origin}, not ${keys.origin}`, AUDIT_REMEDY);
  if (before.size > size)
    throw new Fault(
      'conflict',
      `${from} covers ${before.size} entries and the store holds ${size}: it was rolled back`,
      AUDIT_REMEDY,
    );
  if ((await treeOf(entries, size).root(before.size)).toString('base64') !== before.root)
    throw new Fault('conflict', `the entries do not continue ${from}: something signed was changed`, AUDIT_REMEDY);
  return before;
};
