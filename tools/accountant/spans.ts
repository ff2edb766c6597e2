/** What ran or will run, as columns: a row per contiguous piece. A million pieces weigh about 100 MB. */

import { Names } from '../../domain/names.js';

/** One contiguous piece of work, money and power worked out, signals not yet. */
export interface Span {
  /** position of the site */
  readonly site: number;
  /** epoch seconds, half-open */
  readonly from: number;
  readonly to: number;
  /** facility kW */
  readonly kw: number;
  readonly team: string;
  readonly category: string;
  readonly vcpus: number;
  readonly gpus: number;
  /** work units that this piece produces; NaN when the job carries no count */
  readonly units: number;
  /** money per hour; NaN when the site has no price for the machine */
  readonly instancePerHour: number;
  /** money, owed when the piece starts */
  readonly egress: number;
  /** money, owed when the piece ends */
  readonly tardiness: number;
  /** the first piece of its job */
  readonly first: boolean;
}

const COLUMNS = ['from', 'to', 'kw', 'vcpus', 'gpus', 'units', 'instancePerHour', 'egress', 'tardiness'] as const;
type Column = (typeof COLUMNS)[number];

export class SpanTable {
  length = 0;
  readonly #teams = new Names();
  readonly #categories = new Names();
  #columns = Object.fromEntries(COLUMNS.map((name) => [name, new Float64Array(1024)])) as Record<Column, Float64Array>;
  #site = new Uint32Array(1024);
  #team = new Uint32Array(1024);
  #category = new Uint8Array(1024);
  #first = new Uint8Array(1024);
  /** epoch seconds of the earliest begin and the latest end */
  begin = Number.POSITIVE_INFINITY;
  end = Number.NEGATIVE_INFINITY;

  add(span: Span): void {
    const i = this.length++;
    if (i >= this.#site.length) this.#grow();
    for (const name of COLUMNS) this.#columns[name][i] = span[name];
    this.#site[i] = span.site;
    this.#team[i] = this.#teams.of(span.team);
    this.#category[i] = this.#categories.of(span.category);
    this.#first[i] = span.first ? 1 : 0;
    if (span.from < this.begin) this.begin = span.from;
    if (span.to > this.end) this.end = span.to;
  }

  column(name: Column): Float64Array {
    return this.#columns[name];
  }
  get site(): Uint32Array {
    return this.#site;
  }
  get team(): Uint32Array {
    return this.#team;
  }
  get category(): Uint8Array {
    return this.#category;
  }
  get first(): Uint8Array {
    return this.#first;
  }
  get teams(): readonly string[] {
    return this.#teams.names;
  }
  get categories(): readonly string[] {
    return this.#categories.names;
  }

  #grow(): void {
    const size = this.#site.length * 2;
    for (const name of COLUMNS) this.#columns[name] = copied(new Float64Array(size), this.#columns[name]);
    this.#site = copied(new Uint32Array(size), this.#site);
    this.#team = copied(new Uint32Array(size), this.#team);
    this.#category = copied(new Uint8Array(size), this.#category);
    this.#first = copied(new Uint8Array(size), this.#first);
  }
}

const copied = <A extends Float64Array | Uint32Array | Uint8Array>(into: A, from: A): A => {
  into.set(from);
  return into;
};
