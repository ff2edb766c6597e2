/** Writes a ledger out for strangers: JSON Lines and C2SP tlog-tiles, every file whole or absent, the checkpoint last. */
import { closeSync, fsyncSync, mkdirSync, openSync, renameSync, rmSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { type Checkpoint, type EntryText, entryText } from '../../domain/evidence/evidence.js';
import { Frontier, leafHash, TILE_WIDTH } from '../../domain/evidence/merkle.js';
import { Fault } from '../../domain/fault.js';
import { syncFolder, writeAll, writeWhole } from './files.js';
import { Tiles } from './tiles.js';

export interface ExportSource {
  texts(from: number, limit: number): Promise<EntryText[]>;
}

export interface ExportOptions {
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number, total: number) => void) | undefined;
}

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
  const writer = new Tiles((path, bytes) => writeWhole(join(tiles, path), bytes));
  const frontier = new Frontier();
  const fd = openSync(beside, 'w');
  try {
    while (frontier.size < checkpoint.size) {
      const from = frontier.size;
      const width = Math.min(TILE_WIDTH, checkpoint.size - from);
      const page = await source.texts(from, width);
      if (page.length !== width) break;
      const texts = page.map((e) => entryText(e.seq, e.prevHash, e.body));
      for (const text of texts) frontier.append(leafHash(text));
      writer.push(from, texts);
      writeAll(fd, Buffer.from(`${texts.join('\n')}\n`));
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
