/** The ledger's rows: a hash chain whose order the database decides, and the hashes of its Merkle tiles beside it. */
import type { Kysely } from 'kysely';
import { canonicalJson } from '../domain/digest.js';
import {
  type Entry,
  EntryBody,
  type EntryText,
  entryText,
  GENESIS,
  MAX_ENTRY_BYTES,
} from '../domain/evidence/evidence.js';
import { fold, type Hash, leafHash, sha256Hex, TILE_WIDTH } from '../domain/evidence/merkle.js';
import { Fault, invalid } from '../domain/fault.js';
import type { Entries } from '../domain/store.js';
import type { Flavour } from './dialect.js';
import { type LedgerRows, ledgerRows } from './ledger-rows.js';
import type { Tables } from './tables.js';

/** Number of the Postgres lock that one writer holds until its transaction ends. */
export const WRITER_LOCK = 4242002;

/** `atomic` runs work in a transaction, joining the one that is open; of two, the second waits for the first. */
export const entriesOf = (
  db: Kysely<Tables>,
  flavour: Flavour,
  atomic: <R>(work: (db: Kysely<Tables>) => Promise<R>) => Promise<R>,
): Entries => {
  const kept = ledgerRows(db, flavour);
  const inOne = <R>(work: (rows: LedgerRows) => Promise<R>) => atomic((on) => work(ledgerRows(on, flavour)));
  return {
    async append(bodies) {
      const texts = bodies.map(bodyText);
      if (texts.length === 0) return [];
      return inOne(async (rows) => {
        const head = await rows.head();
        const first = sizeTo(head);
        let prevHash = head?.hash ?? GENESIS;
        const entries: Entry[] = [];
        const leaves: Hash[] = [];
        const added: unknown[][] = [];
        for (let i = 0; i < texts.length; i++) {
          const text = entryText(first + i, prevHash, texts[i]!);
          const hash = sha256Hex(text);
          entries.push({ seq: first + i, prevHash, hash, body: bodies[i]! });
          added.push([first + i, prevHash, hash, texts[i]]);
          leaves.push(leafHash(text));
          prevHash = hash;
        }
        await rows.insert('ledger_entries (seq, prev_hash, hash, body)', 4, added);
        await closeTiles(rows, first, leaves);
        return entries;
      });
    },
    read: async (from, limit) => (await kept.texts(from, limit)).map((row) => ({ ...row, body: readBody(row) })),
    texts: kept.texts,
    size: async () => sizeTo(await kept.head()),
    nodes: kept.nodes,
    keepCheckpoint: ({ size, root, note, at }) =>
      inOne(async (rows) => {
        const last = await rows.lastCheckpoint();
        if (last && last.size > size)
          throw new Fault(
            'conflict',
            `a checkpoint of ${last.size} entries is signed already, ${size} is older`,
            'Ask for a new checkpoint.',
          );
        if (size > sizeTo(await rows.head()))
          throw new Fault('conflict', `the ledger holds fewer than ${size} entries`, 'Run `caco ledger audit`.');
        if (last?.size === size) return false;
        await rows.insert('ledger_checkpoints (size, root, note, at)', 4, [[size, root, note, at]]);
        return true;
      }),
    async replaceNote(size, before, after) {
      const changed = await db
        .updateTable('ledger_checkpoints')
        .set({ note: after })
        .where('size', '=', size)
        .where('note', '=', before)
        .executeTakeFirst();
      return Number(changed.numUpdatedRows) === 1;
    },
    lastCheckpoint: kept.lastCheckpoint,
    checkpoints: kept.checkpoints,
  };
};

const sizeTo = (head: { readonly seq: number } | undefined): number => (head ? head.seq + 1 : 0);

/** Closes the tiles that end within the new leaves; `leaves` begin at sequence number `from`. */
const closeTiles = async (rows: LedgerRows, from: number, leaves: readonly Hash[]): Promise<void> => {
  let level = 0;
  let start = from;
  let hashes = leaves;
  while (Math.floor((start + hashes.length) / TILE_WIDTH) > Math.floor(start / TILE_WIDTH)) {
    const opened = start - (start % TILE_WIDTH);
    const before =
      level === 0
        ? (await rows.texts(opened, start - opened)).map((e) => leafHash(entryText(e.seq, e.prevHash, e.body)))
        : (await rows.nodes(level, opened, start - opened)).map((hex) => Buffer.from(hex, 'hex'));
    const all = [...before, ...hashes];
    const up: Hash[] = [];
    for (let i = 0; i + TILE_WIDTH <= all.length; i += TILE_WIDTH) up.push(fold(all.slice(i, i + TILE_WIDTH)));
    level++;
    start = opened / TILE_WIDTH;
    hashes = up;
    const first = start;
    const closed = up.map((hash, i) => [level, first + i, hash.toString('hex')]);
    await rows.insert('ledger_nodes (level, idx, hash)', 3, closed);
  }
};

const readBody = ({ seq, body }: EntryText): EntryBody => {
  try {
    return JSON.parse(body) as EntryBody;
  } catch (cause) {
    throw new Fault('conflict', `entry ${seq} is damaged: its body is not JSON`, 'Run `caco ledger audit`.', { cause });
  }
};

const bodyText = (body: EntryBody): string => {
  const text = canonicalJson(body);
  const parsed = EntryBody.safeParse(body);
  if (!parsed.success)
    throw invalid(
      `not the body of an entry: ${parsed.error.issues.map((i) => `${i.path.join('.')}: ${i.message}`).join('; ')}`,
      'Give kind, at, actor, cause, subject and data, and nothing else.',
    );
  const bytes = Buffer.byteLength(entryText(Number.MAX_SAFE_INTEGER, GENESIS, text));
  if (bytes > MAX_ENTRY_BYTES)
    throw invalid(
      `an entry of ${bytes} bytes is too large for the ledger, which takes ${MAX_ENTRY_BYTES}`,
      'Keep large evidence in the store and put its SHA-256 into the entry.',
    );
  return text;
};
