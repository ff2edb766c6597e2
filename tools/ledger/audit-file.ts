/** Audits a ledger that lies in files: a logger's own, or what an export wrote for strangers. */
import { existsSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import type { Audit, Checkpoint } from '../../domain/evidence/evidence.js';
import { entryText } from '../../domain/evidence/evidence.js';
import { TILE_WIDTH } from '../../domain/evidence/merkle.js';
import { invalid } from '../../domain/fault.js';
import type { Instant } from '../../domain/time.js';
import { type AuditSource, auditLedger } from './audit.js';
import { givenNote, type KeptNote } from './claims.js';
import { fileEntries } from './file-entries.js';
import { openKeys } from './keys.js';
import { parseVkey } from './note.js';
import { Tiles } from './tiles.js';

export interface FileAudit {
  readonly file: string;
  /** verifier keys from elsewhere; none: those that lie beside the file */
  readonly vkeys?: readonly string[] | undefined;
  /** a checkpoint that was kept elsewhere */
  readonly since?: string | undefined;
  readonly now: () => Instant;
  readonly signal?: AbortSignal | undefined;
}

/**
 * `FILE.keys` makes it a logger's ledger with signatures of its own; `vkeys.txt` and `tiles/` beside the file make it an
 * export, which has to be whole. Without either only the chain is checked. Throws Fault `invalid-input` for keys and for a `since` that are none.
 */
export const auditFile = async ({ file, since, now, signal, ...given }: FileAudit): Promise<Audit> => {
  for (const vkey of given.vkeys ?? []) parseVkey(vkey);
  const folder = dirname(file);
  const tiles = join(folder, 'tiles');
  const exported = existsSync(tiles) && existsSync(join(folder, 'vkeys.txt'));
  const own = existsSync(`${file}.keys`) ? openKeys(`${file}.keys`) : undefined;
  const beside = exported ? readFileSync(join(folder, 'vkeys.txt'), 'utf8').split('\n') : [];
  const vkeys = given.vkeys ?? (own ? [...own.vkeys(), ...own.witnesses()] : beside.filter((line) => line !== ''));
  if (since !== undefined && vkeys.length === 0)
    throw invalid(
      'no key is known that could have signed the checkpoint',
      'Give the verifier keys of the ledger: --vkeys FILE, as vkeys.txt of an export.',
    );
  const pinned = own?.pinned();
  const stated = exported ? join(tiles, 'checkpoint') : undefined;
  const kept: KeptNote[] = [];
  if (pinned !== undefined) kept.push({ from: 'the checkpoint kept with the keys', note: pinned });
  if (stated !== undefined && existsSync(stated))
    kept.push({ from: 'the checkpoint of the export', note: readFileSync(stated, 'utf8') });
  if (since !== undefined) kept.push(givenNote(since, vkeys));

  const source = fileEntries(file, now);
  const found = await auditLedger(source, { vkeys, kept, signal });
  if (stated === undefined || !found.ok) return found;
  const firstBad = existsSync(stated)
    ? await defectOfTiles(source, tiles, found.checkpoint!, signal)
    : { seq: found.size, what: 'the export has no checkpoint: it was not written to its end' };
  return firstBad ? { ...found, ok: false, firstBad } : found;
};

/** The first file of tiles that is not what the entries give. */
const defectOfTiles = async (
  source: AuditSource,
  folder: string,
  { size }: Pick<Checkpoint, 'size'>,
  signal: AbortSignal | undefined,
): Promise<Audit['firstBad']> => {
  let first: Audit['firstBad'];
  const tiles = new Tiles((path, bytes, seq) => {
    if (first && first.seq <= seq) return;
    const at = join(folder, path);
    const what = !existsSync(at)
      ? 'is missing'
      : readFileSync(at).equals(bytes)
        ? undefined
        : 'is not of these entries';
    if (what !== undefined) first = { seq, what: `tiles/${path} ${what}` };
  });
  for (let from = 0; from < size; from += TILE_WIDTH) {
    const page = await source.texts(from, Math.min(TILE_WIDTH, size - from));
    tiles.push(
      from,
      page.map((e) => entryText(e.seq, e.prevHash, e.body)),
    );
    await new Promise((resume) => setImmediate(resume));
    signal?.throwIfAborted();
  }
  tiles.end();
  return first;
};
