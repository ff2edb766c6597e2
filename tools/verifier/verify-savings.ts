/** The tool that verifies what a plan saved once its window has closed, and writes the record into the books and the ledger. */
import { z } from 'zod';
import { nanoNumber } from '../../domain/decimal.js';
import { canonicalJson } from '../../domain/digest.js';
import {
  type Constants,
  EVIDENCE,
  EVIDENCE_CONTRACTS,
  EVIDENCE_ENTRIES,
  EVIDENCE_JOBS,
  EVIDENCE_PLACES,
  type EvidenceOutput,
  type EvidenceRecord,
  SomeConstants,
} from '../../domain/evidence/record.js';
import {
  BOOKED,
  findingOf,
  NEWEST_VERIFICATION,
  VERIFICATIONS,
  VERIFIED_JOBS,
  Verification,
  type VerifiedJob,
} from '../../domain/evidence/verification.js';
import { Fault } from '../../domain/fault.js';
import { counted } from '../../domain/figures.js';
import { RUNS } from '../../domain/run.js';
import type { Rows, RowsOf, Tx } from '../../domain/store.js';
import type { World } from '../../domain/world.js';
import { defineTool } from '../tool.js';
import { booked } from './booking.js';
import type { VerifiedFigures } from './books.js';
import { claim, claimsOf } from './claims.js';
import { constantsOf } from './constants.js';
import { digestsOf, methodOf, named, requireSize, softwareOf, verifyRows } from './evidence.js';
import { CAUSES } from './job.js';
import { type Loaded, load, planOf } from './load.js';
import { notesOf } from './notes.js';

const BATCH = 2000;
const LISTED = 100;

const numeric = (of: { value: string; low: string; high: string; confidence: string }) => ({
  value: Number(of.value),
  low: Number(of.low),
  high: Number(of.high),
  confidence: Number(of.confidence),
});

export const verifySavings = defineTool({
  name: 'verify_savings',
  title: 'Verify savings',
  description:
    'Once the window of a plan has closed: what its moved jobs really saved against the frozen baseline, from actual use and actual intensity, with an interval, the difference to what was claimed cause by cause, and an evidence record in the ledger. Verified again when revised actuals arrive, the new record supersedes the old one; without news the record that stands is answered.',
  toolset: 'proof',
  effect: 'records',
  input: z.strictObject({
    planId: z.string().min(1).describe('id of the plan that was carried out'),
    constants: SomeConstants.optional().describe(
      'constants of the method to use instead of the defaults; ratios and amounts as decimal text',
    ),
  }),
  output: z.strictObject({
    verification: Verification,
    unchanged: z.boolean().describe('true when nothing is new since the verification that stands'),
  }),
  run: async ({ planId, constants: asked }, world, call) => {
    // The record of a plan is what its tickets, sums and claims are told from; who sends a request does not choose how it is reckoned.
    if (asked !== undefined && call.actor.via !== 'cli')
      throw new Fault(
        'forbidden',
        'constants of the method are set by a person on this machine',
        'Leave them out; recompute_evidence reckons a record again with constants of your own.',
      );
    const plan = await planOf(world, planId);
    const before = await newestOf(world, planId);
    const now = world.clock.now();
    if (now < plan.finishesAt) {
      if (before) return { verification: before, unchanged: true };
      throw new Fault(
        'conflict',
        `the window of plan ${planId} is open until ${plan.finishesAt}; it is ${now}`,
        `Verify after ${plan.finishesAt}: what has not run has saved nothing yet.`,
      );
    }
    const constants = constantsOf(world.method, asked);
    const loaded = await load(world, planId, call.signal);
    call.progress({ done: 1, total: 3, note: `${loaded.jobs.length} moved jobs gathered` });
    const inputs = digestsOf(loaded);
    const verified = verifyRows(loaded, {
      kind: loaded.kind,
      constants,
      frozen: loaded.frozen.seq !== null,
      unplanned: loaded.unplanned,
      jobsDigest: inputs.jobs.digest,
    });
    call.progress({ done: 2, total: 3, note: `${verified.jobs.length} jobs verified` });
    if (before) {
      const stands = (await world.store.collection(EVIDENCE).get(before.evidenceId ?? ''))?.value;
      if (stands && sameAs(stands, inputs.jobs.digest, verified.output, constants))
        return { verification: before, unchanged: true };
    }
    const record = named({
      schema: 'caco-evidence/1',
      supersedes: before?.evidenceId ?? null,
      madeAt: now,
      software: softwareOf(),
      inputs: inputsOf(loaded, inputs),
      method: methodOf(constants),
      output: verified.output,
    });
    const id = record.verificationId;
    requireSize(record);
    const verification: Verification = {
      ...figuresOf(verified.output),
      id,
      planId,
      runId: await runOf(world, planId, call.cause),
      at: now,
      supersedes: before?.id ?? null,
      unverified: verified.unverified.slice(0, LISTED),
      method: `${verified.output.interval.method}, ${record.method.name} ${record.method.version}`,
      evidenceId: record.id,
      kind: loaded.kind,
      currency: loaded.currency,
      baselineSeq: loaded.frozen.seq,
      ranAs: [...new Set(loaded.ran.map((r) => r.source))].sort(),
      notes: notesOf(loaded, verified, constants),
    };
    const draft = `draft-${id}-${process.hrtime.bigint()}`;
    const confidenceLevel = Number(constants.confidence);
    const sets: ((tx: Tx) => Promise<void>)[] = [];
    const write = async <T>(of: RowsOf<T>, to: string, items: Iterable<{ id: string; value: T }>) => {
      await append(world.store.rows(of), draft, items);
      sets.push((tx) => tx.rows(of).rename(draft, to));
    };
    const byJob = <T extends { jobId: string }>(list: readonly T[]) =>
      list.map((value) => ({ id: value.jobId, value }));
    await write(EVIDENCE_JOBS, record.id, byJob(loaded.jobs));
    await write(
      EVIDENCE_PLACES,
      record.id,
      loaded.places.map((value) => ({ id: value.region, value })),
    );
    await write(VERIFIED_JOBS, id, byJob(verified.jobs.map((f) => rowOf(f, confidenceLevel))));
    await write(BOOKED, id, booked(loaded.ran, loaded.places, loaded));
    const claims = verified.jobs.flatMap(({ job }) =>
      claimsOf(job.jobId, loaded.baselines.get(job.jobId) ?? [], planId),
    );
    call.commit(async (tx) => {
      const stands = (await tx.collection(NEWEST_VERIFICATION).get(planId))?.value.verificationId ?? null;
      if (stands !== (before?.id ?? null))
        throw new Fault(
          'conflict',
          `plan ${planId} was verified by somebody else meanwhile`,
          'Verify again: the newer record is then the one that is superseded, or stands.',
        );
      await claim(tx, claims);
      for (const rename of sets) await rename(tx);
      if (loaded.contracts) await tx.collection(EVIDENCE_CONTRACTS).put(record.id, loaded.contracts);
      await tx.collection(EVIDENCE).put(record.id, record);
      await tx.collection(VERIFICATIONS).insert(id, verification);
      await tx.collection(NEWEST_VERIFICATION).put(planId, { verificationId: id });
      const [entry] = await tx.entries.append([
        {
          kind: 'verification',
          at: now,
          actor: `${call.actor.via}:${call.actor.id}`,
          cause: call.cause,
          subject: id,
          data: JSON.parse(canonicalJson(record)),
        },
      ]);
      await tx.collection(EVIDENCE_ENTRIES).put(record.id, { seq: entry!.seq, hash: entry!.hash });
    });
    return { verification, unchanged: false };
  },
  tell: ({ verification: v }) => {
    const missing =
      v.unverifiedCount === 0
        ? ''
        : ` ${counted(v.unverifiedCount, 'job')} could not be verified and ${v.unverifiedCount === 1 ? 'counts' : 'count'} for nothing.`;
    return `${findingOf(v)}${missing}`;
  },
});

const newestOf = async (world: World, planId: string): Promise<Verification | undefined> => {
  const pointer = (await world.store.collection(NEWEST_VERIFICATION).get(planId))?.value;
  return pointer && (await world.store.collection(VERIFICATIONS).get(pointer.verificationId))?.value;
};

/** Nothing new: the same jobs by the same constants give the same digits. When a signal was read is not news. */
const sameAs = (stands: EvidenceRecord, jobs: string, output: EvidenceOutput, constants: Constants): boolean =>
  stands.inputs.jobs.digest === jobs &&
  canonicalJson(stands.output) === canonicalJson(output) &&
  canonicalJson(stands.method.constants) === canonicalJson(constants);

const append = async <T>(rows: Rows<T>, set: string, items: Iterable<{ id: string; value: T }>) => {
  let batch: { id: string; value: T }[] = [];
  for (const item of items) {
    batch.push(item);
    if (batch.length < BATCH) continue;
    await rows.append(set, batch);
    batch = [];
  }
  await rows.append(set, batch);
};

const inputsOf = (loaded: Loaded, digests: ReturnType<typeof digestsOf>): EvidenceRecord['inputs'] => {
  const { plan, decision, frozen } = loaded;
  return {
    plan: { id: plan.id, digest: plan.digest, madeAt: plan.madeAt, window: plan.window },
    workloadId: plan.workloadId,
    orderKey: loaded.orderKey,
    decision: decision && { id: decision.id, status: decision.status },
    baseline: { digest: frozen.digest, rows: frozen.rows, ledgerSeq: frozen.seq, entryHash: frozen.entryHash },
    claimedDigest: frozen.claimedDigest,
    signalsThen: plan.signals.slice(0, 60),
    kind: loaded.kind,
    currency: loaded.currency,
    ...digests,
    unplanned: loaded.unplanned,
  };
};

const costOf = (saved: string | null, withoutPrice = 0) => ({
  cost: saved === null ? null : Number(saved),
  withoutPrice,
});

/** The record's decimal text as numbers, for doors and people. */
const figuresOf = ({ verified, ...o }: EvidenceOutput) => ({
  jobs: o.jobs,
  unverifiedCount: o.unverifiedCount,
  claimed: { emissionsKg: Number(o.claimed.emissionsKg), cost: Number(o.claimed.cost) },
  verified: {
    emissionsKg: numeric(verified.locationBased.savedKg),
    ...costOf(verified.cost.saved, verified.cost.withoutPrice),
  },
  demonstrated: o.verdict === 'saving',
  verdict: o.verdict,
  difference: o.difference.map((d) => ({ cause: d.cause, emissionsKg: Number(d.emissionsKg), cost: Number(d.cost) })),
  byTeam: o.byTeam.map((t) => ({
    team: t.team,
    saved: { emissionsKg: numeric(t.savedKg), ...costOf(t.savedCost, t.withoutPrice) },
    energyKwh: Number(t.energyKwh),
    jobs: t.jobs,
  })),
  energy: {
    counterfactualKwh: Number(verified.energy.counterfactualKwh),
    actualKwh: Number(verified.energy.actualKwh),
    overheadKwh: Number(verified.energy.overheadKwh),
    savedKwh: Number(verified.energy.savedKwh),
  },
  roadmapVariant: { name: verified.roadmapVariant.name, emissionsKg: numeric(verified.roadmapVariant.savedKg) },
  marketBased: {
    emissionsKg: verified.marketBased.savedKg && numeric(verified.marketBased.savedKg),
    why: verified.marketBased.why,
  },
  rebound: {
    baselineItKwh: Number(o.rebound.baselineItKwh),
    actualItKwh: Number(o.rebound.actualItKwh),
    addedRatio: o.rebound.addedRatio === null ? null : Number(o.rebound.addedRatio),
    toleranceRatio: Number(o.rebound.toleranceRatio),
    unplannedJobs: o.rebound.unplannedJobs,
    unplannedKwh: Number(o.rebound.unplannedKwh),
    addedKg: Number(o.rebound.addedKg),
    found: o.rebound.found,
  },
});

const rowOf = (f: VerifiedFigures, confidence: number): VerifiedJob => {
  const value = nanoNumber(f.savedKg);
  return {
    jobId: f.job.jobId,
    team: f.job.team,
    claimedKg: nanoNumber(f.claimedKg),
    counterfactualKg: nanoNumber(f.counterfactualKg),
    actualKg: nanoNumber(f.actualKg),
    overheadKg: nanoNumber(f.overheadKg),
    savedKg: { value, low: value - f.halfWidthKg, high: value + f.halfWidthKg, confidence },
    savedCost: f.cost ? nanoNumber(f.cost.counterfactual - f.cost.actual - f.cost.overhead) : null,
    energyKwh: nanoNumber(f.actualKwh),
    claimedCost: nanoNumber(f.claimedCost),
    ...(f.roadmapKg === null ? {} : { roadmapKg: nanoNumber(f.roadmapKg) }),
    difference: CAUSES.flatMap((cause) => {
      const [kg, cost] = [f.kgSteps[cause] ?? 0n, f.costSteps[cause] ?? 0n];
      return kg === 0n && cost === 0n ? [] : [{ cause, emissionsKg: nanoNumber(kg), cost: nanoNumber(cost) }];
    }),
  };
};

/** The run that this belongs to: the cause of the call, or the newest run that carried the plan out. */
const runOf = async (world: World, planId: string, cause: string | null): Promise<string | null> => {
  const runs = world.store.collection(RUNS);
  if (cause !== null && (await runs.get(cause))) return cause;
  for (let after: string | undefined; ; ) {
    const page = await runs.list({ after, limit: 500 });
    const found = page.find(({ value }) => value.planId === planId);
    if (found) return found.id;
    if (page.length < 500) return null;
    after = page.at(-1)!.id;
  }
};
