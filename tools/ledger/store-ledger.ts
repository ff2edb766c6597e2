/** The Ledger port over the store: group commit, signed checkpoints, proofs, audit and export. */
import { type Checkpoint, type Entry, type EntryBody, entryText } from '../../domain/evidence/evidence.js';
import { Fault, notFound } from '../../domain/fault.js';
import type { Entries } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import type { Ledger } from '../../domain/world.js';
import { auditLedger } from './audit.js';
import { bundleText, verifyBundle } from './bundle.js';
import { addLine, openCheckpoint, signCheckpoint } from './checkpoint.js';
import { writeExport } from './export.js';
import { groupCommit } from './group-commit.js';
import type { Keys } from './keys.js';
import { parseNote, type Signer } from './note.js';
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

const AUDIT_REMEDY = 'Run `caco ledger audit`: it names the first bad entry. Put the newest copy of the store back.';
/** Other processes may sign in between; each time there is a newer state to look at. */
const TRIES = 20;

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
  const known = () => [...keys().vkeys(), ...keys().witnesses()];
  const opened = (note: string): Checkpoint => {
    const { parsed: _, ...checkpoint } = openCheckpoint(note, known());
    return checkpoint;
  };

  /** Throws Fault `conflict` unless the entries continue this checkpoint. */
  const requireContinues = async (note: string, from: string, size: number): Promise<Checkpoint> => {
    let before: Checkpoint;
    try {
      before = opened(note);
    } catch (cause) {
      throw new Fault('conflict', `${from} cannot be verified: ${(cause as Error).message}`, AUDIT_REMEDY, { cause });
    }
    if (before.origin !== keys().origin)
      throw new Fault('conflict', `${from} belongs to the ledger ${before.origin}, not ${keys().origin}`, AUDIT_REMEDY);
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

  const signWith = async (signers: readonly Signer[]): Promise<Checkpoint> => {
    for (let turn = 0; ; turn++) {
      const last = await entries.lastCheckpoint();
      const pinned = keys().pinned();
      const size = await entries.size();
      const kept = last && (await requireContinues(last.note, `the last checkpoint`, size));
      if (pinned !== undefined && pinned !== last?.note)
        await requireContinues(pinned, 'the checkpoint kept with the keys', size);
      if (kept?.size === size) {
        // Another process may have signed this state with fewer keys, while this one was turning its key over.
        const { text } = parseNote(kept.note);
        const lines = signers.map((signer) => signer.line(text, 0));
        const note = lines.every((line) => kept.note.includes(line)) ? kept.note : lines.reduce(addLine, kept.note);
        if (note !== kept.note && !(await entries.replaceNote(size, kept.note, note))) continue;
        if (pinned !== note) keys().pin(note);
        return opened(note);
      }
      const root = await treeOf(entries, size).root(size);
      const note = signCheckpoint({ origin: keys().origin, size, root }, signers);
      try {
        if (await entries.keepCheckpoint({ size, root: root.toString('base64'), note, at: now() })) {
          keys().pin(note);
          return opened(note);
        }
      } catch (error) {
        // Another process has signed a later state meanwhile.
        if (!(error instanceof Fault) || error.code !== 'conflict' || turn >= TRIES) throw error;
      }
    }
  };
  const checkpoint = async () => signWith([keys().signer()]);

  const head = async (): Promise<Checkpoint | null> => {
    const last = await entries.lastCheckpoint();
    return last ? opened(last.note) : null;
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
        const state = opened(note);
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
        verifyBundle(bundle, leaf, known());
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
        vkeys: known(),
        kept: [
          ...(pinned === undefined ? [] : [{ from: 'the checkpoint kept with the keys', note: pinned }]),
          ...(options.since === undefined ? [] : [{ from: 'the checkpoint given', note: options.since }]),
        ],
        signal: options.signal,
        progress: options.progress && ((done) => options.progress?.(done, total)),
      });
    },
    async exportTo(folder, options) {
      const state = await checkpoint();
      return { checkpoint: state, files: await writeExport(entries, folder, state, known(), options) };
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
      const signed = await signWith([old, next]);
      keys().promoteNext();
      return signed;
    },
  };
};
