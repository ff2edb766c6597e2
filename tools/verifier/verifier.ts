/** Front door of the verifier: what a plan really saved, with an interval, and the evidence that lets a stranger recompute it. */
import { importContracts } from './import-contracts.js';
import { exportEvidence, recomputeEvidence } from './recompute.js';
import { verifySavings } from './verify-savings.js';

export { digestsOf, evidenceSchema, recompute, seedOf, verifyRows } from './evidence.js';
export { normalQuantile } from './normal.js';
export { METHOD, type Question, type Verified, verify } from './verify.js';
export { exportEvidence, importContracts, recomputeEvidence, verifySavings };

export const verifierTools = [verifySavings, recomputeEvidence, exportEvidence, importContracts] as const;
