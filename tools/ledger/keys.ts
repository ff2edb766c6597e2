/** The ledger's keys: made when something is first signed, readable by their owner only, turned over without losing what they signed. */
import { join } from 'node:path';
import { sha256Hex } from '../../domain/evidence/merkle.js';
import { Fault } from '../../domain/fault.js';
import { parseCheckpoint } from './checkpoint.js';
import { closeToOthers, type Drawer, folderDrawer, memoryDrawer, requirePrivate } from './files.js';
import { COSIGNATURE, ED25519, newPrivateKey, parseNote, parseVkey, type Signer, signerOf } from './note.js';

const SECRET = 'ledger.key';
const NEXT_SECRET = 'ledger.next.key';
const PUBLIC = 'ledger.vkeys';
const WITNESSES = 'witness.vkeys';
const PINNED = 'checkpoint';

export interface Keys {
  /** Name of the ledger and of its keys: made with the first key, when it is first asked for, and kept through every rotation. */
  readonly origin: string;
  /** Verifier keys of the ledger, every one that ever signed, oldest first. Reading makes none: before the first signature it is empty. */
  vkeys(): string[];
  /** Verifier keys of witnesses whose cosignature counts. */
  witnesses(): string[];
  /** From now on this witness' cosignature counts. Fault `invalid-input` for a key that is not a witness'. */
  trust(vkey: string): void;
  /** The key in force; made here when there is none. */
  signer(): Signer;
  /** The newest checkpoint this place has seen: what tells a rolled-back store from an old one. */
  pinned(): string | undefined;
  /** Of two processes that sign at once, the one that comes last may hold the older state: that is not pinned. */
  pin(note: string): void;
  /** Makes the next key; its verifier key is known from now on, the old one still signs. */
  prepareNext(): Signer;
  /** The next key is in force and the old private key is gone. */
  promoteNext(): void;
}

const sizeOf = (note: string): number => parseCheckpoint(parseNote(note).text).size;
const lines = (text: string | undefined): string[] => (text ?? '').split('\n').filter((line) => line !== '');

const keysIn = (drawer: Drawer, named: string | undefined, check: () => void): Keys => {
  const secret = (name: string): string => {
    check();
    const text = drawer.read(name);
    if (text !== undefined) return text;
    // Of two processes that come first at once, one makes the key and both read it.
    drawer.createSecret(name, newPrivateKey());
    return drawer.read(name)!;
  };
  const makePublic = (signer: Signer): void => {
    const known = lines(drawer.read(PUBLIC));
    if (!known.includes(signer.vkey)) drawer.write(PUBLIC, `${[...known, signer.vkey].join('\n')}\n`);
  };
  const kept = (): string | undefined => {
    const first = lines(drawer.read(PUBLIC))[0];
    return first === undefined ? undefined : parseVkey(first).name;
  };
  const origin = (): string => kept() ?? named ?? `caco.local/ledger/${fingerprint(secret(SECRET))}`;
  /** What signs is public before it signs. */
  const current = (): Signer => {
    const signer = signerOf(origin(), secret(SECRET), ED25519);
    makePublic(signer);
    return signer;
  };
  if (named !== undefined && named !== (kept() ?? named))
    throw new Fault(
      'conflict',
      `the keys in ${drawer.where} belong to ${kept()}, not to ${named}`,
      'A ledger keeps its name for good; use another folder for another ledger.',
    );

  return {
    get origin() {
      return origin();
    },
    vkeys: () => lines(drawer.read(PUBLIC)),
    witnesses: () => lines(drawer.read(WITNESSES)),
    trust(vkey) {
      const key = vkey.trim();
      if (parseVkey(key).type !== COSIGNATURE)
        throw new Fault(
          'invalid-input',
          'not a witness’ verifier key',
          'Give the line that `caco ledger witness` prints.',
        );
      const known = lines(drawer.read(WITNESSES));
      if (!known.includes(key)) drawer.write(WITNESSES, `${[...known, key].join('\n')}\n`);
    },
    signer: current,
    pinned: () => drawer.read(PINNED),
    pin(note) {
      const kept = drawer.read(PINNED);
      if (kept === undefined || sizeOf(kept) <= sizeOf(note)) drawer.write(PINNED, note);
    },
    prepareNext() {
      const next = signerOf(origin(), secret(NEXT_SECRET), ED25519);
      makePublic(next);
      return next;
    },
    promoteNext: () => drawer.rename(NEXT_SECRET, SECRET),
  };
};

const fingerprint = (privateKey: string): string => sha256Hex(signerOf('caco', privateKey, ED25519).vkey).slice(0, 16);

/** Keys in `HOME/keys`. `origin` names a new ledger; one is made up from the key when it is left out. */
export const openKeys = (home: string, origin?: string): Keys => {
  const folder = join(home, 'keys');
  // An older program let others read what is no secret. A private key that others could read is not closed but told of.
  closeToOthers(folder, [PUBLIC, WITNESSES, PINNED]);
  return keysIn(folderDrawer(folder), origin, () => {
    requirePrivate(folder, SECRET);
    requirePrivate(folder, NEXT_SECRET);
  });
};

/** Keys that are gone with the process. */
export const memoryKeys = (origin?: string): Keys => keysIn(memoryDrawer(), origin, () => {});
