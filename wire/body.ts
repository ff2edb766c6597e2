/** What arrives, unpacked and counted: no more bytes than allowed, whatever a small packed body unfolds to. */
import { pipeline, Readable } from 'node:stream';
import { TextDecoder } from 'node:util';
import { createBrotliDecompress, createGunzip, createInflate } from 'node:zlib';
import { Unreadable } from './broken.js';

export const ACCEPT_ENCODING = 'gzip, deflate, br';
const UNPACKERS: Readonly<Record<string, () => NodeJS.ReadWriteStream>> = {
  gzip: createGunzip,
  'x-gzip': createGunzip,
  deflate: createInflate,
  br: createBrotliDecompress,
};

/** The pieces of a body as they were before `Content-Encoding`; throws Unreadable past `mostBytes`. */
export async function* unpacked(
  arriving: AsyncIterable<Uint8Array>,
  encoding: string | undefined,
  mostBytes: number,
): AsyncGenerator<Uint8Array> {
  let bytes = 0;
  for await (const piece of unpack(arriving, encoding)) {
    bytes += piece.byteLength;
    if (bytes > mostBytes) throw new Unreadable('too-large', `more than ${mostBytes} bytes`);
    yield piece;
  }
}

async function* unpack(arriving: AsyncIterable<Uint8Array>, encoding: string | undefined): AsyncGenerator<Uint8Array> {
  const name = (encoding ?? '').trim().toLowerCase();
  if (name === '' || name === 'identity') return yield* arriving;
  const unpacker = UNPACKERS[name]?.();
  if (unpacker === undefined) throw new Unreadable('packed', `packed as "${name.slice(0, 40)}"`);
  let broken: unknown;
  const source = async function* () {
    try {
      yield* arriving;
    } catch (error) {
      broken = error;
      throw error;
    }
  };
  const unpacking = pipeline(Readable.from(source()), unpacker, () => {});
  try {
    for await (const piece of unpacking as unknown as AsyncIterable<Uint8Array>) yield piece;
  } catch (error) {
    // What the connection said comes before what the unpacker makes of it.
    throw (
      broken ?? new Unreadable('packed', `packed as "${name}" and damaged (${(error as NodeJS.ErrnoException).code})`)
    );
  }
}

/** The whole text, in the character set that the server names; UTF-8 where it names none or one that nobody knows. */
export const textOf = async (pieces: AsyncIterable<Uint8Array>, contentType: string | undefined): Promise<string> => {
  const parts: Uint8Array[] = [];
  for await (const piece of pieces) parts.push(piece);
  return decoderFor(contentType).decode(Buffer.concat(parts));
};

const decoderFor = (contentType: string | undefined): TextDecoder => {
  const charset = /charset="?([^\s";]+)/i.exec(contentType ?? '')?.[1] ?? 'utf-8';
  try {
    return new TextDecoder(charset);
  } catch {
    return new TextDecoder();
  }
};

/** Lines of UTF-8 text without their breaks and the blanks around them; empty ones are left out. */
export async function* linesOf(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const piece of pieces) {
    rest += decoder.decode(piece, { stream: true });
    const lines = rest.split('\n');
    rest = lines.pop() ?? '';
    for (const line of lines) if (line.trim() !== '') yield line.trim();
  }
  rest += decoder.decode();
  if (rest.trim() !== '') yield rest.trim();
}
