/**
 * What a month came to: planned against verified savings, why they differ, and each team's share. Records of different windows err
 * independently, so their intervals are added in quadrature.
 */
import { type Estimate, sumIndependent } from './estimate.js';

/** Of a verified record, as it is listed. */
export interface ReportedRecord {
  readonly id: string;
  readonly planId: string;
  readonly at: string;
  readonly jobs: number;
  readonly unverifiedCount: number;
  readonly claimed: { readonly emissionsKg: number; readonly cost: number };
  readonly verified: { readonly emissionsKg: Estimate; readonly cost: number | null };
  readonly difference: readonly { readonly cause: string; readonly emissionsKg: number; readonly cost: number }[];
  readonly byTeam: readonly {
    readonly team: string;
    readonly saved: { readonly emissionsKg: Estimate; readonly cost: number | null };
    readonly energyKwh: number;
    readonly jobs: number;
  }[];
}

export interface ReportedTeam {
  readonly team: string;
  readonly savedKg: Estimate;
  /** null: the price of none of it is known */
  readonly savedCost: number | null;
  readonly energyKwh: number;
  readonly jobs: number;
  /** verified kg CO2e per kWh that its moved jobs used; null where they used none */
  readonly savedKgPerKwh: number | null;
}

export interface MonthReport {
  /** `2022-05` */
  readonly month: string;
  readonly records: number;
  readonly jobs: number;
  readonly unverifiedJobs: number;
  readonly plannedKg: number;
  readonly plannedCost: number;
  readonly savedKg: Estimate;
  readonly savedCost: number | null;
  /** planned plus these is verified */
  readonly causes: readonly { readonly cause: string; readonly emissionsKg: number }[];
  /** most saved per kWh first */
  readonly teams: readonly ReportedTeam[];
}

const CONFIDENCE = 0.95;
const confidenceOf = (records: readonly ReportedRecord[]) => records[0]?.verified.emissionsKg.confidence ?? CONFIDENCE;

/** What is not known adds nothing; where nothing is known the sum is not known either. */
const known = (values: readonly (number | null)[]): number | null => {
  const found = values.filter((value) => value !== null);
  return found.length === 0 ? null : found.reduce((a, b) => a + b, 0);
};

const teamsOf = (records: readonly ReportedRecord[]): ReportedTeam[] => {
  const shares = new Map<string, ReportedRecord['byTeam'][number][]>();
  for (const share of records.flatMap((r) => r.byTeam))
    shares.set(share.team, [...(shares.get(share.team) ?? []), share]);
  return [...shares]
    .map(([team, parts]) => {
      const savedKg = sumIndependent(
        parts.map((p) => p.saved.emissionsKg),
        confidenceOf(records),
      );
      const energyKwh = parts.reduce((sum, p) => sum + p.energyKwh, 0);
      return {
        ...{ team, savedKg, energyKwh },
        savedCost: known(parts.map((p) => p.saved.cost)),
        jobs: parts.reduce((sum, p) => sum + p.jobs, 0),
        savedKgPerKwh: energyKwh === 0 ? null : savedKg.value / energyKwh,
      };
    })
    .sort((a, b) => (b.savedKgPerKwh ?? Number.NEGATIVE_INFINITY) - (a.savedKgPerKwh ?? Number.NEGATIVE_INFINITY));
};

/** `2022-05` of a moment in UTC. */
export const monthOf = (at: string): string => at.slice(0, 7);

/** Of the records that were verified in that month. */
export const monthReport = (all: readonly ReportedRecord[], month: string): MonthReport => {
  const records = all.filter((r) => monthOf(r.at) === month);
  const causes = new Map<string, number>();
  for (const { difference } of records)
    for (const { cause, emissionsKg } of difference) causes.set(cause, (causes.get(cause) ?? 0) + emissionsKg);
  return {
    month,
    records: records.length,
    jobs: records.reduce((sum, r) => sum + r.jobs, 0),
    unverifiedJobs: records.reduce((sum, r) => sum + r.unverifiedCount, 0),
    plannedKg: records.reduce((sum, r) => sum + r.claimed.emissionsKg, 0),
    plannedCost: records.reduce((sum, r) => sum + r.claimed.cost, 0),
    savedKg: sumIndependent(
      records.map((r) => r.verified.emissionsKg),
      confidenceOf(records),
    ),
    savedCost: known(records.map((r) => r.verified.cost)),
    causes: [...causes].map(([cause, emissionsKg]) => ({ cause, emissionsKg })),
    teams: teamsOf(records),
  };
};
