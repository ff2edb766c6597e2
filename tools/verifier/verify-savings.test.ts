import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Ajv2020 } from 'ajv/dist/2020.js';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import { BASELINE_KIND } from '../../domain/baseline.js';
import { DECISIONS, type Decision } from '../../domain/decision.js';
import { canonicalJson } from '../../domain/digest.js';
import { EVIDENCE, EVIDENCE_ENTRIES, EVIDENCE_JOBS, type EvidenceRecord } from '../../domain/evidence/record.js';
import { BOOKED, VERIFICATIONS, VERIFIED_JOBS } from '../../domain/evidence/verification.js';
import { inHalves, shuffled } from '../../domain/fixtures/any-order.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { JOBS } from '../../domain/job.js';
import { Method } from '../../domain/method.js';
import { BASELINE, ORDERS, orderKeyOf, type Plan, RECOMMENDATIONS } from '../../domain/plan.js';
import type { Store } from '../../domain/store.js';
import { hours } from '../../domain/units.js';
import type { Grid, World } from '../../domain/world.js';
import { simulatedClock } from '../../sim/clock.js';
import { simulatedFleet } from '../../sim/fleet.js';
import { simulatedGrid } from '../../sim/grid.js';
import { loadScenario } from '../../sim/scenario.js';
import { openStore } from '../../store/store.js';
import { gatherJobs, placeJobs } from '../fleet/fleet.js';
import { openLedger } from '../ledger/ledger.js';
import { makePlan } from '../optimizer/optimizer.js';
import { type Call, callTool } from '../tool.js';
import {
  evidenceSchema,
  exportEvidence,
  importContracts,
  recompute,
  recomputeEvidence,
  verifySavings,
} from './verifier.js';

const scenario = loadScenario('five-regions');
const folder = mkdtempSync(join(tmpdir(), 'verify-'));
const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'tester', via: 'cli' },
  cause: null,
};

let store: Store;
let world: World;
let n = 0;
beforeEach(async () => {
  store = await openStore(join(folder, `${n++}.sqlite`));
  const clock = simulatedClock(scenario.start);
  world = {
    clock,
    grid: simulatedGrid(scenario, 7, clock),
    fleet: simulatedFleet({ scenario, seed: 7, clock, store }),
    // Nothing here files a ticket.
    tickets: {} as World['tickets'],
    ledger: openLedger({ store, home: null, now: clock.now }),
    model: null,
    store,
    method: Method.parse({}),
    setting: scenario,
    meter: quietWorld(store, clock.now).meter,
    provenance: quietWorld(store, clock.now).provenance,
  };
});
afterEach(() => store.close());
afterAll(() => rmSync(folder, { recursive: true, force: true }));

/** From the queue to what ran. */
const carriedOut = async (
  only: ((jobs: string[]) => string[]) | null = null,
  status: Decision['status'] = 'approved',
) => {
  const { workloadId } = await callTool(gatherJobs, { from: scenario.start, horizonHours: 5 }, world, call);
  return planned(workloadId, only, status);
};
const planned = async (workloadId: string, only: ((jobs: string[]) => string[]) | null, status: Decision['status']) => {
  const { plan } = await callTool(
    makePlan,
    { workloadId, from: scenario.start, horizonHours: 5, carbonPricePerTonne: 5000 },
    world,
    call,
  );
  const moved = (await store.rows(RECOMMENDATIONS).page(plan!.id, { limit: 5000 })).items.map((r) => r.jobId);
  const decision: Decision = {
    id: `D-${plan!.id}`,
    planId: plan!.id,
    planDigest: plan!.digest,
    status,
    by: ['rule:test'],
    reasons: [],
    jobs: only === null ? null : only(moved),
    at: scenario.start,
  };
  await store.collection(DECISIONS).put(decision.id, decision);
  if (status !== 'refused')
    await callTool(placeJobs, { planId: plan!.id }, world, { ...call, decisionId: decision.id });
  return { plan: plan!, moved };
};
const later = (plan: Plan) => world.clock.waitUntil(plan.finishesAt);
const verified = async (plan: Plan) => callTool(verifySavings, { planId: plan.id }, world, call);
const kinds = async () => (await store.entries.read(0, 100)).map((e) => e.body.kind);

describe('verify_savings', () => {
  it('tells how durations that were foretold came true', async () => {
    const { workloadId } = await callTool(gatherJobs, { from: scenario.start, horizonHours: 5 }, world, call);
    const jobs = (await store.rows(JOBS).page(workloadId, { limit: 5000 })).items;
    // Simulated work runs a little shorter or longer than it says, and all of it within ten times.
    await store.rows(JOBS).upsert(
      workloadId,
      jobs.map((job) => {
        const of = (times: number) => hours(times * job.durationHours);
        const foreseen = { askedHours: of(24), lowHours: of(0), highHours: of(10), by: 'test' };
        return { id: job.id, value: { ...job, foreseen } };
      }),
    );
    const { plan } = await planned(workloadId, null, 'approved');
    await later(plan);
    const { verification } = await verified(plan);
    const note = verification.notes!.find((one) => one.includes('foretold'))!;
    expect(note).toContain(`of ${plan.jobs.total - plan.jobs.unplaced} jobs was foretold`);
    expect(note).toContain('100 % ran no longer than their 90 % quantile');
    const told = /ran ([\d\s.]+) h, ([\d\s.]+) h were expected and ([\d\s.]+) h asked/.exec(note)!;
    const [ran, expected, asked] = told.slice(1).map((text) => Number(text.replace(/\s/g, '')));
    expect(asked! / expected!).toBeCloseTo(24, 0);
    expect(ran! / expected!).toBeCloseTo(1, 0);
  });

  it('verifies what ran against the baseline that was frozen before the plan, and writes record, rows and ledger entry', async () => {
    const { plan, moved } = await carriedOut();
    await expect(verified(plan)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('open until'),
    });
    await later(plan);
    const { verification: v, unchanged } = await verified(plan);
    expect(unchanged).toBe(false);
    expect(v.jobs + v.unverifiedCount).toBe(moved.length);
    expect(v.jobs).toBeGreaterThan(20);
    expect(v.verdict).toBe('saving');
    expect(v.verified.emissionsKg.low).toBeGreaterThan(0);
    expect(v.claimed.emissionsKg + v.difference.reduce((s, d) => s + d.emissionsKg, 0)).toBeCloseTo(
      v.verified.emissionsKg.value,
      8,
    );
    expect(await store.rows(VERIFIED_JOBS).count(v.id)).toBe(v.jobs);
    expect(await store.rows(EVIDENCE_JOBS).count(v.evidenceId!)).toBe(moved.length);
    expect(await store.rows(BOOKED).count(v.id)).toBeGreaterThanOrEqual(plan.jobs.total);

    expect(v.notes!.join()).not.toContain('foretold');

    const order = await kinds();
    expect(order.indexOf(BASELINE_KIND)).toBeGreaterThanOrEqual(0);
    expect(order.indexOf(BASELINE_KIND)).toBeLessThan(order.indexOf('make_plan'));
    expect(order.indexOf('verification')).toBeGreaterThan(order.indexOf('place_jobs'));
    const kept = (await store.collection(EVIDENCE_ENTRIES).get(v.evidenceId!))!.value;
    const [entry] = await store.entries.read(kept.seq, 1);
    const record = (await store.collection(EVIDENCE).get(v.evidenceId!))!.value;
    expect(canonicalJson(entry!.body.data)).toBe(canonicalJson(record));
    expect(record.inputs.baseline.ledgerSeq).toBe(order.indexOf(BASELINE_KIND));

    const row = (await store.rows(EVIDENCE_JOBS).page(v.evidenceId!, { limit: 1 })).items[0]!;
    expect(JSON.stringify(row)).toBe(canonicalJson(row));
  });

  it('answers the record that stands when nothing is new, and supersedes it when revised actuals arrive', async () => {
    const { plan } = await carriedOut();
    await later(plan);
    const first = (await verified(plan)).verification;
    const again = await verified(plan);
    expect(again).toMatchObject({ unchanged: true, verification: { id: first.id } });
    const before = world.grid;
    const revised: Grid = {
      ...before,
      carbon: async (region, interval, status) => {
        const signal = await before.carbon(region, interval, status);
        const values = signal.series.values.map((v) => (v === null ? null : v * 1.1));
        return { ...signal, series: { ...signal.series, values } };
      },
    };
    world = { ...world, grid: revised };
    const second = await verified(plan);
    expect(second.unchanged).toBe(false);
    expect(second.verification.supersedes).toBe(first.id);
    expect(second.verification.verified.emissionsKg.value).toBeCloseTo(first.verified.emissionsKg.value * 1.1, 1);
    expect((await store.collection(VERIFICATIONS).get(first.id))!.value).toEqual(first);
    // Its own claims do not stand in its way.
    expect(second.verification.jobs).toBe(first.jobs);
    expect((await kinds()).filter((k) => k === 'verification')).toHaveLength(2);
  });

  it('makes the same record of what ran in whatever order the fleet tells it', async () => {
    const { plan } = await carriedOut();
    await later(plan);
    const halves = inHalves(world.fleet);
    world = { ...world, fleet: shuffled(halves) };
    const { verification } = await verified(plan);
    expect(verification.jobs).toBeGreaterThan(20);
    const booked = (await store.rows(BOOKED).page(verification.id, { limit: 5000 })).items;
    const told = [];
    for await (const page of halves.ran(orderKeyOf(plan))) told.push(...page);
    expect(booked.map(({ jobId, start, energyKwh }) => [jobId, start, energyKwh])).toEqual(
      told.map(({ jobId, start, energyKwh }) => [jobId, start, energyKwh]),
    );
    world = { ...world, fleet: halves };
    expect(await verified(plan)).toEqual({ verification, unchanged: true });
  });

  it('refuses when the baseline or the promises are not what was frozen', async () => {
    const { plan } = await carriedOut();
    await later(plan);
    const row = (await store.rows(BASELINE).page(plan.id, { limit: 1 })).items[0]!;
    await store.rows(BASELINE).upsert(plan.id, [{ id: `${row.jobId}#0`, value: { ...row, start: row.end } }]);
    await expect(verified(plan)).rejects.toMatchObject({
      code: 'conflict',
      message: expect.stringContaining('the baseline of plan'),
    });
    await store.rows(BASELINE).upsert(plan.id, [{ id: `${row.jobId}#0`, value: row }]);
    const said = (await store.rows(RECOMMENDATIONS).page(plan.id, { limit: 1 })).items[0]!;
    await store
      .rows(RECOMMENDATIONS)
      .upsert(plan.id, [{ id: said.jobId, value: { ...said, savedKg: said.savedKg + 1 } }]);
    await expect(verified(plan)).rejects.toMatchObject({ message: expect.stringContaining('promise') });
    expect(await kinds()).not.toContain('verification');
  });

  it('claims a kilogram once: a second plan for the same jobs finds them claimed', async () => {
    const { plan } = await carriedOut();
    // As when two plan at once: the second does not see that the first has announced the jobs.
    await store.collection(ORDERS).delete(plan.id);
    const second = await planned(plan.workloadId, null, 'approved');
    expect(second.plan.id).not.toBe(plan.id);
    await later(plan);
    await later(second.plan);
    const first = (await verified(plan)).verification;
    const other = (await verified(second.plan)).verification;
    expect(first.jobs).toBeGreaterThan(0);
    const twice = new Set((await store.rows(VERIFIED_JOBS).page(first.id, { limit: 5000 })).items.map((j) => j.jobId));
    const mine = (await store.rows(VERIFIED_JOBS).page(other.id, { limit: 5000 })).items.map((j) => j.jobId);
    expect(mine.filter((id) => twice.has(id))).toEqual([]);
    expect(other.unverified[0]?.why).toContain(`claimed by plan ${plan.id}`);
    expect(other.unverifiedCount).toBeGreaterThan(0);
  });

  it('verifies only what was approved, and nothing of a plan that was refused', async () => {
    const part = await carriedOut((jobs) => jobs.slice(0, 3), 'partly-approved');
    await later(part.plan);
    const { verification } = await verified(part.plan);
    expect(verification.jobs + verification.unverifiedCount).toBe(3);
    const refused = await planned(part.plan.workloadId, null, 'refused');
    await later(refused.plan);
    expect((await verified(refused.plan)).verification).toMatchObject({
      jobs: 0,
      demonstrated: false,
      claimed: { emissionsKg: 0 },
    });
  });

  it('tells a job of which nothing is known, and one that may still run', async () => {
    const { plan, moved } = await carriedOut();
    await later(plan);
    const { fleet, clock } = world;
    const [lost, cut] = moved as [string, string];
    world = {
      ...world,
      fleet: {
        ...fleet,
        ran: async function* (key) {
          for await (const page of fleet.ran(key))
            yield page
              .filter((r) => r.jobId !== lost)
              .map((r) => (r.jobId === cut ? { ...r, start: r.start, end: clock.now() } : r));
        },
      },
    };
    const { fleet: patched } = world;
    // The second one has only begun: its one piece ends now, after less time than its work takes.
    world = {
      ...world,
      fleet: {
        ...patched,
        ran: async function* (key) {
          for await (const page of patched.ran(key))
            yield page.map((r) => {
              if (r.jobId !== cut) return r;
              const start = new Date(Date.parse(clock.now()) - 1000).toISOString().replace('.000Z', 'Z');
              return { ...r, start: start as typeof r.start };
            });
        },
      },
    };
    const { verification } = await verified(plan);
    expect(verification.unverified).toContainEqual({ jobId: lost, why: 'nothing is known of what it ran' });
    expect(verification.unverified).toContainEqual({ jobId: cut, why: expect.stringContaining('still running') });
  });
});

describe('evidence', () => {
  const exported = async (): Promise<{ record: EvidenceRecord; plan: Plan }> => {
    const { plan } = await carriedOut();
    await later(plan);
    await callTool(
      importContracts,
      {
        contracts: [],
        residualMix: scenario.sites.map((s) => ({
          source: 'test',
          region: s.region,
          from: '2020-01-01T00:00:00Z',
          to: '2030-01-01T00:00:00Z',
          intensityGPerKwh: '450',
        })),
      },
      world,
      call,
    );
    const { verification } = await verified(plan);
    expect(verification.marketBased?.emissionsKg).not.toBeNull();
    const { record } = await callTool(exportEvidence, { evidenceId: verification.id }, world, call);
    return { record, plan };
  };

  it('recomputes bit for bit from its own rows, here and after a journey through JSON, and a changed digit shows', async () => {
    const { record } = await exported();
    const kept = await callTool(recomputeEvidence, { evidenceId: record.id }, world, call);
    expect(kept).toMatchObject({ ok: true, jobs: record.inputs.jobs.count });
    expect(kept.ledgerSeq).not.toBeNull();
    const travelled: EvidenceRecord = JSON.parse(JSON.stringify(record));
    expect(recompute(travelled).every((c) => c.ok)).toBe(true);

    const forged: EvidenceRecord = structuredClone(travelled);
    forged.output.verified.locationBased.savedKg.value += '1';
    const found = await callTool(recomputeEvidence, { record: forged }, world, call);
    expect(found.ok).toBe(false);
    expect(found.checks.filter((c) => !c.ok).map((c) => c.what)).toEqual([
      'id',
      'verificationId',
      'output.verified.locationBased.savedKg.value',
      `ledger entry ${kept.ledgerSeq}`,
    ]);
    const swapped: EvidenceRecord = structuredClone(travelled);
    swapped.rows!.jobs[0]!.ran[0]!.energyKwh = '1234.5';
    expect(
      recompute(swapped)
        .filter((c) => !c.ok)
        .map((c) => c.what),
    ).toContain('inputs.jobs');
    const cleaner: EvidenceRecord = structuredClone(travelled);
    cleaner.rows!.places[0]!.carbon!.values[0] = '0.5';
    expect(
      recompute(cleaner)
        .filter((c) => !c.ok)
        .map((c) => c.what),
    ).toContain('inputs.places');
    const { rows: _, ...bare } = travelled;
    expect(() => recompute(bare)).toThrow(/without rows/);
  });

  it('is another record when anything in it is changed: every constant, id, digest and date', async () => {
    const { record } = await exported();
    const { rows, ...head } = record;
    const accepted: string[] = [];
    const visit = (at: Record<string, unknown>, path: string) => {
      for (const [key, value] of Object.entries(at)) {
        if (typeof value === 'object' && value !== null) {
          visit(value as Record<string, unknown>, `${path}.${key}`);
          continue;
        }
        at[key] = typeof value === 'number' ? value + 1 : typeof value === 'boolean' ? !value : `${value ?? ''}1`;
        try {
          if (recompute({ ...head, rows } as EvidenceRecord).every((c) => c.ok)) accepted.push(`${path}.${key}`);
        } catch {
          // Something that cannot even be computed is refused as well.
        }
        at[key] = value;
      }
    };
    visit(head, 'record');
    expect(accepted).toEqual([]);
    expect(recompute({ ...head, rows } as EvidenceRecord).every((c) => c.ok)).toBe(true);
  });

  it('satisfies the published schema, which is the one that the code has', async () => {
    const published = JSON.parse(
      readFileSync(new URL('../../docs/schemas/caco-evidence-1.json', import.meta.url), 'utf8'),
    );
    expect(published).toEqual(JSON.parse(JSON.stringify(evidenceSchema())));
    const validate = new Ajv2020({ strict: false, formats: {} }).compile(published);
    const { record } = await exported();
    expect(validate(JSON.parse(JSON.stringify(record))), JSON.stringify(validate.errors)).toBe(true);
    const loose = { ...record, output: { ...record.output, jobs: String(record.output.jobs) } };
    expect(validate(loose)).toBe(false);
  });
});

describe('import_contracts', () => {
  const all = { from: '2026-01-01T00:00:00Z', to: '2027-01-01T00:00:00Z', intensityGPerKwh: '0' };
  const contract = { id: 'c', instrument: 'certificate' as const, region: 'GB', ...all, coverageRatio: '0.7' };
  it.each([
    [
      'cover more than everything',
      { contracts: [contract, { ...contract, id: 'd', coverageRatio: '0.4' }], residualMix: [] },
      /cover 1\.1/,
    ],
    [
      'hold twice at once',
      {
        contracts: [],
        residualMix: [
          { source: 'a', region: 'GB', ...all },
          { source: 'b', region: 'GB', ...all },
        ],
      },
      /another residual mix/,
    ],
    [
      'end before they begin',
      { contracts: [{ ...contract, to: '2025-01-01T00:00:00Z' }], residualMix: [] },
      /not after/,
    ],
    ['are no share', { contracts: [{ ...contract, coverageRatio: '1.2' }], residualMix: [] }, /share from 0 to 1/],
  ])('refuses contracts that %s', async (_, input, why) => {
    await expect(callTool(importContracts, input, world, call)).rejects.toMatchObject({
      code: 'invalid-input',
      message: expect.stringMatching(why),
    });
  });
});
