/** C2SP tlog-checkpoint: the text of a signed note that states a log's name, size and root. */
import type { Checkpoint } from '../../domain/evidence/evidence.js';
import { invalid } from '../../domain/fault.js';
import { base64, COSIGNATURE, ED25519, type Note, parseNote, parseVkey, type Signer, verifyNote } from './note.js';

export interface CheckpointText {
  readonly origin: string;
  readonly size: number;
  readonly root: Buffer;
}

/** The bytes that are signed. */
export const checkpointText = ({ origin, size, root }: CheckpointText): string =>
  `${origin}\n${size}\n${root.toString('base64')}\n`;

/** Throws Fault `invalid-input`. Extension lines are allowed and ignored. */
export const parseCheckpoint = (text: string): CheckpointText => {
  const [origin, size, root, ...rest] = text.split('\n');
  const refuse = (what: string): never => {
    throw invalid(`not a checkpoint: ${what}`, 'Its lines are origin, size and root in base64, then signatures.');
  };
  if (origin === undefined || origin === '') return refuse('no origin');
  if (size === undefined || !/^(0|[1-9]\d{0,15})$/.test(size) || !Number.isSafeInteger(Number(size)))
    return refuse(`"${size}" is not a size`);
  const bytes = base64(root ?? '');
  if (bytes?.length !== 32) return refuse('its root is not 32 bytes in base64');
  if (rest.pop() !== '' || rest.includes('')) return refuse('an empty line within it');
  return { origin, size: Number(size), root: bytes };
};

/** Signs with every signer, in order. */
export const signCheckpoint = (state: CheckpointText, signers: readonly Signer[]): string => {
  const text = checkpointText(state);
  return `${text}\n${signers.map((signer) => signer.line(text, 0)).join('')}`;
};

/** What names the key of a signature line: its name, and the key's hash in the first four bytes. */
const keyOf = (line: string): string => {
  const [, name, encoded] = line.trimEnd().split(' ');
  return `${name} ${Buffer.from(encoded ?? '', 'base64').toString('hex', 0, 4)}`;
};

/** The note with one more signature. It takes the place of an earlier one by the same key: a note holds a hundred at most. */
export const addLine = (note: string, line: string): string => {
  const end = note.lastIndexOf('\n\n') + 2;
  const others = note
    .slice(end)
    .split(/(?<=\n)/)
    .filter((other) => keyOf(other) !== keyOf(line));
  return `${note.slice(0, end)}${others.join('')}${line}`;
};

/**
 * Opens a signed checkpoint. `vkeys` are the log's keys, of which one must have signed under the checkpoint's origin, and
 * those of witnesses, whose cosignatures are counted. Fault `invalid-input` when it is not to be trusted.
 */
export const openCheckpoint = (note: string, vkeys: readonly string[]): Checkpoint & { parsed: Note } => {
  const parsed = parseNote(note);
  const state = parseCheckpoint(parsed.text);
  const by = verifyNote(parsed, vkeys.map(parseVkey));
  if (!by.some((key) => key.type === ED25519 && key.name === state.origin))
    throw invalid(
      `the checkpoint of ${state.origin} is not signed by a key of that log`,
      'Compare the verifier keys with those that the log published.',
    );
  return {
    origin: state.origin,
    size: state.size,
    root: state.root.toString('base64'),
    note,
    witnesses: by.filter((key) => key.type === COSIGNATURE).map((key) => key.name),
    parsed,
  };
};
