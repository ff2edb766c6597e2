/** Asks a witness on another machine (C2SP tlog-witness) to cosign the newest checkpoint of a ledger. */
import type { Checkpoint } from '../../domain/evidence/evidence.js';
import { Fault, invalid } from '../../domain/fault.js';
import { type Limits, send } from '../../wire/wire.js';
import { parseCheckpoint } from './checkpoint.js';
import { COSIGNATURE, parseNote, parseVkey, verifyNote } from './note.js';
import { requestText, type WitnessSource } from './witness.js';

/** A signature line is a few hundred bytes, a proxy's page of apology a few thousand. */
const LIMITS: Partial<Limits> = { wholeMs: 15_000, bodyBytes: 256 * 1024 };
const AWAY = 'Check the address; the ledger goes on unwitnessed meanwhile.';

const post = async (url: string, body: string, signal: AbortSignal | undefined) => {
  const answer = await send({
    who: 'the witness',
    url: URL.canParse(url) ? new URL('/add-checkpoint', url) : url,
    chosenBy: 'operator',
    method: 'POST',
    headers: { 'Content-Type': 'text/plain; charset=utf-8' },
    body,
    signal,
    limits: LIMITS,
    remedies: { refused: AWAY, 'not-sent': AWAY, unknown: AWAY },
  });
  return { status: answer.status, body: answer.text };
};

/** `vkey` is the witness' verifier key, from its operator: what it answers counts only when that key signed it. */
export const askWitness = async (options: {
  url: string;
  vkey: string;
  source: WitnessSource;
  signal?: AbortSignal | undefined;
}): Promise<Checkpoint> => {
  const { url, vkey, source, signal } = options;
  const key = parseVkey(vkey);
  if (key.type !== COSIGNATURE)
    throw invalid('not a witness’ verifier key', 'Give the line that the witness’ operator publishes.');
  const note = await source.checkpoint();
  const { text } = parseNote(note);
  const { size } = parseCheckpoint(text);

  let answer = await post(url, requestText(0, [], note), signal);
  if (answer.status === 409) {
    const old = Number(answer.body.trim());
    if (!Number.isSafeInteger(old) || old < 0 || old > size)
      throw new Fault(
        'conflict',
        `the witness at ${url} has cosigned ${answer.body.trim().slice(0, 40)} entries of this ledger, which holds ${size}`,
        'Run `caco ledger audit`: an older copy of the store was put back, or entries were removed.',
      );
    const proof = old > 0 && old < size ? await source.consistency(old, size) : [];
    answer = await post(url, requestText(old, proof, note), signal);
  }
  if (answer.status !== 200)
    throw new Fault(
      'conflict',
      `the witness at ${url} does not cosign: ${answer.status} ${answer.body.trim().slice(0, 400)}`,
      answer.status === 404
        ? 'Give its operator the verifier keys of this ledger: vkeys.txt of an export.'
        : 'Run `caco ledger audit`, then ask its operator.',
    );
  // The note with the new line must hold under the key that was agreed on, whatever the server says.
  const line = answer.body.split('\n').find((l) => l.startsWith(`\u2014 ${key.name} `));
  if (line === undefined)
    throw invalid(`the witness at ${url} answered without a signature of ${key.name}`, 'Check --vkey.');
  verifyNote(parseNote(`${text}\n${line}\n`), [key]);
  return source.accept(size, `${line}\n`, vkey);
};
