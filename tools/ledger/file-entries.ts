/**
 * A ledger in one plain file: JSON Lines, canonical, chained; for a logger that has no store. A line counts once its newline is
 * there: one that a crash tore is cut off before the next is written, and an entry says so.
 */
import { isUtf8 } from 'node:buffer';
import {
  closeSync,
  existsSync,
  fstatSync,
  fsyncSync,
  ftruncateSync,
  mkdirSync,
  openSync,
  readSync,
  statSync,
} from 'node:fs';
import { dirname } from 'node:path';
import { canonicalJson } from '../../domain/digest.js';
import {
  type Entry,
  EntryBody,
  type EntryText,
  entryText,
  GENESIS,
  MAX_ENTRY_BYTES,
} from '../../domain/evidence/evidence.js';
import { fold, type Hash, leafHash, sha256Hex, TILE_WIDTH } from '../../domain/evidence/merkle.js';
import { Fault, invalid } from '../../domain/fault.js';
import type { Entries } from '../../domain/store.js';
import type { Instant } from '../../domain/time.js';
import { fileCheckpoints } from './file-checkpoints.js';
import { syncFolder, writeAll } from './files.js';
import { openLock } from './lock.js';

const CHUNK = 1 << 20;
const NEWLINE = 0x0a;

/** `FILE` holds the entries, `FILE.checkpoints` what was signed, `FILE.lock` is empty. `now` dates repairs. */
export const fileEntries = (file: string, now: () => Instant): Entries => {
  const lines = new Lines(file);
  const lock = openLock(`${file}.lock`);

  const write = (texts: readonly string[]): EntryText[] => {
    const first = lines.count;
    let prevHash = lines.lastHash;
    const entries = texts.map((body, i): EntryText => {
      const text = entryText(first + i, prevHash, body);
      const entry = { seq: first + i, prevHash, hash: sha256Hex(text), body };
      prevHash = entry.hash;
      return entry;
    });
    lines.append(entries.map((e) => `${entryText(e.seq, e.prevHash, e.body)}\n`).join(''));
    return entries;
  };

  return {
    async append(bodies) {
      const texts = bodies.map(bodyText);
      if (texts.length === 0) return [];
      const written = lock.under(() => {
        const torn = lines.cutTorn();
        if (torn > 0) write([bodyText(repair(now(), torn))]);
        return write(texts);
      });
      return written.map((e) => toEntry(e));
    },
    async read(from, limit) {
      return lines.texts(from, limit).map(toEntry);
    },
    async texts(from, limit) {
      return lines.texts(from, limit);
    },
    async size() {
      lines.catchUp();
      return lines.count;
    },
    async nodes(level, from, limit) {
      lines.catchUp();
      return lines.nodes(level).slice(from, from + limit);
    },
    ...fileCheckpoints(`${file}.checkpoints`, lock, () => {
      lines.catchUp();
      return lines.count;
    }),
  };
};

const toEntry = ({ body, ...rest }: EntryText): Entry => {
  try {
    return { ...rest, body: JSON.parse(body) as EntryBody };
  } catch (cause) {
    throw new Fault(
      'conflict',
      `entry ${rest.seq} is damaged: its line is not JSON`,
      'Run `caco ledger audit --file`.',
      {
        cause,
      },
    );
  }
};

const repair = (at: Instant, droppedBytes: number): EntryBody => ({
  kind: 'ledger_repair',
  at,
  actor: 'ledger',
  cause: null,
  subject: null,
  data: { droppedBytes, why: 'the last line had no newline: a crash had torn it before it was acknowledged' },
});

const bodyText = (body: EntryBody): string => {
  const text = canonicalJson(body);
  if (!EntryBody.safeParse(body).success)
    throw invalid('not the body of an entry', 'Give kind, at, actor, cause, subject and data, and nothing else.');
  if (Buffer.byteLength(entryText(Number.MAX_SAFE_INTEGER, GENESIS, text)) > MAX_ENTRY_BYTES)
    throw invalid(
      `an entry is too large for the ledger, which takes ${MAX_ENTRY_BYTES} bytes`,
      'Keep large evidence in a file of its own and put its SHA-256 into the entry.',
    );
  return text;
};

/** The lines of the file as far as they were read; others may append meanwhile. */
class Lines {
  readonly #file: string;
  /** where each line starts, and where the next one will */
  #starts: number[] = [0];
  #lastHash = GENESIS;
  #levels: { hashes: string[] }[] = [];

  constructor(file: string) {
    this.#file = file;
    mkdirSync(dirname(file), { recursive: true });
    this.catchUp();
  }

  get count(): number {
    return this.#starts.length - 1;
  }
  get lastHash(): string {
    return this.#lastHash;
  }
  get #end(): number {
    return this.#starts.at(-1)!;
  }

  /** Reads what has come since. A file that became shorter is read from its start. */
  catchUp(): void {
    const size = existsSync(this.#file) ? statSync(this.#file).size : 0;
    if (size < this.#end) {
      this.#starts = [0];
      this.#lastHash = GENESIS;
      this.#levels = [];
    }
    if (size === this.#end) return;
    const fd = openSync(this.#file, 'r');
    try {
      let rest = Buffer.alloc(0);
      for (let at = this.#end; at < size; ) {
        const chunk = Buffer.allocUnsafe(Math.min(CHUNK, size - at));
        const got = readSync(fd, chunk, 0, chunk.length, at);
        if (got === 0) break;
        at += got;
        const data = Buffer.concat([rest, chunk.subarray(0, got)]);
        let from = 0;
        for (let end = data.indexOf(NEWLINE); end >= 0; end = data.indexOf(NEWLINE, from)) {
          this.#lastHash = sha256Hex(data.subarray(from, end));
          this.#starts.push(this.#end + end + 1 - from);
          from = end + 1;
        }
        rest = data.subarray(from);
      }
    } finally {
      closeSync(fd);
    }
  }

  /** Cuts off what follows the last newline; answers how many bytes that were. */
  cutTorn(): number {
    this.catchUp();
    if (!existsSync(this.#file)) return 0;
    const fd = openSync(this.#file, 'r+');
    try {
      const torn = fstatSync(fd).size - this.#end;
      if (torn > 0) {
        ftruncateSync(fd, this.#end);
        fsyncSync(fd);
      }
      return torn;
    } finally {
      closeSync(fd);
    }
  }

  /** Durable when it returns; on failure the file is as it was. */
  append(text: string): void {
    const fresh = !existsSync(this.#file);
    const before = this.#end;
    const fd = openSync(this.#file, 'a', 0o600);
    try {
      writeAll(fd, Buffer.from(text));
      fsyncSync(fd);
    } catch (cause) {
      ftruncateSync(fd, before);
      throw new Fault(
        'unavailable',
        `${this.#file} cannot be written: ${(cause as Error).message}; nothing was appended`,
        'Make room on the disk, check that it is writable, then do it again.',
        { cause },
      );
    } finally {
      closeSync(fd);
    }
    if (fresh) syncFolder(dirname(this.#file));
    this.catchUp();
  }

  /**
   * Entries as the file states them. What a line's hash should be stands in the line after it; where that one is not intact
   * itself it proves nothing, and a line counts as whole.
   */
  texts(from: number, limit: number): EntryText[] {
    this.catchUp();
    const to = Math.min(this.count, from + limit);
    if (from >= to) return [];
    const all = this.#raw(from, Math.min(this.count, to + 2)).map((line, i) => parse(line, from + i));
    return all.slice(0, to - from).map((entry, i) => {
      const next = all[i + 1];
      const afterNext = all[i + 2];
      const follows = next?.seq === entry.seq + 1;
      const intact = follows && (afterNext === undefined || afterNext.prevHash === next.hash);
      return intact ? { ...entry, hash: next.prevHash } : entry;
    });
  }

  /** Hashes (hex) of complete subtrees with 256^level leaves. */
  nodes(level: number): string[] {
    this.#levels[level] ??= { hashes: [] };
    const { hashes } = this.#levels[level];
    const below = level === 1 ? this.count : this.nodes(level - 1).length;
    for (let index = hashes.length; (index + 1) * TILE_WIDTH <= below; index++) {
      const from = index * TILE_WIDTH;
      const leaves: Hash[] =
        level === 1
          ? this.#raw(from, from + TILE_WIDTH).map((line) => leafHash(line))
          : this.nodes(level - 1)
              .slice(from, from + TILE_WIDTH)
              .map((hex) => Buffer.from(hex, 'hex'));
      hashes.push(fold(leaves).toString('hex'));
    }
    return hashes;
  }

  /** Bytes, because what is hashed are bytes: text that is not UTF-8 would be changed by reading it. */
  #raw(from: number, to: number): Buffer[] {
    const start = this.#starts[from]!;
    const data = Buffer.allocUnsafe(this.#starts[to]! - start);
    const fd = openSync(this.#file, 'r');
    try {
      for (let done = 0; done < data.length; ) {
        const got = readSync(fd, data, done, data.length - done, start + done);
        if (got === 0) return [];
        done += got;
      }
    } finally {
      closeSync(fd);
    }
    return Array.from({ length: to - from }, (_, i) =>
      data.subarray(this.#starts[from + i]! - start, this.#starts[from + i + 1]! - start - 1),
    );
  }
}

/** A line that cannot be read keeps its text as its body, so that an audit stops there. */
const parse = (bytes: Buffer, seq: number): EntryText => {
  const hash = sha256Hex(bytes);
  const line = bytes.toString('utf8');
  try {
    if (!isUtf8(bytes)) throw new Error('not text');
    const { prev, seq: stated, v: _, ...body } = JSON.parse(line) as Record<string, unknown>;
    return { seq: Number(stated), prevHash: String(prev), hash, body: canonicalJson(body) };
  } catch {
    return { seq, prevHash: '', hash, body: line };
  }
};
