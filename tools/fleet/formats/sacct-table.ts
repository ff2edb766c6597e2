/**
 * The rows of `sacct -P`. The form escapes nothing, so a name may hold `|` and line breaks: rows are put together again where that
 * can be done without guessing. What sacct wrote to standard error may stand among them.
 */
import { Fault, invalid } from '../../../domain/fault.js';
import { lines, type Reading } from './reading.js';

export const ASK =
  'TZ=UTC sacct -P -D -o JobID,JobName,User,Account,Cluster,State,Submit,Eligible,Start,End,ElapsedRaw,ReqCPUS,AllocCPUS,ReqTRES,AllocTRES,ConsumedEnergyRaw,Comment';
const NEEDED = ['JobID', 'State', 'Submit', 'ElapsedRaw'] as const;

/** `2`, `1_4`, `1_[5-9%2]`, `12+0` (a part of a heterogeneous job), `2.batch`. */
const JOB_ID = /^\d+(_(\d+|\[[^\]]*\]))?(\+\d+)?(\.\w+)?$/;
const STATE = /^[A-Z_]+\+?( by \d+)?$/;

/** `sacct: error: slurmdbd: Unknown error 1021`, also of squeue and the like. */
export const SLURM_ERROR = /^(?:sacct|squeue|scontrol|sreport|slurm_\w+|slurmdbd): (?:error|fatal): /;

/** A row by the names of its columns; `cells` null where it does not have the header's fields. */
export interface SacctRow {
  readonly line: number;
  readonly text: string;
  readonly cells: ReadonlyMap<string, string> | null;
}

/** Batches of whole rows, in order. Throws Fault `invalid-input` for a header that lacks what is needed, `unavailable` for errors alone. */
export async function* sacctRows(pieces: AsyncIterable<string>, reading: Reading): AsyncGenerator<SacctRow[]> {
  let table: Table | undefined;
  let said: string | undefined;
  for await (const batch of lines(pieces)) {
    const rows: SacctRow[] = [];
    for (const { line, text } of batch) {
      const plain = text.replace(/^\uFEFF/, '');
      if (SLURM_ERROR.test(plain)) {
        said ??= plain.slice(0, 200);
        reading.warn(`Slurm reported: ${plain.slice(0, 200)}. Rows may be missing: ask again when it has none.`);
      } else if (table !== undefined) table.take(line, text, rows);
      else if (plain.trim() !== '') table = new Table(headerOf(plain));
    }
    if (rows.length > 0) yield rows;
  }
  if (table === undefined && said !== undefined)
    throw new Fault(
      'unavailable',
      `Slurm reported: ${said}, and no row`,
      'Nothing was taken in. Ask again when slurmdbd answers (`sacctmgr ping`).',
    );
  const rest = table?.end();
  if (rest) yield [rest];
}

const headerOf = (text: string): string[] => {
  const columns = text.replace(/\|$/, '').split('|');
  const missing = NEEDED.filter((name) => !columns.includes(name));
  if (missing.length > 0 || !(columns.includes('AllocCPUS') || columns.includes('ReqCPUS')))
    throw invalid(
      `sacct’s output lacks ${[...missing, ...(missing.length ? [] : ['AllocCPUS'])].join(', ')}`,
      `Ask with: ${ASK}`,
    );
  return columns;
};

class Table {
  #open: { line: number; text: string } | undefined;
  readonly #idFirst: boolean;

  constructor(private readonly columns: readonly string[]) {
    this.#idFirst = columns[0] === 'JobID';
  }

  take(line: number, text: string, rows: SacctRow[]): void {
    if (this.#begins(text)) {
      if (this.#open) rows.push(this.#rowOf(this.#open));
      this.#open = text.trim() === '' ? undefined : { line, text };
    } else if (this.#open) this.#open.text += `\n${text}`;
    else if (text.trim() !== '') this.#open = { line, text };
  }

  end(): SacctRow | undefined {
    return this.#open && this.#rowOf(this.#open);
  }

  /** Where the id comes first a row is known by it; else by having all its fields, or by the one before being whole. */
  #begins(text: string): boolean {
    if (this.#idFirst) return JOB_ID.test(text.slice(0, Math.max(0, text.indexOf('|'))));
    if (this.#cellsOf(text) !== null) return true;
    return this.#open !== undefined && text.includes('|') && this.#cellsOf(this.#open.text) !== null;
  }

  #rowOf({ line, text }: { line: number; text: string }): SacctRow {
    const cells = this.#cellsOf(text.replace(/\n+$/, ''));
    return { line, text, cells: cells && new Map(this.columns.map((name, i) => [name, cells[i] ?? ''])) };
  }

  /** Fields beyond the header's belong to the job's name when the columns around it still make sense. */
  #cellsOf(text: string): string[] | null {
    const { columns } = this;
    const cells = text.split('|');
    const extra = cells.length - columns.length;
    if (extra === 0 || (extra === 1 && cells.at(-1) === '')) {
      const whole = cells.slice(0, columns.length);
      return JOB_ID.test(whole[columns.indexOf('JobID')] ?? '') ? whole : null;
    }
    const at = columns.indexOf('JobName');
    if (at < 0 || extra < 0) return null;
    const joined = [...cells.slice(0, at), cells.slice(at, at + extra + 1).join('|'), ...cells.slice(at + extra + 1)];
    const cell = (name: (typeof NEEDED)[number]) => joined[columns.indexOf(name)] ?? '';
    return STATE.test(cell('State')) && /^\d+$/.test(cell('ElapsedRaw')) && JOB_ID.test(cell('JobID')) ? joined : null;
  }
}
