/** A ZIP archive's entries, by the central directory (PKWARE APPNOTE 6.3): stored and deflated ones, within limits. */
import { inflateRawSync } from 'node:zlib';

const MOST_ENTRIES = 5000;
/** Of all entries that are read, unpacked. */
const MOST_BYTES = 100_000_000;

const END = 0x06054b50;
const ENTRY = 0x02014b50;
const LOCAL = 0x04034b50;

export interface Archive {
  readonly names: readonly string[];
  /** The entry's bytes; undefined where the archive has none of that name. Throws `ZipError`. */
  read(name: string): Buffer | undefined;
}

/** Says in its message what is wrong with the archive. */
export class ZipError extends Error {
  constructor(
    message: string,
    readonly kind: 'broken' | 'encrypted' | 'too-large' = 'broken',
  ) {
    super(message);
  }
}

interface Entry {
  readonly flags: number;
  readonly method: number;
  readonly packed: number;
  readonly unpacked: number;
  readonly at: number;
}

/** Throws `ZipError` when the directory is missing, damaged, or larger than any document's. */
export const openZip = (bytes: Buffer): Archive => {
  const end = endOf(bytes);
  const count = bytes.readUInt16LE(end + 10);
  let at = bytes.readUInt32LE(end + 16);
  if (count === 0xffff || at === 0xffffffff) throw new ZipError('it is larger than any document', 'too-large');
  if (count > MOST_ENTRIES) throw new ZipError(`it has more than ${MOST_ENTRIES} entries`, 'too-large');
  const entries = new Map<string, Entry>();
  for (let i = 0; i < count; i++) {
    if (at + 46 > bytes.length || bytes.readUInt32LE(at) !== ENTRY) throw new ZipError('its directory is damaged');
    const nameLength = bytes.readUInt16LE(at + 28);
    const name = bytes.toString('utf8', at + 46, at + 46 + nameLength).replace(/\\/g, '/');
    entries.set(name, {
      flags: bytes.readUInt16LE(at + 8),
      method: bytes.readUInt16LE(at + 10),
      packed: bytes.readUInt32LE(at + 20),
      unpacked: bytes.readUInt32LE(at + 24),
      at: bytes.readUInt32LE(at + 42),
    });
    at += 46 + nameLength + bytes.readUInt16LE(at + 30) + bytes.readUInt16LE(at + 32);
  }
  let left = MOST_BYTES;
  return {
    names: [...entries.keys()],
    read: (name) => {
      const entry = entries.get(name);
      if (entry === undefined) return undefined;
      const content = contentOf(bytes, entry, left);
      left -= content.length;
      return content;
    },
  };
};

/** The record at the end is looked for from behind: a comment of up to 65 535 bytes may follow it. */
const endOf = (bytes: Buffer): number => {
  for (let at = bytes.length - 22; at >= 0 && at >= bytes.length - 22 - 0xffff; at--)
    if (bytes.readUInt32LE(at) === END) return at;
  throw new ZipError('it was cut short');
};

const contentOf = (bytes: Buffer, entry: Entry, left: number): Buffer => {
  if (entry.flags & 1) throw new ZipError('it is encrypted', 'encrypted');
  if (entry.at + 30 > bytes.length || bytes.readUInt32LE(entry.at) !== LOCAL)
    throw new ZipError('an entry is not where its directory says');
  const from = entry.at + 30 + bytes.readUInt16LE(entry.at + 26) + bytes.readUInt16LE(entry.at + 28);
  const packed = bytes.subarray(from, from + entry.packed);
  if (packed.length < entry.packed) throw new ZipError('it was cut short');
  // What the directory says of the size may be a lie; what is unpacked is limited as well.
  if (entry.unpacked > left) throw new ZipError('it unpacks to more than 100 MB', 'too-large');
  if (entry.method === 0) return Buffer.from(packed);
  if (entry.method !== 8) throw new ZipError(`it is packed in a way that is not read (method ${entry.method})`);
  try {
    return inflateRawSync(packed, { maxOutputLength: Math.max(1, left) });
  } catch (cause) {
    if ((cause as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE')
      throw new ZipError('it unpacks to more than 100 MB', 'too-large');
    throw new ZipError('an entry is damaged');
  }
};
