/** Proof of a saving: `verify RUN` tells claimed against verified; `verify RECORD --recompute` computes a record again. */
import { existsSync, readFileSync } from 'node:fs';
import type { Command } from 'commander';
import type { App } from '../../app.js';
import { EVIDENCE, EVIDENCE_ENTRIES, type EvidenceRecord } from '../../domain/evidence/record.js';
import { findingOf, VERIFICATIONS, type Verification } from '../../domain/evidence/verification.js';
import { notFound } from '../../domain/fault.js';
import { energyText, isNothing, massEstimateText, massText, moneyText, percentText } from '../../domain/figures.js';
import { PLANS } from '../../domain/plan.js';
import { prunedFault } from '../../domain/retention.js';
import { RUNS } from '../../domain/run.js';
import { parseStrictJson } from '../../domain/strict-json.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { write } from '../output-file.js';
import { plain, tableText } from '../terminal.js';

/** The plan that somebody means by the id of a run, a plan, a verification or its evidence. */
const planOf = async (app: App, id: string): Promise<string> => {
  const { store } = app.world;
  const run = (await store.collection(RUNS).get(id))?.value;
  if (run) {
    if (run.planId !== null) return run.planId;
    throw notFound(`run ${id} has no plan yet`, `caco show ${id}`);
  }
  if (await store.collection(PLANS).get(id)) return id;
  const verification = (await store.collection(VERIFICATIONS).get(id))?.value;
  if (verification) return verification.planId;
  const evidence = (await store.collection(EVIDENCE).get(id))?.value;
  if (evidence) return evidence.inputs.plan.id;
  throw (
    (await prunedFault(store, id)) ??
    notFound(
      `there is no run, plan, verification or evidence ${id}`,
      '`caco runs` lists runs; a file of evidence is recomputed with caco verify FILE --recompute.',
    )
  );
};

const energySaved = (kwh: number): string =>
  isNothing(kwh)
    ? 'none saved, as by any shift in time alone'
    : kwh > 0
      ? `${energyText(kwh)} saved`
      : `${energyText(-kwh)} more than without it`;

/** Every verification of a plan, the one that holds first. */
const historyOf = async (app: App, newest: Verification): Promise<Verification[]> => {
  const all = [newest];
  for (let id = newest.supersedes; id !== null; ) {
    const found = (await app.world.store.collection(VERIFICATIONS).get(id))?.value;
    if (!found) break;
    all.push(found);
    id = found.supersedes;
  }
  return all;
};

const recordOf = async (app: App, v: Verification) => {
  const entry =
    v.evidenceId === null ? undefined : (await app.world.store.collection(EVIDENCE_ENTRIES).get(v.evidenceId))?.value;
  return {
    ...v,
    evidence: { id: v.evidenceId, ledgerSeq: entry?.seq ?? null, entryHash: entry?.hash ?? null },
  };
};

const verify = async (context: Context, [id]: string[], options: Record<string, unknown>): Promise<Answer> => {
  if (options.recompute === true) return recompute(context, id!);
  const app = await context.app();
  const planId = await planOf(app, id!);
  const { verification, unchanged } = await context.call('verify_savings', { planId });
  const history = await historyOf(app, verification);
  const records = await Promise.all(history.map((v) => recordOf(app, v)));
  const checkpoint = await app.ledger.checkpoint();
  const witnessed = checkpoint.witnesses.length > 0;
  if (options.out !== undefined) {
    const { record } = await context.call('export_evidence', {
      evidenceId: verification.evidenceId ?? verification.id,
    });
    write(String(options.out), `${JSON.stringify(record)}\n`);
  }
  return {
    json: {
      ...records[0],
      unchanged,
      records,
      checkpoint,
      witnessed,
      ...(options.out === undefined ? {} : { out: String(options.out) }),
    },
    text: textOf(verification, records[0]!.evidence, checkpoint, options.out),
  };
};

const textOf = (
  v: Verification,
  evidence: { id: string | null; ledgerSeq: number | null },
  checkpoint: { size: number; root: string; witnesses: string[] },
  out: unknown,
): string => {
  const currency = v.currency ?? '';
  const { emissionsKg: saved, cost } = v.verified;
  const rows = [
    ['claimed', massText(v.claimed.emissionsKg), moneyText(v.claimed.cost, currency)],
    ...v.difference
      .filter((d) => d.emissionsKg !== 0 || d.cost !== 0)
      .map((d) => [d.cause, massText(d.emissionsKg), moneyText(d.cost, currency)]),
    ['verified', massText(saved.value), cost === null ? 'not known' : moneyText(cost, currency)],
  ];
  const also = [
    v.energy &&
      v.jobs > 0 &&
      `Energy: ${energyText(v.energy.actualKwh)} used, ${energyText(v.energy.counterfactualKwh)} without the plan, ${energyText(v.energy.overheadKwh)} for moving; ${energySaved(v.energy.savedKwh)}.`,
    v.roadmapVariant &&
      `Original region at the actual time instead: ${massEstimateText(v.roadmapVariant.emissionsKg)}; a pure shift in time saves nothing by that measure.`,
    v.marketBased &&
      (v.marketBased.emissionsKg
        ? `Market-based: ${massEstimateText(v.marketBased.emissionsKg)}.`
        : `Market-based: not known, ${v.marketBased.why}.`),
    v.rebound?.found &&
      `Rebound: ${v.rebound.addedRatio === null ? 'work' : percentText(v.rebound.addedRatio)} was added, ${massText(v.rebound.addedKg)} CO2e.`,
    v.unverifiedCount > 0 &&
      `Not verified (${v.unverifiedCount}, not counted): ${v.unverified
        .slice(0, 3)
        .map((u) => `${plain(u.jobId)}: ${plain(u.why)}`)
        .join('; ')}${v.unverifiedCount > 3 ? '; …' : ''}.`,
    ...(v.notes ?? []),
  ].filter((line): line is string => typeof line === 'string');
  const by = checkpoint.witnesses.length > 0 ? `witnessed by ${checkpoint.witnesses.join(', ')}` : 'unwitnessed';
  return [
    findingOf(v),
    '',
    tableText(['', 'CO2e', 'cost'], rows),
    '',
    ...also,
    '',
    `${v.jobs === 1 ? '1 job' : `${v.jobs} jobs`} that moved, ${v.method}. Evidence ${evidence.id ?? '–'}${evidence.ledgerSeq === null ? '' : `, ledger entry ${evidence.ledgerSeq}`}; ledger signed at ${checkpoint.size} entries, root ${checkpoint.root}, ${by}.`,
    out === undefined
      ? `Check it: caco verify ${v.id} --recompute    caco verify ${v.id} --out evidence.json`
      : `Written to ${String(out)}. Check it: caco verify ${String(out)} --recompute`,
  ].join('\n');
};

/** A file that carries its rows, or a record that is kept here. */
const recompute = async (context: Context, id: string): Promise<Answer> => {
  const app = await context.app();
  const input = existsSync(id)
    ? // What the file holds is for the tool to check.
      { record: parseStrictJson(readFileSync(id, 'utf8')) as EvidenceRecord }
    : { evidenceId: await keptRecord(app, id) };
  const found = await context.call('recompute_evidence', input);
  return {
    json: found,
    text: await context.tell('recompute_evidence', found),
    exitCode: found.ok ? EXIT.done : EXIT.defect,
  };
};

const keptRecord = async (app: App, id: string): Promise<string> => {
  const { store } = app.world;
  if (await store.collection(EVIDENCE).get(id)) return id;
  if (await store.collection(VERIFICATIONS).get(id)) return id;
  if (/[./\\]/.test(id))
    throw notFound(`there is no file ${id}`, 'Give the path of an exported record: caco verify RUN --out FILE.');
  const planId = await planOf(app, id);
  for (let after: string | undefined; ; ) {
    const page = await store.collection(VERIFICATIONS).list({ after, limit: 500 });
    const found = page.find(({ value }) => value.planId === planId);
    if (found) return found.id;
    if (page.length < 500) throw notFound(`plan ${planId} is not verified yet`, `caco verify ${id}`);
    after = page.at(-1)!.id;
  }
};

export const register = (program: Command) => {
  addCommand(
    program,
    'verify <run-or-record>',
    'what a run really saved, or a record computed again',
    (c) =>
      c
        .option('--recompute', 'compute the record again from its own rows and compare bit for bit')
        .option('--out <file>', 'write the evidence record with its rows'),
    verify,
  );
};
