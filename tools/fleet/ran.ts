/** Jobs that ran, read from a history or a trace, for whoever learns from them how long jobs take. */
import type { RanJob } from '../../domain/job-forecast.js';
import { type Instant, isMoment, plusHours, toEpoch } from '../../domain/time.js';
import { type Assumed, Assumptions } from './assumptions.js';
import { problemOf } from './checks.js';
import { lookOf } from './foresight.js';
import {
  type Draft,
  type Format,
  formatOf,
  isRejected,
  READERS,
  type ReaderOptions,
  Reading,
} from './formats/formats.js';
import { openText, type Source } from './source.js';

export interface RanJobs {
  readonly jobs: readonly RanJob[];
  readonly format: Format;
  /** rows that tell of no job that ran to its end */
  readonly leftOut: readonly { readonly why: string; readonly count: number }[];
  readonly assumed: readonly Assumed[];
  readonly warnings: readonly string[];
}

/** Throws Fault as ingest does for what holds no jobs at all. */
export const readRan = async (
  source: Source,
  options: ReaderOptions & { readonly format: Format | null },
  signal?: AbortSignal,
): Promise<RanJobs> => {
  const { head, pieces } = await openText(source, signal);
  const format = options.format ?? formatOf(head);
  const reading = new Reading(options);
  const assumed = new Assumptions();
  const jobs: RanJob[] = [];
  const leftOut = new Map<string, number>();
  const leave = (why: string) => leftOut.set(why, (leftOut.get(why) ?? 0) + 1);
  for await (const rows of READERS[format](pieces, reading)) {
    signal?.throwIfAborted();
    for (const row of rows) {
      const problem = isRejected(row) ? row : problemOf(row);
      if (problem) leave(problem.message);
      else {
        const job = ranOf(row as Draft, assumed);
        if (typeof job === 'string') leave(job);
        else jobs.push(job);
      }
    }
  }
  for (const { what, count } of reading.skipped) leftOut.set(what, count);
  return {
    jobs,
    format,
    leftOut: [...leftOut].map(([why, count]) => ({ why, count })),
    assumed: assumed.list(),
    warnings: reading.warnings,
  };
};

/** A sentence where it did not run, or not to its end. */
const ranOf = (draft: Draft, assumed: Assumptions): RanJob | string => {
  if (draft.durationIs === 'limit') return 'no time that it took, only the limit';
  if (draft.durationIs === 'so far') return 'not at its end';
  const submittedAt = draft.submittedAt ?? draft.earliestStart ?? draft.startedAt;
  if (submittedAt === undefined) return 'no time of its submission';
  const hours = draft.durationHours!;
  const start = startOf(draft, submittedAt, assumed);
  if (!isMoment(toEpoch(start) + hours * 3600)) return 'an end beyond the year 9999';
  return { ...lookOf(draft), submittedAt, endedAt: plusHours(start, hours), hours, powerKw: draft.powerKw ?? null };
};

const startOf = (draft: Draft, submittedAt: Instant, assumed: Assumptions): Instant => {
  if (draft.startedAt !== undefined) return draft.startedAt;
  if (draft.waitedHours !== undefined) return plusHours(submittedAt, draft.waitedHours);
  assumed.note('started_at', 'the submission or, where later, the earliest start: the history tells no start');
  const { earliestStart } = draft;
  return earliestStart !== undefined && earliestStart > submittedAt ? earliestStart : submittedAt;
};
