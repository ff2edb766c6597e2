/** What the page reads of the server's answers; docs/tools.md and GET /openapi.json have the whole of each. */
import type { Estimate } from '../domain/estimate.js';

export interface Window {
  readonly start: string;
  readonly end: string;
}
export interface Cost {
  readonly total: number;
  readonly energy: number;
  readonly tardiness: number;
  readonly currency: string;
}
export interface Totals {
  readonly cost: Cost;
  readonly emissionsKg: Estimate;
  readonly energyKwh: number;
  readonly peakKw: number;
  readonly lateJobs: number;
}
export interface BindingLimit {
  readonly limit: string;
  readonly slots: number;
  readonly shadowPrice: number;
  readonly unit: string;
  readonly sentence?: string;
}
export interface Plan {
  readonly id: string;
  readonly digest: string;
  readonly workloadId: string;
  readonly window: Window;
  readonly finishesAt: string | null;
  readonly madeAt: string;
  readonly carbonPricePerTonne: number;
  readonly jobs: {
    readonly total: number;
    readonly movable: number;
    readonly moved: number;
    readonly urgent: number;
    readonly unplaced: number;
  };
  readonly baseline: Totals;
  readonly planned: Totals;
  readonly savings: { readonly cost: number; readonly emissionsKg: Estimate };
  readonly gap: number | null;
  readonly savingsGap: number | null;
  readonly bindingLimits: readonly BindingLimit[];
  readonly signals: readonly {
    readonly region: string;
    readonly source: string;
    readonly status: string;
    readonly issuedAt: string;
  }[];
}
export interface Status {
  readonly now: string;
  readonly clock: string;
  readonly scenario: string;
  readonly dataNote: string;
  readonly currency: string;
  readonly model: string | null;
  readonly signals: readonly {
    readonly region: string;
    readonly source: string;
    readonly ageHours: number | null;
    readonly trouble: string | null;
  }[];
  readonly ledger: { readonly entries: number; readonly signed: number };
  /** `why`: what is not as it should be */
  readonly operation: { readonly state: Operation; readonly why: string | null } | null;
  /** parts that have something to show beside what every world has */
  readonly rooms: readonly string[];
  readonly next: readonly string[];
}
export interface Operation {
  readonly everySeconds: number;
  readonly horizonHours: number;
  readonly nextAt: string;
  readonly stopped: boolean;
  readonly ticks: number;
  readonly missed: number;
  readonly last: {
    readonly at: string;
    readonly missed: number;
    readonly jobs: number;
    readonly runId: string | null;
    readonly status: string | null;
    readonly moved: number;
    readonly reviewed: { readonly planId: string; readonly byPlanId: string | null; readonly moved: number } | null;
    readonly finished: number;
    readonly trouble: readonly string[];
  } | null;
}
export interface GridPoint {
  readonly start: string;
  readonly intensityGPerKwh: number | null;
  readonly low: number | null;
  readonly high: number | null;
  readonly pricePerMwh: number | null;
  readonly currency: string | null;
}
export interface GridForecast {
  readonly region: string;
  readonly source: string;
  readonly status: string;
  readonly now: string;
  readonly knownUntil: string;
  readonly generatedAt: string;
  readonly ageHours: number;
  readonly stepMinutes: number;
  readonly points: readonly GridPoint[];
}
export interface PlanLoad {
  readonly planId: string;
  readonly digest: string;
  readonly stepMinutes: number;
  readonly start: string;
  readonly regions: readonly {
    readonly region: string;
    readonly plannedKw: readonly number[];
    readonly baselineKw: readonly number[];
  }[];
}
export interface Site {
  readonly id: string;
  readonly region: string;
  readonly clusterId: string | null;
  readonly powerCapKw: number | null;
  readonly pue: number;
}
export interface Judgement {
  readonly policy: string;
  readonly policySetId: string | null;
  readonly allowedJobs: number;
  readonly deniedJobs: number;
  readonly riskRatio: number;
  readonly reasons: readonly string[];
  readonly approvers: readonly { readonly role: string; readonly approvals: number }[];
  readonly saves: { readonly emissionsKg: Estimate; readonly cost: number | null; readonly currency: string };
}
export interface Vote {
  readonly actor: { readonly id: string; readonly via: string };
  readonly decision: 'approve' | 'reject';
  readonly why: string;
  readonly at: string;
}
export interface Approval {
  readonly id: string;
  readonly threadId: string;
  readonly planId: string;
  readonly planDigest: string;
  readonly status: string;
  readonly reasons: readonly string[];
  readonly approvalsNeeded: number;
  readonly judgement?: Judgement;
  readonly votes: readonly Vote[];
  readonly askedAt: string;
  readonly expiresAt: string;
}
export interface Decision {
  readonly id: string;
  readonly planId: string;
  readonly planDigest: string;
  readonly status: string;
  readonly by: readonly string[];
  readonly reasons: readonly string[];
  readonly at: string;
  readonly approvalId?: string | null;
  readonly judgement?: Judgement;
}
export interface Run {
  readonly id: string;
  readonly status: string;
  readonly from: string;
  readonly horizonHours: number;
  readonly planId: string | null;
  readonly approvalId: string | null;
  readonly decisionId: string | null;
  readonly startedBy: string;
  readonly startedAt: string;
  readonly finishedAt: string | null;
  readonly story: string | null;
  readonly error: unknown;
}
export interface LedgerLine {
  readonly seq: number;
  readonly hash: string;
  readonly kind: string;
  readonly at: string;
  readonly actor: string;
  readonly cause: string | null;
  readonly subject: string | null;
}
export interface TeamSaving {
  readonly team: string;
  readonly saved: { readonly emissionsKg: Estimate; readonly cost: number | null };
  readonly energyKwh: number;
  readonly jobs: number;
}
export interface Verification {
  readonly id: string;
  readonly planId: string;
  readonly runId: string | null;
  readonly at: string;
  readonly jobs: number;
  readonly unverifiedCount: number;
  readonly claimed: { readonly emissionsKg: number; readonly cost: number };
  readonly verified: { readonly emissionsKg: Estimate; readonly cost: number | null };
  readonly demonstrated: boolean;
  readonly difference: readonly { readonly cause: string; readonly emissionsKg: number; readonly cost: number }[];
  readonly byTeam: readonly TeamSaving[];
  readonly method: string;
}
export interface Sale {
  readonly id: string;
  readonly buyer: string;
  readonly state: string;
  readonly region: string;
  readonly start: string;
  readonly end: string;
  readonly powerKw: number;
  readonly energyKwh: number;
  readonly total: number | null;
  readonly currency: string;
  readonly planId: string | null;
  readonly deliveredKw: number | null;
  readonly note: string | null;
  readonly evidence: string | null;
}
export interface Session {
  readonly id: string;
  readonly scopes: readonly string[];
  readonly signedIn: boolean;
}
