/**
 * A session looks at all counters again and again and keeps what they counted. Its total is the sum of steps of zones that no
 * other zone contains; it never falls, whatever the counters do, and can be kept and taken up by another process.
 */
import { invalid } from '../../domain/fault.js';
import { counted, type Moment, microjoulesOf, newCount, resumed, type Scale } from './counter.js';
import type { Boot } from './machine.js';
import { type Known, type Report, reportOf } from './report.js';
import type { Sighting, Source } from './source.js';
import { areDiesOfOneSocket, kindOf, type Role, roleOf, type Zone } from './zone.js';

/** More than any package draws: with 65.5 kJ a wrap, two looks may lie 32 s apart. */
export const MAX_WATTS = 1000;

export interface KeptSession {
  readonly boot: Boot;
  readonly at: Moment;
  /** when this was kept, ms since 1970: after a restart of the machine no other clock tells how long it was away */
  readonly wallMs: number;
  readonly sinceMs: number;
  readonly totalUj: bigint | null;
  readonly known: readonly Known[];
}

export interface Session {
  /** One look at every counter. Nothing throws: what cannot be read is in the report. */
  sample(at: Moment): void;
  report(): Report;
  keep(boot: Boot, wallMs: number): KeptSession;
}

/** What a socket of 500 W uses in the millisecond after which its counter moves: two dies are not read at one instant. */
const MIRROR_SLACK_UJ = 500_000n;

const isNear = (a: bigint, b: bigint, scale: Scale): boolean => {
  const apart = a > b ? a - b : b - a;
  // One of them may have begun anew between the two reads.
  const around = scale.range === null ? apart : scale.range + 1n - apart;
  return microjoulesOf(apart < around ? apart : around, scale) <= MIRROR_SLACK_UJ;
};

const ticksOf = ({ reading }: Sighting): bigint | null => ('ticks' in reading ? reading.ticks : null);

/** The die whose counter a new one shows. A counter at 0 says nothing. */
const mirrored = (seen: Sighting, before: readonly Sighting[]): string | null => {
  const ticks = ticksOf(seen);
  if (ticks === null || ticks === 0n) return null;
  const twin = before.find((other) => {
    const theirs = ticksOf(other);
    return areDiesOfOneSocket(seen.zone, other.zone) && theirs !== null && isNear(ticks, theirs, seen.scale);
  });
  return twin?.zone.id ?? null;
};

const stillMirrored = (seen: Sighting, mirrorOf: string, before: readonly Sighting[]): boolean => {
  const ticks = ticksOf(seen);
  const twin = before.find(({ zone }) => zone.id === mirrorOf);
  const theirs = twin && ticksOf(twin);
  return ticks === null || theirs === undefined || theirs === null || isNear(ticks, theirs, seen.scale);
};

/** After a restart ids may be dealt out anew: a zone is known by id and name. */
const keyOf = ({ id, name }: Zone) => `${id} ${name}`;

const energyOf = ({ count, scale }: Known): bigint => microjoulesOf(count.ticks, scale);

/** Where the kept session's clock stands against the present one: 0 on the same boot. */
const shiftMs = (kept: KeptSession, boot: Boot, at: Moment, wallMs: number): number =>
  kept.boot === boot ? 0 : at.monotonicMs - Math.max(0, wallMs - kept.wallMs) - kept.at.monotonicMs;

/** `maxWatts` bounds what one zone can draw, and with it how far apart two looks may lie. */
export const openSession = (
  source: Source,
  options: {
    readonly maxWatts?: number;
    readonly resume?: { readonly kept: KeptSession; readonly boot: Boot; readonly at: Moment; readonly wallMs: number };
  } = {},
): Session => {
  const { maxWatts = MAX_WATTS, resume } = options;
  if (!(maxWatts > 0)) throw invalid(`the greatest power is ${maxWatts} W`, 'Give watts above 0, for example 1000.');
  const shift = resume ? shiftMs(resume.kept, resume.boot, resume.at, resume.wallMs) : 0;
  const known = new Map<string, Known>(
    resume?.kept.known.map((k) => [
      keyOf(k.zone),
      resume.kept.boot === resume.boot ? k : { ...k, count: resumed(k.count, shift), mirrorOf: null },
    ]),
  );
  let totalUj = resume?.kept.totalUj ?? null;
  let sinceMs: number | null = resume ? resume.kept.sinceMs + shift : null;
  let newest: Moment | null = resume?.at ?? null;
  let trouble: string | null = null;

  const role = ({ zone, mirrorOf }: Pick<Known, 'zone' | 'mirrorOf'>): Role =>
    mirrorOf === null
      ? roleOf(
          zone,
          [...known.values()].map((k) => k.zone),
        )
      : 'mirror';

  const take = (before: Known, after: Known) => {
    known.set(keyOf(after.zone), after);
    if (after.count.coveredMs > before.count.coveredMs && role(after) === 'added')
      totalUj = (totalUj ?? 0n) + energyOf(after) - energyOf(before);
  };

  return {
    sample(at) {
      const { sightings, errno } = source.look();
      trouble = errno;
      sinceMs ??= at.monotonicMs;
      newest = at;
      // First all zones, so that each one's role is known before its first step is added.
      for (const [i, seen] of sightings.entries()) {
        const { zone, scale } = seen;
        const key = keyOf(zone);
        const before = known.get(key);
        const mirrorOf = before
          ? before.mirrorOf !== null && stillMirrored(seen, before.mirrorOf, sightings.slice(0, i))
            ? before.mirrorOf
            : null
          : mirrored(seen, sightings.slice(0, i));
        if (zone.name !== '') known.delete(keyOf({ ...zone, name: '' }));
        known.set(key, { zone, scale, mirrorOf, count: before?.count ?? newCount(at) });
      }
      const present = new Set(sightings.map(({ zone }) => keyOf(zone)));
      for (const { zone, scale, reading } of sightings) {
        const before = known.get(keyOf(zone))!;
        take(before, { ...before, count: counted(before.count, reading, at, scale, maxWatts) });
      }
      for (const [key, before] of known)
        if (!present.has(key))
          take(before, {
            ...before,
            count: counted(before.count, { errno: errno ?? 'ENOENT' }, at, before.scale, maxWatts),
          });
    },
    report: () =>
      reportOf(
        [...known.values()].map((k) => ({ ...k, kind: kindOf(k.zone), role: role(k) })),
        { mode: source.mode, from: source.from, errno: trouble, totalUj, sinceMs, at: newest },
      ),
    keep(boot, wallMs) {
      if (newest === null || sinceMs === null) throw new Error('a session is kept after its first look');
      return { boot, at: newest, wallMs, sinceMs, totalUj, known: [...known.values()] };
    },
  };
};
