/** Signed notes and checkpoints to the letter: what is one, who signed it, and in which words anything else is refused. */
import { createHash } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { addLine, checkpointText, openCheckpoint, parseCheckpoint, signCheckpoint } from './checkpoint.js';
import { base64, COSIGNATURE, ED25519, newPrivateKey, parseNote, parseVkey, signerOf, verifyNote } from './note.js';

const LOG = 'caco.example/ledger';
const log = signerOf(LOG, Buffer.alloc(32, 1), ED25519);
const second = signerOf(LOG, Buffer.alloc(32, 2), ED25519);
const witness = signerOf('witness.example/w1', Buffer.alloc(32, 3), COSIGNATURE);
const ROOT = Buffer.alloc(32, 7);
const STATE = { origin: LOG, size: 3, root: ROOT };
const TEXT = checkpointText(STATE);

const refused = (what: string, remedy = '') =>
  expect.objectContaining({
    code: 'invalid-input',
    message: expect.stringContaining(what),
    remedy: expect.stringContaining(remedy),
  });
const none = (what: string) => refused(`not a signed note: ${what}`, 'exactly as it was published, byte for byte');
const untrusted = (what: string) =>
  refused(`the note is not to be trusted: ${what}`, 'Compare the verifier keys with those that were published');

/** A line that is well formed; its signature is by nobody. */
const line = (name = 'n', bytes: Buffer = Buffer.alloc(68, 9)) => `\u2014 ${name} ${bytes.toString('base64')}\n`;

describe('a note', () => {
  it('is its text with the last newline, and the lines after the last blank line', () => {
    const note = `one\n\ntwo\n\n${line('a')}${line('b', Buffer.from('00010203ff', 'hex'))}`;
    expect(parseNote(note)).toEqual({
      text: 'one\n\ntwo\n',
      signatures: [
        { name: 'a', keyId: '09090909', bytes: Buffer.alloc(64, 9) },
        { name: 'b', keyId: '00010203', bytes: Buffer.from([0xff]) },
      ],
    });
  });

  it('may have an empty line for a text', () => {
    expect(parseNote(`\n\n${line()}`).text).toBe('\n');
  });

  it('holds no control character but the newline, and only Unicode', () => {
    for (let code = 0; code < 0x20; code++) {
      const note = `a${String.fromCharCode(code)}b\n\n${line()}`;
      if (code === 0x0a) expect(parseNote(note).text).toBe('a\nb\n');
      else expect(() => parseNote(note), `0x${code.toString(16)}`).toThrow(none('it holds control characters'));
    }
    expect(parseNote(` ~\u{1F600}\n\n${line()}`).text).toBe(' ~\u{1F600}\n');
    for (const lone of ['\ud83d', '\ude00'])
      expect(() => parseNote(`a${lone}\n\n${line()}`)).toThrow(none('it holds control characters or is not Unicode'));
  });

  it('has at most a million bytes and a hundred signatures', () => {
    const rest = `\n\n${line()}`;
    const room = 1_000_000 - Buffer.byteLength(rest);
    expect(parseNote(`${'a'.repeat(room)}${rest}`).signatures).toHaveLength(1);
    expect(() => parseNote(`${'a'.repeat(room + 1)}${rest}`)).toThrow(none('longer than 1000000 bytes'));
    expect(() => parseNote(`${'é'.repeat(room / 2 + 1)}${rest}`)).toThrow(none('longer than 1000000 bytes'));
    expect(parseNote(`a\n\n${line().repeat(100)}`).signatures).toHaveLength(100);
    expect(() => parseNote(`a\n\n${line().repeat(101)}`)).toThrow(none('more than 100 signatures'));
  });

  it.each([
    ['no blank line', `a\n${line()}`, 'no blank line before the signatures'],
    ['no text at all', '', 'no blank line before the signatures'],
    ['no last newline', `a\n\n${line().trimEnd()}`, 'no newline at the end'],
    ['no signature', 'a\n\n', 'no newline at the end'],
    ['an empty line', `a\n\n${line()}\n`, 'no newline at the end'],
    ['another dash', `a\n\n${line().replace('\u2014', '-')}`, '"- n CQkJ'],
    ['no bytes', 'a\n\n\u2014 n\n', '"\u2014 n" is not a signature line'],
    ['no name', 'a\n\n\u2014\n', '"\u2014" is not a signature line'],
    ['a word too many', `a\n\n${line().trimEnd()} more\n`, '"\u2014 n CQkJ'],
    ['a name with a plus', `a\n\n${line('a+b')}`, '"\u2014 a+b CQkJ'],
    ['a name with a blank of another script', `a\n\n${line('a\u00a0b')}`, '"\u2014 a\u00a0b CQkJ'],
    ['an empty name', `a\n\n${line('')}`, '"\u2014  CQkJ'],
    ['bytes that are not base64', 'a\n\n\u2014 n CQkJCQk\n', 'the signature of n is not base64'],
    ['no byte after the hash of the key', `a\n\n${line('n', Buffer.alloc(4))}`, 'the signature of n is not base64'],
  ])('is refused with %s', (_, note, why) => {
    expect(() => parseNote(note)).toThrow(none(why));
  });

  it('quotes no more than sixty characters of a bad line', () => {
    expect(() => parseNote(`a\n\n${'x'.repeat(61)}\n`)).toThrow(none(`"${'x'.repeat(60)}" is not`));
  });

  it('spells its bytes in base64 with padding, without anything else', () => {
    expect(base64('aGk=')).toEqual(Buffer.from('hi'));
    expect(base64('')).toEqual(Buffer.alloc(0));
    for (const text of ['aGk', 'aGk=\n', ' aGk=', 'aGl=', 'a-k=']) expect(base64(text), text).toBeUndefined();
  });
});

describe('a verifier key', () => {
  const bad = (what: string) => refused(`not a verifier key: ${what}`, 'name+hash+key on one line, as in vkeys.txt');
  const [name, hash] = log.vkey.split('+') as [string, string];
  const bytes = base64(log.vkey.slice(name.length + hash.length + 2))!;
  const spelled = (key: Buffer) => `${name}+${hash}+${key.toString('base64')}`;

  it('names its key, whether or not there are blanks around it or a plus in its base64', () => {
    expect(parseVkey(` ${log.vkey}\n`)).toMatchObject({ name: LOG, keyId: hash, type: ED25519 });
    expect(parseVkey(witness.vkey)).toMatchObject({ name: 'witness.example/w1', type: COSIGNATURE });
    const plus = Array.from({ length: 40 }, (_, i) => signerOf('n', Buffer.alloc(32, 100 + i), ED25519)).find(
      ({ vkey }) => vkey.split('+').length > 3,
    )!;
    const note = parseNote(`a\n\n${plus.line('a\n', 0)}`);
    expect(verifyNote(note, [parseVkey(plus.vkey)])).toHaveLength(1);
  });

  it('has a hash of its name, a newline, its type and the key', () => {
    for (const [vkey, type] of [
      [log.vkey, 1],
      [witness.vkey, 4],
    ] as const) {
      const [of, id, ...rest] = vkey.split('+');
      const spelt = base64(rest.join('+'))!;
      expect(spelt[0]).toBe(type);
      expect(id).toBe(createHash('sha256').update(`${of}\n`).update(spelt).digest('hex').slice(0, 8));
    }
  });

  it.each([
    ['a name alone', name, name],
    ['no key', `${name}+${hash}`, 'neither Ed25519 nor cosignature/v1'],
    ['a key that is not base64', `${log.vkey}!`, name],
    ['an empty name', log.vkey.slice(name.length), `+${hash}`],
    ['a blank within its name', log.vkey.replace('caco', 'ca co'), 'ca co'],
    ['a type that nobody knows', spelled(Buffer.concat([Buffer.from([2]), bytes.subarray(1)])), 'neither Ed25519'],
    ['a key that is too short', spelled(bytes.subarray(0, 32)), 'neither Ed25519 nor cosignature/v1'],
    ['a key that is too long', spelled(Buffer.concat([bytes, Buffer.alloc(1)])), 'neither Ed25519'],
    ['the hash of another key', log.vkey.replace(hash, '00000000'), `the hash of ${LOG} does not match its key`],
    [
      'the hash of another type',
      spelled(Buffer.concat([Buffer.from([4]), bytes.subarray(1)])),
      `the hash of ${LOG} does not match`,
    ],
  ])('is refused with %s', (_, vkey, why) => {
    expect(() => parseVkey(vkey)).toThrow(bad(why));
  });

  it('is quoted up to eighty characters', () => {
    const long = 'x'.repeat(81);
    expect(() => parseVkey(`${long}+hash+!`)).toThrow(
      expect.objectContaining({ message: `not a verifier key: ${'x'.repeat(80)}` }),
    );
  });
});

describe('a signer', () => {
  it('has a name that fits on a line and in a key, and a key that may be kept as PEM', () => {
    for (const name of ['', 'a b', 'a+b', 'a\n'])
      expect(() => signerOf(name, Buffer.alloc(32), ED25519)).toThrow(
        refused(`"${name}" cannot name a key`, 'Use a URL without scheme, spaces and plus signs'),
      );
    const pem = newPrivateKey();
    expect(pem).toMatch(/^-----BEGIN PRIVATE KEY-----\n/);
    const signer = signerOf(LOG, pem, ED25519);
    expect([signer.name, parseVkey(signer.vkey).name]).toEqual([LOG, LOG]);
    expect(openCheckpoint(signCheckpoint(STATE, [signer]), [signer.vkey])).toMatchObject({ size: 3 });
  });

  it('of a witness states the time and signs it, that of a log does not', () => {
    const [bare, stamped] = [log, witness].map((s) => base64(s.line(TEXT, 1_735_689_600).trimEnd().split(' ')[2]!)!);
    expect([bare!.length, stamped!.length]).toEqual([4 + 64, 4 + 8 + 64]);
    expect(stamped!.readBigUInt64BE(4)).toBe(1_735_689_600n);
    expect(log.line(TEXT, 1)).toBe(log.line(TEXT, 2));
  });
});

describe('who signed', () => {
  const keys = [log, second, witness].map(({ vkey }) => parseVkey(vkey));
  const by = (lines: string, known = keys) => verifyNote(parseNote(`${TEXT}\n${lines}`), known).map((k) => k.keyId);
  const [first, other, stranger] = keys.map(({ keyId }) => keyId) as [string, string, string];
  const signed = (signer: typeof log) => signer.line(TEXT, 5);

  it('is told once for each key, in the order of the lines; others do not count', () => {
    const unknown = signerOf('unknown', Buffer.alloc(32, 4), ED25519);
    expect(by(signed(witness) + signed(unknown) + signed(second) + signed(log) + signed(witness))).toEqual([
      stranger,
      other,
      first,
    ]);
    // A known name with the hash of another key, and a known hash under another name, are strangers.
    const bytes = base64(signed(log).trimEnd().split(' ')[2]!)!;
    expect(by(line(LOG, Buffer.concat([Buffer.alloc(4), bytes.subarray(4)])) + signed(witness))).toEqual([stranger]);
    expect(by(line('elsewhere', bytes) + signed(witness))).toEqual([stranger]);
  });

  it('is nobody known: then the note is worth nothing', () => {
    expect(() => by(signed(log), [])).toThrow(untrusted('no known key has signed it'));
    expect(() => by(signed(log), [keys[2]!])).toThrow(untrusted('no known key has signed it'));
  });

  it('is not to be told of a note under which a known key has a wrong signature, however right the others are', () => {
    const wrong = (signer: typeof log, change: (bytes: Buffer) => Buffer) =>
      line(signer.name, change(base64(signed(signer).trimEnd().split(' ')[2]!)!));
    const flipped = (at: number) => (bytes: Buffer) => {
      const copy = Buffer.from(bytes);
      copy[at]! ^= 1;
      return copy;
    };
    for (const signer of [second, witness]) {
      const end = base64(signed(signer).trimEnd().split(' ')[2]!)!.length;
      for (const change of [
        flipped(5),
        flipped(end - 1),
        (b: Buffer) => b.subarray(0, 5),
        (b: Buffer) => b.subarray(0, end - 1),
        (b: Buffer) => Buffer.concat([b, Buffer.alloc(1)]),
      ])
        expect(() => by(signed(log) + wrong(signer, change))).toThrow(
          untrusted(`the signature of ${signer.name} is wrong`),
        );
    }
  });
});

describe('a checkpoint', () => {
  const bad = (what: string) => refused(`not a checkpoint: ${what}`, 'origin, size and root in base64');
  const root = ROOT.toString('base64');

  it('reads as it is written, and what stands below is for others', () => {
    expect(TEXT).toBe(`${LOG}\n3\n${root}\n`);
    expect(parseCheckpoint(TEXT)).toEqual(STATE);
    expect(parseCheckpoint(`${TEXT}more\nand more\n`)).toEqual(STATE);
    for (const size of [0, 10, Number.MAX_SAFE_INTEGER])
      expect(parseCheckpoint(checkpointText({ ...STATE, size })).size).toBe(size);
  });

  it.each([
    ['no line', '', 'no origin'],
    ['no origin', `\n3\n${root}\n`, 'no origin'],
    ['no size', LOG, '"undefined" is not a size'],
    ...['', '-1', '03', '1.5', '1e3', ' 3', '3 ', 'x3', '3x', '9007199254740992', '12345678901234567'].map(
      (size) => [`the size "${size}"`, `${LOG}\n${size}\n${root}\n`, `"${size}" is not a size`] as const,
    ),
    ['no root', `${LOG}\n3`, 'its root is not 32 bytes in base64'],
    ['a short root', `${LOG}\n3\n${ROOT.toString('base64', 1)}\n`, 'its root is not 32 bytes in base64'],
    ['a root in hex', `${LOG}\n3\n${ROOT.toString('hex')}\n`, 'its root is not 32 bytes in base64'],
    ['a root that is not base64', `${LOG}\n3\n${root}!\n`, 'its root is not 32 bytes in base64'],
    ['no last newline', TEXT.trimEnd(), 'an empty line within it'],
    ['a last line that is not ended', `${TEXT}more`, 'an empty line within it'],
    ['an empty line', `${TEXT}\nmore\n`, 'an empty line within it'],
  ] as const)('is refused with %s', (_, text, why) => {
    expect(() => parseCheckpoint(text)).toThrow(bad(why));
  });

  it('opens where a key of its log has signed it; cosignatures of known witnesses are counted beside', () => {
    const note = addLine(signCheckpoint(STATE, [log, second]), witness.line(TEXT, 5));
    expect(openCheckpoint(note, [log.vkey, witness.vkey])).toEqual({
      origin: LOG,
      size: 3,
      root,
      note,
      witnesses: ['witness.example/w1'],
      parsed: parseNote(note),
    });
    expect(openCheckpoint(note, [second.vkey]).witnesses).toEqual([]);
  });

  it('does not open by a witness alone, by the log of another name, or by its own name with a witness’ key', () => {
    const unsigned = refused(
      `the checkpoint of ${LOG} is not signed by a key of that log`,
      'Compare the verifier keys with those that the log published',
    );
    const elsewhere = signerOf('caco.example/other', Buffer.alloc(32, 5), ED25519);
    const namesake = signerOf(LOG, Buffer.alloc(32, 6), COSIGNATURE);
    for (const signer of [witness, elsewhere, namesake])
      expect(() => openCheckpoint(signCheckpoint(STATE, [signer]), [signer.vkey])).toThrow(unsigned);
  });

  it('takes a line more, in the place of an earlier one by the same key', () => {
    const note = signCheckpoint(STATE, [log, second]);
    const once = addLine(note, witness.line(TEXT, 5));
    expect(once).toBe(note + witness.line(TEXT, 5));
    expect(addLine(once, witness.line(TEXT, 6))).toBe(note + witness.line(TEXT, 6));
    expect(addLine(once, log.line(TEXT, 0))).toBe(
      `${TEXT}\n${second.line(TEXT, 0)}${witness.line(TEXT, 5)}${log.line(TEXT, 0)}`,
    );
    // The same name with another key, and a key's hash under another name, are other signers.
    expect(addLine(signCheckpoint(STATE, [log]), second.line(TEXT, 0))).toBe(note);
    const [one, two] = [1, 2].map((last) => line('n', Buffer.from([0, 0, 0, last, 9])));
    expect(addLine(`a\n\n${one}`, two!)).toBe(`a\n\n${one}${two}`);
    const namesake = log.line(TEXT, 0).replace(LOG, 'elsewhere');
    expect(addLine(signCheckpoint(STATE, [log]), namesake)).toBe(signCheckpoint(STATE, [log]) + namesake);
    expect(addLine(`a\n\n${TEXT}\n${log.line(TEXT, 0)}`, second.line(TEXT, 0))).toBe(`a\n\n${note}`);
  });
});
