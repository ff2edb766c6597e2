/** What a session knows at one moment, and the JSON that scripts read. */
import { type Count, type Gap, type Moment, microjoulesOf, openGap, type Scale } from './counter.js';
import { type Kind, type Role, socketOf, type Zone } from './zone.js';

/** A zone with what was counted of it. */
export interface Known {
  readonly zone: Zone;
  readonly scale: Scale;
  readonly count: Count;
  /** the die whose counter this one shows too; once it has shown another value, null for good */
  readonly mirrorOf: string | null;
}

export interface ZoneReport {
  readonly id: string;
  readonly name: string;
  readonly kind: Kind;
  readonly role: Role;
  readonly socket: number | null;
  /** null: nothing of it is known */
  readonly energyUj: bigint | null;
  readonly wraps: number;
  readonly badReadings: number;
  /** the newest ones, and the one that is still open; `gapCount` counts all */
  readonly gaps: readonly Gap[];
  readonly gapCount: number;
  readonly coveredMs: number;
  /** since it was first seen */
  readonly spanMs: number;
  readonly mirrorOf: string | null;
  /** why it cannot be read now */
  readonly errno: string | null;
}

export interface Report {
  /** measured: of at least one part of the total energy is known */
  readonly mode: 'measured' | 'unavailable';
  /** complete: all that was asked for was known all the time */
  readonly status: 'complete' | 'partial' | 'unavailable';
  readonly source: 'sysfs' | 'msr';
  readonly from: string;
  readonly zones: readonly ZoneReport[];
  readonly totalUj: bigint | null;
  /** platforms, told apart: they contain the packages and more */
  readonly psysUj: bigint | null;
  /** share of the time of all added zones whose energy is known, 0 to 1 */
  readonly coverageRatio: number;
  /** added zones of which nothing is known */
  readonly missing: readonly string[];
  readonly spanMs: number;
  readonly at: Moment | null;
  readonly sinceMs: number;
  /** why nothing could be read, such as `EACCES` */
  readonly errno: string | null;
}

const zoneReport = (k: Known & { kind: Kind; role: Role }, at: Moment): ZoneReport => {
  const { zone, count, scale } = k;
  const open = openGap(count, at);
  return {
    id: zone.id,
    name: zone.name,
    kind: k.kind,
    role: k.role,
    socket: socketOf(zone),
    energyUj: count.coveredMs > 0 ? microjoulesOf(count.ticks, scale) : null,
    wraps: count.wraps,
    badReadings: count.badReadings,
    gaps: open ? [...count.gaps, open] : count.gaps,
    gapCount: count.gapCount + (open ? 1 : 0),
    coveredMs: count.coveredMs,
    spanMs: at.monotonicMs - count.sinceMs,
    mirrorOf: k.mirrorOf,
    errno: count.trouble?.errno ?? null,
  };
};

const sumOf = (energies: readonly (bigint | null)[]): bigint | null => {
  const known = energies.filter((e) => e !== null);
  return known.length === 0 ? null : known.reduce((sum, e) => sum + e, 0n);
};

export const reportOf = (
  known: readonly (Known & { kind: Kind; role: Role })[],
  of: {
    readonly mode: 'sysfs' | 'msr';
    readonly from: string;
    readonly errno: string | null;
    readonly totalUj: bigint | null;
    readonly sinceMs: number | null;
    readonly at: Moment | null;
  },
): Report => {
  const at = of.at ?? { monotonicMs: 0, boottimeMs: 0 };
  const zones = known.map((k) => zoneReport(k, at));
  const added = zones.filter(({ role }) => role === 'added');
  const spans = added.reduce((sum, z) => sum + z.spanMs, 0);
  const covered = added.reduce((sum, z) => sum + z.coveredMs, 0);
  const isWhole = added.every((z) => z.energyUj !== null && z.gapCount === 0);
  return {
    mode: of.totalUj === null ? 'unavailable' : 'measured',
    status: of.totalUj === null ? 'unavailable' : isWhole ? 'complete' : 'partial',
    source: of.mode,
    from: of.from,
    zones,
    totalUj: of.totalUj,
    psysUj: sumOf(zones.filter(({ role }) => role === 'around').map((z) => z.energyUj)),
    coverageRatio: spans > 0 ? Math.min(1, covered / spans) : 0,
    missing: added.filter((z) => z.energyUj === null).map((z) => z.id),
    spanMs: of.sinceMs === null ? 0 : at.monotonicMs - of.sinceMs,
    at: of.at,
    sinceMs: of.sinceMs ?? at.monotonicMs,
    errno: of.errno ?? added.find((z) => z.errno !== null)?.errno ?? null,
  };
};

/** As scripts read it: microjoules as integer text, times in seconds since the session began. */
export const reportJson = (report: Report) => {
  const second = (ms: number) => Math.round(ms - report.sinceMs) / 1000;
  return {
    mode: report.mode,
    status: report.status,
    source: report.source,
    from: report.from,
    seconds: Math.round(report.spanMs) / 1000,
    zones: report.zones.map((z) => ({
      id: z.id,
      name: z.name,
      kind: z.kind,
      role: z.role,
      socket: z.socket,
      energyUj: z.energyUj === null ? null : String(z.energyUj),
      wraps: z.wraps,
      badReadings: z.badReadings,
      gaps: z.gaps.map((gap) => ({
        fromSeconds: second(gap.fromMs),
        toSeconds: second(gap.toMs),
        seconds: Math.round(gap.toMs - gap.fromMs) / 1000,
        reason: gap.reason,
        errno: gap.errno,
        energyUj: null,
      })),
      gapCount: z.gapCount,
      coverageRatio: z.spanMs > 0 ? Math.min(1, z.coveredMs / z.spanMs) : 0,
      mirrorOf: z.mirrorOf,
      errno: z.errno,
    })),
    totalUj: report.totalUj === null ? null : String(report.totalUj),
    psysUj: report.psysUj === null ? null : String(report.psysUj),
    coverageRatio: report.coverageRatio,
    missing: report.missing,
    errno: report.errno,
  };
};
export type ReportJson = ReturnType<typeof reportJson>;
