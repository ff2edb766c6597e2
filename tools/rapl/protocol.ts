/**
 * The daemon's language, version 1: one JSON document a line, both ways. A client asks, the daemon answers in the same order;
 * nothing that a client can say changes anything. The same file is read by both sides.
 */
import { invalid } from '../../domain/fault.js';
import { type Report, type ReportJson, reportJson } from './report.js';

export const PROTOCOL = 1;

/** A line that is longer, newline included, ends the connection. */
export const MAX_REQUEST_BYTES = 1024;

/** `{}` is the shortest request: a snapshot in the daemon's own version. Members that nobody reads are passed over. */
export interface Request {
  readonly get: 'snapshot' | 'version';
}

/** Fault `invalid-input` for what is no request of this version. */
export const readRequest = (line: string): Request => {
  let document: unknown;
  try {
    document = JSON.parse(line);
  } catch {
    throw invalid('the request is not JSON', 'Send one JSON document a line, for example {"v":1,"get":"snapshot"}.');
  }
  if (typeof document === 'object' && document !== null && !Array.isArray(document)) {
    const { v = PROTOCOL, get = 'snapshot' } = document as Readonly<Record<string, unknown>>;
    if (v === PROTOCOL && (get === 'snapshot' || get === 'version')) return { get };
  }
  throw invalid('the request is not of version 1', 'Send {"v":1,"get":"snapshot"} or {"v":1,"get":"version"}.');
};

/** How evenly the daemon looks at the counters. */
export interface Pacing {
  readonly intervalSeconds: number;
  readonly ticks: number;
  readonly missedTicks: number;
  /** how late the newest looks were, ms; null before the first */
  readonly jitterP50Ms: number | null;
  readonly jitterP99Ms: number | null;
}

export interface Snapshot extends ReportJson {
  readonly v: typeof PROTOCOL;
  readonly ok: true;
  /** the monotonic clock of this boot at the newest look, ms */
  readonly monotonicMs: number | null;
  readonly pacing: Pacing;
}

const line = (document: unknown): string => `${JSON.stringify(document)}\n`;

export const snapshotLine = (report: Report, pacing: Pacing): string =>
  line({ v: PROTOCOL, ok: true, monotonicMs: report.at?.monotonicMs ?? null, pacing, ...reportJson(report) });

export const versionLine = (): string => line({ v: PROTOCOL, ok: true, versions: [PROTOCOL] });

export const errorLine = (error: { code: string; message: string; remedy: string }): string =>
  line({ v: PROTOCOL, ok: false, error });
