/**
 * What a daemon leaves to the next one: totals and last values together, so that nothing between is lost or counted twice. It is
 * written many times a second, so it lies in two files that are overwritten by turns: whatever ends the process in the middle of a
 * write, the other one is whole. No schema library is loaded here: the daemon has more rights than anything else of ours, and
 * little to run.
 */
import { constants, openSync, readFileSync, renameSync, writeSync } from 'node:fs';
import { GAP_REASONS, type GapReason } from './counter.js';
import type { KeptSession } from './session.js';
import type { Zone } from './zone.js';

const VERSION = 1;

type Plain = Readonly<Record<string, unknown>>;
class NoState extends Error {}
const fail = (): never => {
  throw new NoState('no state');
};
const record = (value: unknown): Plain =>
  typeof value === 'object' && value !== null && !Array.isArray(value) ? (value as Plain) : fail();
const list = <T>(value: unknown, of: (item: unknown) => T): T[] => (Array.isArray(value) ? value.map(of) : fail());
const text = (value: unknown): string => (typeof value === 'string' ? value : fail());
const number = (value: unknown): number => (typeof value === 'number' && Number.isFinite(value) ? value : fail());
const big = (value: unknown): bigint => (/^\d{1,40}$/.test(text(value)) ? BigInt(text(value)) : fail());
const orNull = <T>(value: unknown, of: (value: unknown) => T): T | null => (value === null ? null : of(value));
const reason = (value: unknown): GapReason => GAP_REASONS.find((one) => one === value) ?? fail();

const momentOf = (value: unknown) => {
  const { monotonicMs, boottimeMs } = record(value);
  return { monotonicMs: number(monotonicMs), boottimeMs: number(boottimeMs) };
};
const zoneOf = (value: unknown): Zone => {
  const { id, name, parent, secondView } = record(value);
  if (typeof secondView !== 'boolean') return fail();
  return { id: text(id), name: text(name), parent: orNull(parent, zoneOf), secondView };
};
const countOf = (value: unknown) => {
  const c = record(value);
  return {
    sinceMs: number(c.sinceMs),
    ticks: big(c.ticks),
    last: orNull(c.last, (last) => ({ ticks: big(record(last).ticks), at: momentOf(record(last).at) })),
    trouble: orNull(c.trouble, (trouble) => ({
      reason: reason(record(trouble).reason),
      errno: orNull(record(trouble).errno, text),
    })),
    wraps: number(c.wraps),
    badReadings: number(c.badReadings),
    coveredMs: number(c.coveredMs),
    gaps: list(c.gaps, (gap) => {
      const { fromMs, toMs, reason: why, errno } = record(gap);
      return { fromMs: number(fromMs), toMs: number(toMs), reason: reason(why), errno: orNull(errno, text) };
    }),
    gapCount: number(c.gapCount),
  };
};
const scaleOf = (value: unknown) => {
  const { range, ujPerTick, ratedWatts } = record(value);
  const [numerator, denominator] = list(ujPerTick, big);
  if (numerator === undefined || denominator === undefined || denominator === 0n) return fail();
  return {
    range: orNull(range, big),
    ujPerTick: [numerator, denominator] as const,
    ratedWatts: orNull(ratedWatts, number),
  };
};
const keptOf = (value: unknown): { turn: number; kept: KeptSession } => {
  const s = record(value);
  if (s.v !== VERSION) fail();
  return {
    // Those of an earlier form, which had one file, were before all turns.
    turn: s.turn === undefined ? 0 : number(s.turn),
    kept: {
      boot: orNull(s.boot, text),
      at: momentOf(s.at),
      wallMs: number(s.wallMs),
      sinceMs: number(s.sinceMs),
      totalUj: orNull(s.totalUj, big),
      known: list(s.known, (item) => {
        const { zone, scale, count, mirrorOf } = record(item);
        return {
          zone: zoneOf(zone),
          scale: scaleOf(scale),
          count: countOf(count),
          mirrorOf: orNull(mirrorOf, text),
        };
      }),
    },
  };
};

const bigAsText = (_: string, value: unknown) => (typeof value === 'bigint' ? String(value) : value);
const filesOf = (path: string): [string, string] => [path, `${path}.other`];

export interface StateFile {
  /** In one write, over the older of the two. Errors of the file system are thrown. */
  write(kept: KeptSession): void;
}

/** `turn` is that of the newest state that was found. */
export const openState = (path: string, turn = 0): StateFile => {
  const files: (number | null)[] = [null, null];
  let newest = turn;
  return {
    write(kept) {
      const i = (newest + 1) % 2;
      files[i] ??= openSync(filesOf(path)[i]!, constants.O_WRONLY | constants.O_CREAT, 0o600);
      // What a longer one left behind its end is behind the newline, and nobody's.
      const bytes = Buffer.from(`${JSON.stringify({ v: VERSION, turn: newest + 1, ...kept }, bigAsText)}\n`);
      if (writeSync(files[i]!, bytes, 0, bytes.length, 0) < bytes.length)
        throw Object.assign(new Error(`${path} could not be written whole`), { code: 'ENOSPC' });
      newest += 1;
    },
  };
};

export type FoundState =
  | { readonly kept: KeptSession; readonly turn: number }
  | { readonly kept: null; readonly turn: 0; readonly why: string | null };

/**
 * The newest state that is whole. Where something lies and none of it is a state of this version, it is put aside as `.broken`, and
 * `why` says so; null where there is nothing.
 */
export const readState = (path: string): FoundState => {
  let best: { turn: number; kept: KeptSession } | null = null;
  let broken: string[] = [];
  for (const file of filesOf(path)) {
    let line: string;
    try {
      line = readFileSync(file, 'utf8').split('\n', 1)[0]!;
    } catch (error) {
      const { code } = error as NodeJS.ErrnoException;
      if (code === 'ENOENT') continue;
      return { kept: null, turn: 0, why: `${file} cannot be read: ${code}` };
    }
    if (line === '') continue;
    try {
      const found = keptOf(JSON.parse(line));
      if (best === null || found.turn > best.turn) best = found;
    } catch (error) {
      if (!(error instanceof NoState || error instanceof SyntaxError)) throw error;
      broken = [...broken, file];
    }
  }
  if (best !== null) return best;
  for (const file of broken) renameSync(file, `${file}.broken`);
  return {
    ...{ kept: null, turn: 0 },
    why:
      broken.length === 0
        ? null
        : `${path} was no state of this version; it lies beside as .broken and totals begin anew`,
  };
};
