/** Front door of the verifier: what a plan really saved, with an interval, and the evidence that lets a stranger recompute it. */
import { importContracts } from './import-contracts.js';
import { listVerifications, listVerifiedJobs, sumClaims } from './list-verifications.js';
import { reportPilot } from './pilot.js';
import { exportEvidence, recomputeEvidence } from './recompute.js';
import { verifySavings } from './verify-savings.js';

export { digestsOf, evidenceSchema, recompute, seedOf, verifyRows } from './evidence.js';
export { METHOD, type Question, type Verified, verify } from './verify.js';
export {
  exportEvidence,
  importContracts,
  listVerifications,
  listVerifiedJobs,
  recomputeEvidence,
  reportPilot,
  sumClaims,
  verifySavings,
};

export const verifierTools = [
  verifySavings,
  listVerifications,
  sumClaims,
  listVerifiedJobs,
  recomputeEvidence,
  exportEvidence,
  importContracts,
  reportPilot,
] as const;
