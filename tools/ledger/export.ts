/** Writes a ledger out for strangers: JSON Lines and C2SP tlog-tiles, every file whole or absent, the checkpoint last. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checkpoint, type EntryText, entryText } from '../../domain/evidence.js';
import { Fault } from '../../domain/fault.js';
import { Frontier, fold, type Hash, leafHash, TILE_WIDTH } from '../../domain/merkle.js';
import { syncFolder, writeAll, writeWhole } from './files.js';

export interface ExportSource {
  texts(from: number, limit: number): Promise<EntryText[]>;
}

export interface ExportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

/** `x001/x234/067`: three digits a step, all but the last marked (tlog-tiles). A width names a partial tile. */
export const tilePath = (index: number, width: number): string => {
  const digits = String(index);
  const padded = digits.padStart(Math.ceil(digits.length / 3) * 3, '0');
  const groups = padded.match(/\d{3}/g)!;
  const path = groups.map((group, i) => (i < groups.length - 1 ? `x${group}` : group)).join('/');
  return width < TILE_WIDTH ? `${path}.p/${width}` : path;
};

/** Collects hashes of one level and hands full tiles on to the next. */
class TileWriter {
  readonly #levels: Hash[][] = [];
  readonly #written: number[] = [];
  readonly #folder: string;
  constructor(folder: string) {
    this.#folder = folder;
  }
  push(hash: Hash, level = 0): void {
    this.#levels[level] ??= [];
    const tile = this.#levels[level];
    tile.push(hash);
    if (tile.length < TILE_WIDTH) return;
    this.#write(level);
    this.#levels[level] = [];
    this.push(fold(tile), level + 1);
  }
  /** Writes what is left as partial tiles. */
  end(): void {
    for (let level = 0; level < this.#levels.length; level++) if (this.#levels[level]!.length > 0) this.#write(level);
  }
  #write(level: number): void {
    const tile = this.#levels[level]!;
    const index = this.#written[level] ?? 0;
    this.#written[level] = index + 1;
    writeWhole(join(this.#folder, 'tile', String(level), tilePath(index, tile.length)), Buffer.concat(tile));
  }
}

/** 16 bits of length, then the bytes, for each entry. */
export const bundleOf = (texts: readonly string[]): Buffer =>
  Buffer.concat(
    texts.flatMap((text) => {
      const bytes = Buffer.from(text);
      const length = Buffer.alloc(2);
      length.writeUInt16BE(bytes.length);
      return [length, bytes];
    }),
  );

/**
 * Writes `records.ndjson`, `tiles/` and `vkeys.txt` for the entries that the checkpoint covers. Fault `conflict` when the
 * entries do not give its root; then no checkpoint is written.
 */
export const writeExport = async (
  source: ExportSource,
  folder: string,
  checkpoint: Checkpoint,
  vkeys: readonly string[],
  options: ExportOptions = {},
): Promise<string[]> => {
  const tiles = join(folder, 'tiles');
  const records = join(folder, 'records.ndjson');
  const beside = `${records}.tmp`;
  mkdirSync(dirname(records), { recursive: true });
  const writer = new TileWriter(tiles);
  const frontier = new Frontier();
  const fd = openSync(beside, 'w');
  try {
    while (frontier.size < checkpoint.size) {
      const from = frontier.size;
      const width = Math.min(TILE_WIDTH, checkpoint.size - from);
      const page = await source.texts(from, width);
      if (page.length !== width) break;
      const texts = page.map((e) => entryText(e.seq, e.prevHash, e.body));
      for (const text of texts) {
        const leaf = leafHash(text);
        writer.push(leaf);
        frontier.append(leaf);
      }
      writeAll(fd, Buffer.from(`${texts.join('\n')}\n`));
      writeWhole(join(tiles, 'tile', 'entries', tilePath(from / TILE_WIDTH, texts.length)), bundleOf(texts));
      options.progress?.(frontier.size, checkpoint.size);
      await new Promise((resume) => setImmediate(resume));
      options.signal?.throwIfAborted();
    }
    writer.end();
    if (frontier.size !== checkpoint.size || frontier.root().toString('base64') !== checkpoint.root)
      throw new Fault(
        'conflict',
        'the entries do not give the root that was signed; the export is left without a checkpoint',
        'Run `caco ledger audit`: it names the first bad entry.',
      );
    fsyncSync(fd);
  } catch (error) {
    rmSync(beside, { force: true });
    throw error;
  } finally {
    closeSync(fd);
  }
  renameSync(beside, records);
  syncFolder(folder);
  writeWhole(join(folder, 'vkeys.txt'), `${vkeys.join('\n')}\n`);
  writeWhole(join(tiles, 'checkpoint'), checkpoint.note);
  return ['records.ndjson', 'tiles', 'vkeys.txt'].map((name) => join(folder, name));
};
