/** Opens what holds jobs (a file, a stream, text) as decoded text in pieces; gunzips by content, never by name. */
import { createReadStream } from 'node:fs';
import { Readable } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { Fault, invalid, notFound } from '../../domain/fault.js';

/** A path (`-`: standard input), or bytes or text in pieces. */
export type Source = string | AsyncIterable<Uint8Array | string>;

/** Enough of the beginning to tell the format. */
const HEAD = 1 << 16;

/** The text's first part (at most 64 Ki characters and some) and all of it in pieces. Throws Fault for what is not text. */
export const openText = async (
  source: Source,
  signal?: AbortSignal,
): Promise<{ head: string; pieces: AsyncIterable<string> }> => {
  const bytes = typeof source === 'string' ? readFile(source, signal) : source;
  const text = decode(gunzipped(bytes));
  const first: string[] = [];
  let length = 0;
  let done = false;
  while (length < HEAD && !done) {
    const next = await text.next();
    if (next.done) done = true;
    else {
      first.push(next.value);
      length += next.value.length;
    }
  }
  const head = first.join('');
  refuseBinary(head);
  const pieces = async function* () {
    yield head;
    if (!done) for await (const piece of text) yield piece;
  };
  return { head, pieces: pieces() };
};

async function* readFile(path: string, signal?: AbortSignal): AsyncGenerator<Uint8Array> {
  if (path === '-') {
    yield* process.stdin as AsyncIterable<Buffer>;
    return;
  }
  try {
    yield* createReadStream(path, { highWaterMark: 1 << 18, ...(signal ? { signal } : {}) }) as AsyncIterable<Buffer>;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (code === 'ENOENT') throw notFound(`there is no file ${path}`, 'Check the path.');
    if (code === 'EISDIR') throw invalid(`${path} is a folder`, 'Name a file in it.');
    if (code === 'EACCES' || code === 'EPERM')
      throw new Fault('unavailable', `${path} may not be read`, 'Check the file’s permissions.', { cause });
    if (typeof code === 'string' && /^E[A-Z]+$/.test(code))
      throw new Fault(
        'unavailable',
        `${path} cannot be read: ${(cause as Error).message}`,
        'Copy it to a plain file and give that.',
        { cause },
      );
    throw cause;
  }
}

async function* gunzipped(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<Uint8Array | string> {
  const iterator = source[Symbol.asyncIterator]();
  const first = await iterator.next();
  if (first.done) return;
  const all = async function* () {
    yield first.value;
    for (;;) {
      const next = await iterator.next();
      if (next.done) return;
      yield next.value;
    }
  };
  const head = first.value;
  if (typeof head === 'string' || head[0] !== 0x1f || head[1] !== 0x8b) {
    yield* all();
    return;
  }
  const unzip = createGunzip();
  const input = Readable.from(all());
  input.on('error', (error) => unzip.destroy(error));
  try {
    yield* input.pipe(unzip) as AsyncIterable<Buffer>;
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    if (typeof code === 'string' && code.startsWith('Z_'))
      throw new Fault(
        'invalid-input',
        `the gzip data is broken or cut short: ${(cause as Error).message}`,
        'Fetch the file again; nothing was taken in.',
        { cause },
      );
    throw cause;
  }
}

async function* decode(source: AsyncIterable<Uint8Array | string>): AsyncGenerator<string> {
  let decoder: InstanceType<typeof TextDecoder> | undefined;
  for await (const piece of source) {
    if (typeof piece === 'string') {
      yield decoder === undefined ? piece.replace(/^\uFEFF/, '') : piece;
      decoder ??= new TextDecoder('utf-8');
      continue;
    }
    decoder ??= new TextDecoder(piece[0] === 0xff && piece[1] === 0xfe ? 'utf-16le' : 'utf-8');
    const text = decoder.decode(piece, { stream: true });
    if (text !== '') yield text;
  }
  const rest = decoder?.decode() ?? '';
  if (rest !== '') yield rest;
}

const refuseBinary = (head: string): void => {
  if (head.trim() === '') throw invalid('the file is empty', 'Give a file that holds jobs.');
  if (head.startsWith('PK\u0003\u0004'))
    throw new Fault('unsupported', 'this is a zip or spreadsheet file', 'Save the sheet as CSV and give that.');
  if (head.includes('\u0000'))
    throw new Fault('unsupported', 'this is a binary file', 'Give JSON, CSV, SWF or Slurm output as text.');
};
