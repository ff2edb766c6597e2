/** The Ledger port over the store: group commit, signed checkpoints, proofs, audit and export. */
import { type Checkpoint, type Entry, type EntryBody, entryText } from '../../domain/evidence/evidence.js';
import { Fault, notFound } from '../../domain/fault.js';
import type { Entries } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import type { Ledger } from '../../domain/world.js';
import { auditLedger } from './audit.js';
import { bundleText, verifyBundle } from './bundle.js';
import { addLine } from './checkpoint.js';
import { givenNote } from './claims.js';
import { writeExport } from './export.js';
import { groupCommit } from './group-commit.js';
import type { Keys } from './keys.js';
import { AUDIT_REMEDY, knownKeys, opened, signState } from './signing.js';
import { treeOf } from './tree.js';
import type { WitnessSource } from './witness.js';

export interface SigningLedger extends Ledger {
  readonly origin: string;
  /** Verifier keys of the ledger, oldest first. */
  vkeys(): string[];
  /**
   * Makes a new key and signs a checkpoint with the old one and the new one, so that whoever knows the old key can learn
   * the new one from it. Checkpoints signed before stay verifiable.
   */
  rotateKey(by: { actor: string }): Promise<Checkpoint>;
  /** What a witness asks of this ledger. */
  readonly witnessed: WitnessSource;
}

/**
 * `store.entries`, the keys of this place, and what time it is. A key is made when something is first signed: appending,
 * reading, verifying and auditing make none.
 */
export const storeLedger = (
  store: { readonly entries: Entries },
  openKeys: () => Keys,
  now: () => Instant,
): SigningLedger => {
  const { entries } = store;
  let place: Keys | undefined;
  const keys = (): Keys => {
    place ??= openKeys();
    return place;
  };
  const checkpoint = async () => signState(entries, keys(), [keys().signer()], now);

  const head = async (): Promise<Checkpoint | null> => {
    const last = await entries.lastCheckpoint();
    return last ? opened(last.note, keys()) : null;
  };

  const witnessed: WitnessSource = {
    checkpoint: async () => (await checkpoint()).note,
    consistency: async (old, size) => treeOf(entries, await entries.size()).consistency(old, size),
    vkeys: () => keys().vkeys(),
    async accept(size, line, vkey) {
      keys().trust(vkey);
      for (;;) {
        const stored = (await entries.checkpoints(size - 1, 1))[0];
        if (stored?.size !== size) throw notFound(`there is no checkpoint of size ${size}`, 'Ask for a new one.');
        const note = addLine(stored.note, line);
        const state = opened(note, keys());
        if (note === stored.note || (await entries.replaceNote(size, stored.note, note))) {
          if ((await entries.lastCheckpoint())?.size === size) keys().pin(note);
          return state;
        }
      }
    },
  };

  return {
    get origin() {
      return keys().origin;
    },
    vkeys: () => keys().vkeys(),
    witnessed,
    append: groupCommit((bodies: readonly EntryBody[]): Promise<Entry[]> => entries.append(bodies)),
    read: (from, limit) => entries.read(from, limit),
    size: () => entries.size(),
    head,
    checkpoint,
    async prove(seq) {
      const size = await entries.size();
      const row = (await entries.texts(seq, 1))[0];
      if (row?.seq !== seq)
        throw notFound(
          `the ledger has no entry ${seq}`,
          size > 0 ? `Give a number from 0 to ${size - 1}.` : 'It is empty.',
        );
      const last = await head();
      const covering = last && last.size > seq ? last : await checkpoint();
      const proof = await treeOf(entries, await entries.size()).inclusion(seq, covering.size);
      const leaf = entryText(row.seq, row.prevHash, row.body);
      const bundle = bundleText({ index: seq, proof, checkpoint: covering.note });
      try {
        verifyBundle(bundle, leaf, knownKeys(keys()));
      } catch (cause) {
        throw new Fault('conflict', `entry ${seq} cannot be proved: it is not what was signed`, AUDIT_REMEDY, {
          cause,
        });
      }
      return { leaf, bundle, checkpoint: covering };
    },
    async audit(options = {}) {
      const pinned = keys().pinned();
      const total = await entries.size();
      return auditLedger(entries, {
        vkeys: knownKeys(keys()),
        kept: [
          ...(pinned === undefined ? [] : [{ from: 'the checkpoint kept with the keys', note: pinned }]),
          ...(options.since === undefined ? [] : [givenNote(options.since, knownKeys(keys()))]),
        ],
        signal: options.signal,
        progress: options.progress && ((done) => options.progress?.(done, total)),
      });
    },
    async exportTo(folder, options) {
      const state = await checkpoint();
      return { checkpoint: state, files: await writeExport(entries, folder, state, knownKeys(keys()), options) };
    },
    async rotateKey({ actor }) {
      await checkpoint();
      const old = keys().signer();
      const next = keys().prepareNext();
      const body: EntryBody = {
        kind: 'ledger_key',
        at: now(),
        actor,
        cause: null,
        subject: keys().origin,
        data: { vkey: next.vkey, replaces: old.vkey },
      };
      await entries.append([body]);
      const signed = await signState(entries, keys(), [old, next], now);
      keys().promoteNext();
      return signed;
    },
  };
};
