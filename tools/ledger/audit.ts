/** Checks a ledger from its first entry to its last, in pages: chain, tree, signatures, and that nothing signed was changed. */
import { canonicalJson } from '../../domain/digest.js';
import { type Audit, type Checkpoint, type EntryText, entryText, GENESIS } from '../../domain/evidence/evidence.js';
import { Frontier, leafHash, sha256Hex, TILE_WIDTH } from '../../domain/evidence/merkle.js';
import { Fault } from '../../domain/fault.js';
import { type Claim, type ClaimSource, claimsInOrder, type KeptNote, type SoundClaim } from './claims.js';

/** What an audit reads. Ascending; nothing is trusted. */
export interface AuditSource extends ClaimSource {
  texts(from: number, limit: number): Promise<EntryText[]>;
  /** Stored tree hashes (hex); absent where none are kept. */
  readonly nodes?: ((level: number, from: number, limit: number) => Promise<string[]>) | undefined;
}

export interface AuditOptions {
  /** verifier keys of the log and of witnesses */
  readonly vkeys: readonly string[];
  /** checkpoints kept elsewhere, which the ledger must continue */
  readonly kept?: readonly KeptNote[];
  readonly signal?: AbortSignal | undefined;
  readonly progress?: ((done: number) => void) | undefined;
}

/** What is wrong, and the first entry that it touches. */
interface Defect {
  readonly seq: number;
  readonly what: string;
}

const PAGE = 1000;
const TILE_BITS = 8;

/** Never throws for a bad ledger; the answer says what is bad. Memory does not grow with the ledger. */
export const auditLedger = async (source: AuditSource, options: AuditOptions): Promise<Audit> => {
  const auditor = new Auditor(source, options);
  await auditor.run();
  return auditor.answer();
};

class Auditor {
  readonly #source: AuditSource;
  readonly #options: AuditOptions;
  readonly #frontier = new Frontier();
  readonly #claims: AsyncGenerator<Claim, void>;
  readonly #nodePages = new Map<number, { from: number; hashes: string[] }>();
  #due: SoundClaim | undefined;
  #newest: Checkpoint | null = null;
  #agreedSize = 0;
  #checked = 0;
  #prevHash = GENESIS;
  #first: Defect | undefined;

  constructor(source: AuditSource, options: AuditOptions) {
    this.#source = source;
    this.#options = options;
    this.#claims = claimsInOrder(source, options.vkeys, options.kept ?? []);
  }

  async run(): Promise<void> {
    await this.#nextClaim();
    await this.#settle();
    const sound = await this.#readEntries();
    const { size } = this.#frontier;
    if (sound && this.#due)
      this.#note({
        seq: size,
        what: `${this.#due.from} covers ${this.#due.size} entries and there are ${size}: entries were removed, or an older copy was put back`,
      });
  }

  answer(): Audit {
    const { size } = this.#frontier;
    return {
      ok: this.#first === undefined,
      size,
      root: this.#frontier.root().toString('base64'),
      witnessed: (this.#newest?.witnesses.length ?? 0) > 0,
      checkpoint: this.#newest,
      unsignedEntries: size - (this.#newest?.size ?? 0),
      checkpointsChecked: this.#checked,
      ...(this.#first && { firstBad: this.#first }),
    };
  }

  #note(defect: Defect): void {
    if (!this.#first || defect.seq < this.#first.seq) this.#first = defect;
  }

  /** False when it stopped at a bad entry: what follows one says nothing. */
  async #readEntries(): Promise<boolean> {
    const frontier = this.#frontier;
    for (;;) {
      const page = await this.#page(frontier.size);
      if (page === undefined) return false;
      if (page.length === 0) return true;
      for (const entry of page) {
        const seq = frontier.size;
        const text = entryText(seq, entry.prevHash, entry.body);
        const what = defectOf(entry, seq, this.#prevHash, text);
        if (what !== undefined) {
          this.#note({ seq, what });
          return false;
        }
        this.#prevHash = entry.hash;
        frontier.append(leafHash(text));
        if (frontier.size % TILE_WIDTH === 0) await this.#checkNodes();
        if (this.#due?.size === frontier.size) await this.#settle();
      }
      this.#options.progress?.(frontier.size);
      // A page is computed without a pause; between pages timers and cancel have their turn.
      await new Promise((resume) => setImmediate(resume));
      this.#options.signal?.throwIfAborted();
    }
  }

  /** Undefined where the database itself cannot read on; it is asked for less and less, to name the first such entry. */
  async #page(from: number): Promise<EntryText[] | undefined> {
    let what = '';
    for (let limit = PAGE; limit >= 1; limit /= 10)
      try {
        return await this.#source.texts(from, limit);
      } catch (error) {
        what = damageIn(error);
      }
    this.#note({ seq: from, what });
    return undefined;
  }

  /** Every claim about the size reached must state the root reached. */
  async #settle(): Promise<void> {
    const { size } = this.#frontier;
    for (; this.#due?.size === size; await this.#nextClaim()) {
      const { from, checkpoint } = this.#due;
      if (checkpoint.root !== this.#frontier.root().toString('base64'))
        this.#note({
          seq: this.#agreedSize,
          what: `${from} states another root for the first ${size} entries: one from ${this.#agreedSize} to ${size - 1} was changed after it was signed`,
        });
      else {
        // The same state may be claimed twice: by the store, and by a copy that was kept elsewhere.
        if (this.#checked === 0 || size > this.#agreedSize) this.#checked++;
        this.#agreedSize = size;
        if (this.#newest?.size !== size || this.#newest.witnesses.length === 0) this.#newest = checkpoint;
      }
    }
  }

  async #nextClaim(): Promise<void> {
    for (;;) {
      const next = await this.#claims.next().catch((error: unknown) => {
        this.#note({ seq: this.#frontier.size, what: `the stored checkpoints: ${damageIn(error)}` });
        return { done: true } as const;
      });
      if (next.done) {
        this.#due = undefined;
        return;
      }
      const claim = next.value;
      if (claim.defect === undefined) {
        this.#due = claim;
        return;
      }
      this.#note({ seq: Math.max(0, claim.size - 1), what: `${claim.from}: ${claim.defect}` });
    }
  }

  /** Compares the stored tree hashes that the last entry closed with the computed ones. */
  async #checkNodes(): Promise<void> {
    if (!this.#source.nodes) return;
    const { size } = this.#frontier;
    for (let level = 1, width = TILE_WIDTH; size % width === 0; level++, width *= TILE_WIDTH) {
      const index = size / width - 1;
      let page = this.#nodePages.get(level);
      if (!page || index >= page.from + page.hashes.length) {
        const hashes = await this.#source.nodes(level, index, PAGE).catch((error: unknown) => [damageIn(error)]);
        page = { from: index, hashes };
        this.#nodePages.set(level, page);
      }
      if (page.hashes[index - page.from] !== this.#frontier.closed(TILE_BITS * level)?.toString('hex'))
        this.#note({
          seq: Math.max(size - width, this.#agreedSize),
          what: `the tree hash kept for entries ${size - width} to ${size - 1} is not theirs`,
        });
    }
  }
}

/** What the database says of damaged data; any other error is not about the ledger and goes on. */
const damageIn = (error: unknown): string => {
  const damaged = error instanceof Fault && (error.details as { damaged?: boolean } | undefined)?.damaged === true;
  if (!damaged) throw error;
  return error.message;
};

const defectOf = (entry: EntryText, seq: number, prevHash: string, text: string): string | undefined => {
  if (entry.seq !== seq) return `entry ${seq} is missing; the next one is ${entry.seq}`;
  if (sha256Hex(text) !== entry.hash) return 'its bytes do not match its hash';
  if (entry.prevHash !== prevHash)
    return seq === 0 ? 'it is not the first entry of a ledger' : `it does not follow entry ${seq - 1}`;
  try {
    if (canonicalJson(JSON.parse(text)) === text) return undefined;
  } catch {
    return 'its line is not JSON';
  }
  return 'its line is not canonical JSON';
};
