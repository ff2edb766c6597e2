/** The tools that show verified records, over a real store. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { VERIFICATIONS, VERIFIED_JOBS, type Verification } from '../../domain/evidence/verification.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import type { Store } from '../../domain/store.js';
import { instant } from '../../domain/time.js';
import { openStore } from '../../store/store.js';
import { type Call, callTool } from '../tool.js';
import { listVerifications, listVerifiedJobs, sumClaims } from './verifier.js';

const folder = mkdtempSync(join(tmpdir(), 'records-'));
const call: Call = {
  actor: { id: 'ann', via: 'cli' },
  cause: null,
  signal: new AbortController().signal,
  progress: () => {},
};
const kg = (value: number) => ({ value, low: value - 1, high: value + 1, confidence: 0.95 });
const amounts = (value: number) => ({ emissionsKg: kg(value), cost: 2 });
const record = (id: string, day: number, more: Partial<Verification> = {}): Verification => ({
  id,
  planId: 'P-1',
  runId: null,
  at: instant(`2022-05-0${day}T12:00:00Z`),
  supersedes: null,
  jobs: 2,
  unverified: [],
  unverifiedCount: 0,
  claimed: { emissionsKg: 9, cost: 2 },
  verified: amounts(8),
  demonstrated: true,
  difference: [{ cause: 'forecast error', emissionsKg: -1, cost: 0 }],
  byTeam: [{ team: 'ml', saved: amounts(8), energyKwh: 10, jobs: 2 }],
  method: 'analytical 1',
  evidenceId: null,
  ...more,
});
const records = [record('V-1', 1), record('V-2', 2, { planId: 'P-2' }), record('V-3', 3, { supersedes: 'V-1' })];
let store: Store;

beforeAll(async () => {
  store = await openStore(join(folder, 'caco.db'));
  for (const value of records) await store.collection(VERIFICATIONS).insert(value.id, value);
  const job = { counterfactualKg: 9, actualKg: 1, overheadKg: 0, savedKg: kg(4), savedCost: null, energyKwh: 5 };
  for (const id of ['V-2', 'V-3'])
    await store.rows(VERIFIED_JOBS).append(
      id,
      ['ml', 'ml', 'web'].map((team, i) => ({
        id: `job-${i}`,
        value: { ...job, jobId: `job-${i}`, team, claimedKg: i + 1 },
      })),
    );
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const world = () => quietWorld(store, () => instant('2022-06-01T00:00:00Z'));
const idsOf = async (input: object) =>
  (await callTool(listVerifications, input, world(), call)).verifications.map(({ id }) => id);

it('lists the records that stand, newest first, and counts the revised', async () => {
  expect(await callTool(listVerifications, {}, world(), call)).toEqual({
    verifications: [records[2], records[1]],
    revised: 1,
    next: null,
  });
});

it('narrows them to a plan and to a time of which the end is not part', async () => {
  expect(await idsOf({ planId: 'P-2' })).toEqual(['V-2']);
  expect(await idsOf({ from: '2022-05-02T12:00:00Z', to: '2022-05-03T12:00:00Z' })).toEqual(['V-2']);
  expect(await idsOf({ ids: ['V-1', 'V-3'] })).toEqual(['V-3']);
});

it('sums what was claimed for a team over records', async () => {
  const sum = (input: object) => callTool(sumClaims, input, world(), call);
  expect(await sum({ ids: ['V-2', 'V-3'], team: 'ml' })).toEqual({ claimedKg: 6, jobs: 4 });
  expect(await sum({ ids: ['V-2'], team: 'nobody' })).toEqual({ claimedKg: 0, jobs: 0 });
  await expect(sum({ ids: ['V-9'], team: 'ml' })).rejects.toMatchObject({ code: 'not-found' });
});

it('list_verified_jobs gives the jobs of one record in pages, some by id, and says what there is not', async () => {
  const ask = (input: { id: string; jobIds?: string[]; limit?: number; cursor?: string }) =>
    callTool(
      listVerifiedJobs,
      input,
      quietWorld(store, () => instant('2022-06-01T00:00:00Z')),
      call,
    );
  const first = await ask({ id: 'V-2', limit: 2 });
  expect(first.jobs.map((j) => [j.jobId, j.team, j.claimedKg, j.savedKg.value])).toEqual([
    ['job-0', 'ml', 1, 4],
    ['job-1', 'ml', 2, 4],
  ]);
  const rest = await ask({ id: 'V-2', limit: 2, cursor: first.next! });
  expect(rest.jobs.map((j) => j.jobId)).toEqual(['job-2']);
  expect((await ask({ id: 'V-2', jobIds: ['job-2', 'nobody'] })).jobs.map((j) => j.team)).toEqual(['web']);
  await expect(ask({ id: 'V-9' })).rejects.toMatchObject({ code: 'not-found' });
  await expect(ask({ id: 'V-2', cursor: 'x' })).rejects.toMatchObject({ code: 'invalid-input' });
});
