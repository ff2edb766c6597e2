/** A text of jobs, taken in as a stream: read, filled with defaults, checked for doubles, and handed on in pages. */
import { createHash } from 'node:crypto';
import { invalid } from '../../domain/fault.js';
import { type Job, spanSeconds } from '../../domain/job.js';
import type { JobForecaster } from '../../domain/job-forecast.js';
import { type Instant, plusSeconds } from '../../domain/time.js';
import { Assumptions } from './assumptions.js';
import { DEFAULTS } from './defaults.js';
import { Foresight } from './foresight.js';
import {
  type Draft,
  type Format,
  formatOf,
  isRejected,
  READERS,
  type ReaderOptions,
  Reading,
  type Rejected,
  type Rows,
  rejected,
} from './formats/formats.js';
import { jobMaker } from './job-maker.js';
import { isOtherLife, lifeId } from './lives.js';
import type { Places } from './places.js';
import { SeenIds } from './seen.js';
import { openText, type Source } from './source.js';

/** Refused rows that are told one by one; beyond them only their number is. */
export const MOST_REJECTED = 1000;

export interface IntakeOptions extends ReaderOptions {
  /** null: told by the text's beginning */
  readonly format: Format | null;
  readonly places: Places;
  readonly method: { kwPerVcpu: number; kwPerGpu: number };
  readonly now: Instant;
  readonly category: Job['category'] | null;
  /** null: jobs are taken to run as long as was asked for */
  readonly jobForecaster: JobForecaster | null;
}

/** What is known once everything was read. */
export interface Intake {
  readonly format: Format | 'inline';
  /** SHA-256 of the text, hex */
  readonly digest: string;
  readonly accepted: number;
  readonly rejected: Rejected[];
  readonly rejectedCount: number;
  readonly assumed: ReturnType<Assumptions['list']>;
  readonly skipped: Reading['skipped'];
  readonly ignored: Reading['ignored'];
  readonly warnings: string[];
  readonly earliestStart: Instant | null;
  readonly latestEnd: Instant | null;
}

export interface Sink {
  /** Jobs in order; a page is bounded. */
  readonly page: (jobs: Job[]) => Promise<void>;
  /** Asked when an id looks like one that came before; undefined when its hash only looks the same. */
  readonly find: (id: string) => Promise<Job | undefined>;
  readonly progress: (rows: number) => void;
}

/** Jobs in one transaction: many enough that the disk is not what a million rows wait for. */
const PAGE = 5000;

/** Throws Fault for what holds no jobs at all: empty, binary or cut-off files, a header that lacks what is needed. */
export const takeIn = async (
  source: Source,
  options: IntakeOptions,
  sink: Sink,
  signal?: AbortSignal,
): Promise<Intake> => {
  const { head, pieces } = await openText(source, signal);
  const format = options.format ?? formatOf(head);
  const hash = createHash('sha256');
  const hashed = async function* () {
    for await (const piece of pieces) {
      hash.update(piece, 'utf8');
      yield piece;
    }
  };
  const reading = new Reading(options);
  const books = new Books(options, sink, format);
  for await (const rows of READERS[format](hashed(), reading)) {
    signal?.throwIfAborted();
    await books.take(rows);
  }
  await books.flush();
  if (books.rows === 0 && reading.skipped.length === 0)
    throw invalid(
      `the file holds no jobs (read as ${format})`,
      'Give a file with at least one job, or another --format.',
    );
  return { ...books.result(), format, digest: hash.digest('hex'), ...said(reading) };
};

/** Jobs that came as objects; `toDraft` turns one into a draft. */
export const takeInline = async (
  jobs: readonly unknown[],
  toDraft: (reading: Reading) => (value: unknown, line: number) => Draft | Rejected,
  options: IntakeOptions,
  sink: Sink,
): Promise<Intake> => {
  const reading = new Reading(options);
  const books = new Books(options, sink, 'json');
  const draftOf = toDraft(reading);
  for (let from = 0; from < jobs.length; from += PAGE)
    await books.take(jobs.slice(from, from + PAGE).map((value, i) => draftOf(value, from + i + 1)));
  await books.flush();
  const digest = createHash('sha256').update(JSON.stringify(jobs)).digest('hex');
  return { ...books.result(), format: 'inline', digest, ...said(reading) };
};

const said = ({ skipped, ignored, warnings }: Reading) => ({ skipped, ignored, warnings });

class Books {
  readonly #make: (draft: Draft) => Job | Rejected;
  readonly #assumed = new Assumptions();
  readonly #foresight: Foresight;
  readonly #seen = new SeenIds();
  readonly #rejected: Rejected[] = [];
  #page: Job[] = [];
  #accepted = 0;
  #rejectedCount = 0;
  #earliest: Instant | null = null;
  #latest: Instant | null = null;
  rows = 0;

  constructor(
    options: IntakeOptions,
    private readonly sink: Sink,
    private readonly format: Format,
  ) {
    const defaults = options.category === null ? DEFAULTS : { ...DEFAULTS, category: options.category };
    this.#foresight = new Foresight(options.jobForecaster);
    this.#make = jobMaker(options.now, options.places, defaults, this.#assumed, options.method, this.#foresight);
  }

  async take(rows: Rows): Promise<void> {
    for (const row of rows) {
      this.rows++;
      if (isRejected(row)) {
        this.#refuse(row);
        continue;
      }
      const made = await this.#jobOf(row);
      if (!('durationHours' in made)) {
        this.#refuse({ ...made, id: made.id ?? row.id });
        continue;
      }
      this.#seen.add(made.id, row.line);
      this.#accept(made);
      if (this.#page.length >= PAGE) await this.flush();
    }
  }

  /** An id that came before is another life of the same job, where both ran and began at different times; else it is a double. */
  async #jobOf(row: Draft): Promise<Job | Rejected> {
    const before = await this.#named(row.id);
    if (before === undefined) return this.#make(row);
    if (!isOtherLife(before.job, row)) return this.#double(row.line, row.id ?? '', before.line);
    const id = lifeId(row.id ?? '', row.startedAt!);
    const again = await this.#named(id);
    return again === undefined ? this.#make({ ...row, id }) : this.#double(row.line, id, again.line);
  }

  /** Two ids of one hash are told apart by asking for the id itself. */
  async #named(id: string | undefined): Promise<{ job: Job; line: number } | undefined> {
    const line = id === undefined ? null : this.#seen.find(id);
    if (id === undefined || line === null) return undefined;
    const job = this.#page.find((one) => one.id === id) ?? (await this.sink.find(id));
    return job && { job, line };
  }

  async flush(): Promise<void> {
    const page = this.#page;
    this.#page = [];
    if (page.length === 0) return;
    await this.sink.page(page);
    this.sink.progress(this.rows);
  }

  #accept(job: Job): void {
    this.#page.push(job);
    this.#accepted++;
    const end = job.deadline ?? plusSeconds(job.startedAt ?? job.earliestStart, spanSeconds(job));
    if (this.#earliest === null || job.earliestStart < this.#earliest) this.#earliest = job.earliestStart;
    if (this.#latest === null || end > this.#latest) this.#latest = end;
  }

  #refuse(row: Rejected): void {
    this.#rejectedCount++;
    if (this.#rejected.length < MOST_REJECTED) this.#rejected.push(row);
  }

  #double(line: number, id: string, before: number): Rejected {
    const where = `occurs already in line ${before}`;
    return this.format === 'swf'
      ? rejected(line, 'job_number', 'duplicate', id, `job number ${id} ${where}`, 'give every job its own number')
      : rejected(line, 'id', 'duplicate', id, `id ${id} ${where}`, 'Give every job an id of its own.');
  }

  result() {
    return {
      accepted: this.#accepted,
      rejected: this.#rejected,
      rejectedCount: this.#rejectedCount,
      assumed: [...this.#foresight.list(), ...this.#assumed.list()],
      earliestStart: this.#earliest,
      latestEnd: this.#latest,
    };
  }
}
