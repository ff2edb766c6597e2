/** What every reader of a format is given and may say: options, warnings, rows that were passed over on purpose. */
import type { Instant } from '../../../domain/time.js';
import type { Draft, Rejected } from './draft.js';
import type { Unit } from './fields.js';

export interface ReaderOptions {
  /** unit of durations and arrival times in traces that do not say it */
  readonly unit: Unit | null;
  /** the instant that a trace's clock calls 0 */
  readonly start: Instant | null;
  /** zone of times that carry none */
  readonly timeZone: string | null;
  readonly clusterId: string | null;
}

export class Reading {
  readonly warnings: string[] = [];
  readonly #skipped = new Map<string, number>();
  readonly #ignored = new Map<string, { count: number; suggestion: string | null }>();

  constructor(readonly options: ReaderOptions) {}

  /** At most 50 different warnings are kept. */
  warn(text: string): void {
    if (this.warnings.length < 50 && !this.warnings.includes(text)) this.warnings.push(text);
  }

  /** A row that is no waiting work, for example a finished job: counted, not refused. */
  skip(what: string): void {
    this.#skipped.set(what, (this.#skipped.get(what) ?? 0) + 1);
  }

  /** A column that nobody reads. */
  ignore(field: string, suggestion: string | null): void {
    const known = this.#ignored.get(field);
    if (known) known.count++;
    else if (this.#ignored.size < 100) this.#ignored.set(field, { count: 1, suggestion });
  }

  get skipped() {
    return [...this.#skipped].map(([what, count]) => ({ what, count }));
  }

  get ignored() {
    return [...this.#ignored].map(([field, { count, suggestion }]) => ({ field, count, suggestion }));
  }
}

export type Rows = (Draft | Rejected)[];
export type Reader = (pieces: AsyncIterable<string>, reading: Reading) => AsyncIterable<Rows>;

/** Whole lines as they arrive, numbered from 1. */
export async function* lines(pieces: AsyncIterable<string>): AsyncGenerator<{ line: number; text: string }[]> {
  let rest = '';
  let line = 0;
  for await (const piece of pieces) {
    const parts = (rest + piece).split('\n');
    rest = parts.pop() ?? '';
    yield parts.map((text) => ({ line: ++line, text: text.endsWith('\r') ? text.slice(0, -1) : text }));
  }
  if (rest !== '') yield [{ line: line + 1, text: rest }];
}
