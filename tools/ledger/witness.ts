/**
 * A witness: a party of its own, with its own key and folder, that cosigns a ledger's checkpoint only when it continues
 * the last one it cosigned. C2SP tlog-witness; several processes may share the folder.
 */
import { join } from 'node:path';
import type { Checkpoint } from '../../domain/evidence/evidence.js';
import { type Hash, sha256Hex, verifyConsistency } from '../../domain/evidence/merkle.js';
import { Fault } from '../../domain/fault.js';
import type { Instant } from '../../domain/time.js';
import { toEpoch } from '../../domain/time.js';
import { addLine, openCheckpoint, parseCheckpoint } from './checkpoint.js';
import { createWhole, type Drawer, folderDrawer, requirePrivate } from './files.js';
import { openLock } from './lock.js';
import { base64, COSIGNATURE, ED25519, newPrivateKey, parseNote, parseVkey, type Signer, signerOf } from './note.js';

/** What a witness asks of a ledger, and how it hands its cosignature back. */
export interface WitnessSource {
  /** The newest signed note. */
  checkpoint(): Promise<string>;
  consistency(old: number, size: number): Promise<Hash[]>;
  vkeys(): string[];
  /** Adds a cosignature line to the checkpoint of this size. */
  accept(size: number, line: string, vkey: string): Promise<Checkpoint>;
}

/** An answer of the tlog-witness protocol. */
export interface WitnessAnswer {
  readonly status: 200 | 400 | 403 | 404 | 409 | 422;
  readonly type: 'text/plain' | 'text/x.tlog.size';
  readonly body: string;
}

export interface Witness {
  readonly vkey: string;
  /** From now on checkpoints of this log are considered. */
  follow(vkeys: readonly string[]): void;
  /** Does it know this log? */
  follows(origin: string): boolean;
  /** Size of the last checkpoint that it cosigned for a log; 0 before the first. */
  lastSize(origin: string): number;
  /** The note that it cosigned last, as `GET /<hash of origin>/checkpoint` gives it. */
  lastNote(originHash: string): string | undefined;
  /** `POST /add-checkpoint`: `old N`, proof lines, a blank line, the checkpoint. Persisted before the answer. */
  addCheckpoint(request: string): WitnessAnswer;
}

const SECRET = 'witness.key';
const PUBLIC = 'witness.vkey';
const LOGS = 'logs.vkeys';
const MAX_PROOF = 63;

const answer = (status: WitnessAnswer['status'], body: string): WitnessAnswer => ({ status, type: 'text/plain', body });
const lines = (text: string | undefined): string[] => (text ?? '').split('\n').filter((line) => line !== '');
const fileOf = (originHash: string): string => `${originHash}.checkpoint`;

const signerIn = (drawer: Drawer, folder: string, name: string | undefined): Signer => {
  requirePrivate(folder, SECRET);
  if (drawer.read(SECRET) === undefined) createWhole(join(folder, SECRET), newPrivateKey(), 0o600);
  const secret = drawer.read(SECRET)!;
  const kept = drawer.read(PUBLIC);
  const called =
    kept === undefined
      ? (name ?? `caco.local/witness/${sha256Hex(signerOf('caco', secret, COSIGNATURE).vkey).slice(0, 16)}`)
      : parseVkey(kept).name;
  const signer = signerOf(called, secret, COSIGNATURE);
  if (kept === undefined) drawer.write(PUBLIC, `${signer.vkey}\n`);
  return signer;
};

/** Opens a witness' folder; its key is made on first use. `name` counts then only. */
export const openWitness = (options: { folder: string; now: () => Instant; name?: string | undefined }): Witness => {
  const { folder, now } = options;
  const drawer = folderDrawer(folder);
  const lock = openLock(join(folder, 'lock'));
  const signer = signerIn(drawer, folder, options.name);
  const logKeys = (origin: string) => lines(drawer.read(LOGS)).filter((vkey) => parseVkey(vkey).name === origin);
  const last = (origin: string) => {
    const note = drawer.read(fileOf(sha256Hex(origin)));
    return note === undefined ? undefined : parseCheckpoint(parseNote(note).text);
  };
  const follow = (vkeys: readonly string[]): void => {
    const known = lines(drawer.read(LOGS));
    const fresh = vkeys.filter((vkey) => parseVkey(vkey).type === ED25519 && !known.includes(vkey));
    if (fresh.length > 0) drawer.write(LOGS, `${[...known, ...fresh].join('\n')}\n`);
  };

  const consider = (request: string): WitnessAnswer => {
    const parsed = parseRequest(request);
    if (typeof parsed === 'string') return answer(400, `${parsed}\n`);
    const keys = logKeys(parsed.origin);
    if (keys.length === 0) return answer(404, `no log ${parsed.origin} is followed here\n`);
    let checkpoint: Checkpoint;
    try {
      checkpoint = openCheckpoint(parsed.note, keys);
    } catch (error) {
      return answer(403, `${(error as Error).message}\n`);
    }
    const { old, proof, text } = parsed;
    if (old > checkpoint.size) return answer(400, `old size ${old} is above the checkpoint's ${checkpoint.size}\n`);
    const before = last(checkpoint.origin);
    const stored = before?.size ?? 0;
    if (old !== stored) return { status: 409, type: 'text/x.tlog.size', body: `${stored}\n` };
    const root = Buffer.from(checkpoint.root, 'base64');
    if (before && old === checkpoint.size && !before.root.equals(root))
      return { status: 409, type: 'text/x.tlog.size', body: `${stored}\n` };
    const consistent =
      before && old > 0
        ? verifyConsistency({ oldSize: old, size: checkpoint.size, oldRoot: before.root, root, proof })
        : proof.length === 0;
    if (!consistent) return answer(422, `the checkpoint of ${checkpoint.size} does not continue that of ${old}\n`);
    const line = signer.line(text, toEpoch(now()));
    drawer.write(fileOf(sha256Hex(checkpoint.origin)), addLine(parsed.note, line));
    return answer(200, line);
  };

  return {
    vkey: signer.vkey,
    follow: (vkeys) => lock.under(() => follow(vkeys)),
    follows: (origin) => logKeys(origin).length > 0,
    lastSize: (origin) => last(origin)?.size ?? 0,
    lastNote: (originHash) => (/^[0-9a-f]{64}$/.test(originHash) ? drawer.read(fileOf(originHash)) : undefined),
    addCheckpoint: (request) => lock.under(() => consider(request)),
  };
};

/** The parts of a request, or what is wrong with it. */
const parseRequest = (request: string) => {
  const end = request.indexOf('\n\n');
  const [first, ...encoded] = request.slice(0, Math.max(0, end)).split('\n');
  const old = /^old (0|[1-9]\d{0,15})$/.exec(first ?? '')?.[1];
  if (end < 0 || old === undefined) return 'the first line must be "old" and a size';
  if (encoded.length > MAX_PROOF) return `more than ${MAX_PROOF} proof lines`;
  const proof: Buffer[] = [];
  for (const line of encoded) {
    const hash = base64(line);
    if (hash?.length !== 32) return 'a proof line is not a hash';
    proof.push(hash);
  }
  const note = request.slice(end + 2);
  try {
    const { text } = parseNote(note);
    return { old: Number(old), proof, note, text, origin: parseCheckpoint(text).origin };
  } catch (error) {
    return (error as Error).message;
  }
};

export const requestText = (old: number, proof: readonly Hash[], note: string): string =>
  `old ${old}\n${proof.map((hash) => `${hash.toString('base64')}\n`).join('')}\n${note}`;

/**
 * One round: looks at the newest checkpoint of a ledger and cosigns it. A ledger's keys are trusted on first use and
 * remembered; later keys only when a known one signed beside them. Fault `conflict` when the ledger does not continue what
 * was cosigned before: the old state stays in the folder as proof.
 */
export const runWitness = async (options: {
  folder: string;
  source: WitnessSource;
  now: () => Instant;
  name?: string | undefined;
}): Promise<{ origin: string; size: number; root: string; witness: string; vkey: string; line: string }> => {
  const witness = openWitness(options);
  const { source } = options;
  const note = await source.checkpoint();
  const parsed = parseNote(note);
  const state = parseCheckpoint(parsed.text);
  const fresh = source.vkeys().filter((vkey) => parsed.signatures.some((s) => s.keyId === parseVkey(vkey).keyId));
  if (!witness.follows(state.origin)) witness.follow(fresh);

  const old = witness.lastSize(state.origin);
  const refuse = (what: string): never => {
    throw new Fault(
      'conflict',
      `the witness does not cosign ${state.origin} at ${state.size}: ${what}`,
      `Run \`caco ledger audit --since\` with the checkpoint in ${options.folder}.`,
    );
  };
  if (old > state.size) return refuse(`it has cosigned ${old} entries before, so entries were removed`);
  const proof = old > 0 && old < state.size ? await source.consistency(old, state.size) : [];
  const { status, body } = witness.addCheckpoint(requestText(old, proof, note));
  if (status === 409 && old === state.size) return refuse(`it has cosigned another root for ${old} entries`);
  if (status !== 200) return refuse(body.trim());
  // A known key has signed this note, so the keys beside it may be learnt from it.
  witness.follow(fresh);
  await source.accept(state.size, body, witness.vkey);
  return {
    origin: state.origin,
    size: state.size,
    root: state.root.toString('base64'),
    witness: parseVkey(witness.vkey).name,
    vkey: witness.vkey,
    line: body,
  };
};
