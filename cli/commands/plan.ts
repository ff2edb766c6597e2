/** `plan`: the best schedule of a workload or of a problem file, with its proof. Nothing is placed. */
import { createWriteStream, mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { invalid } from '../../domain/fault.js';
import {
  boundText,
  counted,
  energyText,
  figure,
  massEstimateText,
  massText,
  moneyText,
  powerText,
} from '../../domain/figures.js';
import type { Plan } from '../../domain/plan.js';
import { basisText, lateText, promiseText } from '../../domain/plan-text.js';
import type { Result, Schedule } from '../../offline.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';
import { numberOf } from '../fields.js';
import { flagsOf } from '../flags.js';
import { plain, tableText } from '../terminal.js';

type Made = ToolAnswer<'make_plan'>;

const FLAGS = flagsOf('make_plan', {
  from: false,
  tardinessWeight: false,
  foresight: false,
  carbonPricePerTonne: false,
  relax: {
    flag: '--relax <limit>',
    about: 'smallest, or a limit set anew, such as cap:site-a@01:30=12; may be repeated',
    repeated: true,
    read: (limit) => limit,
  },
});

const wholeOf = (flag: string, text: unknown): number => {
  const value = numberOf(flag, text);
  if (!Number.isSafeInteger(value) || value < 0)
    throw invalid(`${flag} is ${value}`, `Give a whole number from 0, for example ${flag} 1.`);
  return value;
};

/** The conflict in one screen, with the way out. */
const conflictText = (conflict: NonNullable<Made['conflict']>): string => {
  const way = conflict.smallestRelaxation;
  const least = way
    ? `  Smallest way out: ${figure(way.amount)} ${way.unit} more ${way.name === null ? `of ${way.limit} in ${way.region}` : `for ${way.name}`}.`
    : '';
  return [
    `Infeasible (5): ${plain(conflict.sentence)}`,
    least,
    '  The best plan under it: the same command with --relax smallest',
  ]
    .filter((line) => line !== '')
    .join('\n');
};

/** `wasEnded`: by the clock or from outside; else the engine came to its end and has nothing to show. */
const notFoundText = (unplaced: readonly string[], wasEnded = true) =>
  [
    unplaced.length === 0
      ? wasEnded
        ? 'No plan was found: the search was ended before it had a place for every job.'
        : 'No plan was found: this engine cannot plan such a problem, or has no place for every job. --engine auto takes one that can.'
      : `No plan was found: ${counted(unplaced.length, 'job is', 'jobs are')} without a place (${unplaced.slice(0, 5).map(plain).join(', ')}${unplaced.length > 5 ? ', …' : ''}).`,
    '  This is not a proof that there is none. More time (--cpu-seconds), another --seed or a relaxed limit may find one.',
  ].join('\n');

/** Writes solution.json and certificate.json; answers their paths. */
const writeProof = async (folder: string, solved: Result, schedule: Schedule, objective: number): Promise<string[]> => {
  const { writeCertificate, writeSolution } = await import('../../offline.js');
  try {
    mkdirSync(folder, { recursive: true });
    const solution = join(folder, 'solution.json');
    await pipeline(Readable.from(writeSolution(solved.problem, schedule, objective)), createWriteStream(solution));
    if (!solved.certificate) return [solution];
    const certificate = join(folder, 'certificate.json');
    await pipeline(Readable.from([writeCertificate(solved.certificate)]), createWriteStream(certificate));
    return [solution, certificate];
  } catch (error) {
    throw invalid(
      `cannot write to ${folder}: ${(error as NodeJS.ErrnoException).code}`,
      'Give a folder that can be written, with room on its disk.',
    );
  }
};

const ofProblem = async (context: Context, options: Record<string, unknown>): Promise<Answer> => {
  const { optimize, readProblem, relaxBy } = await import('../../offline.js');
  const { seed = 1, relax = [], cpuSeconds } = await FLAGS.input(options);
  const relaxedBy = relax.filter((limit) => limit !== 'smallest');
  const problem = relaxBy(readProblem(String(options.problem)), relaxedBy);
  const solved = await optimize(problem, {
    seed,
    signal: context.signal,
    relaxed: relax.includes('smallest'),
    skipInvalid: options.skipInvalid === true,
    engine: engineOf(options.engine),
    ...(cpuSeconds === undefined ? {} : { cpuSeconds }),
    ...(options.iterations === undefined ? {} : { iterations: wholeOf('--iterations', options.iterations) }),
    onProgress: (step) => context.progress(step),
  });
  const schedule = solved.schedule ?? solved.relaxed?.schedule ?? null;
  const objective = solved.objective ?? solved.relaxed?.objective ?? null;
  const files =
    schedule === null || objective === null || options.out === undefined
      ? []
      : await writeProof(String(options.out), solved, schedule, objective);
  const json = {
    status: solved.status,
    objective: solved.objective,
    objectiveParts: solved.objectiveParts,
    lowerBound: solved.lowerBound,
    milpBound: solved.milpBound,
    gap: solved.gap,
    savingsGap: solved.savingsGap,
    runImmediately: solved.runImmediately,
    energyKwh: solved.energyKwh,
    emissionsKg: solved.emissionsKg,
    lateJobs: solved.lateJobs,
    unseenJobs: solved.unseenJobs,
    bindingLimits: solved.bindingLimits,
    engine: solved.engine,
    stoppedBy: solved.stoppedBy,
    cpuSeconds: solved.cpuSeconds,
    seed,
    jobs: solved.problem.jobs.count,
    skipped: solved.skipped,
    ...(relaxedBy.length > 0 ? { relaxedBy } : {}),
    ...(solved.conflict ? { conflict: solved.conflict } : {}),
    ...(solved.relaxed ? { relaxed: { objective: solved.relaxed.objective, raised: solved.relaxed.raised } } : {}),
    ...(solved.status === 'not-found' ? { unplaced: solved.unplaced } : {}),
    files,
  };
  if (solved.relaxed && solved.conflict)
    return {
      json,
      text: `Under the smallest relaxation a plan costs ${figure(solved.relaxed.objective, 5)} USD.\n${conflictText(solved.conflict)}`,
    };
  if (solved.conflict) return { json, text: conflictText(solved.conflict), exitCode: EXIT.infeasible };
  if (solved.objective === null)
    return { json, text: notFoundText(solved.unplaced, solved.stoppedBy !== 'iterations'), exitCode: EXIT.notFound };
  return { json, text: problemText(solved, files) };
};

const problemText = (solved: Result, files: readonly string[]): string => {
  const parts = Object.entries(solved.objectiveParts ?? {}).filter(([, usd]) => usd !== 0);
  return [
    `${solved.problem.jobs.count} jobs for ${figure(solved.objective!, 6)} USD, ${massText(solved.emissionsKg!)} CO2e, ${energyText(solved.energyKwh!)}; ${solved.lateJobs} late.`,
    `  ${boundText(solved.gap)}`,
    tableText(
      ['part', 'USD'],
      parts.map(([name, usd]) => [name, figure(usd, 6)]),
    ),
    ...limitLines(solved.bindingLimits, 'USD'),
    ...solved.skipped.slice(0, 5).map((job) => `  Left out: ${plain(job.id)}, ${plain(job.reason)}.`),
    ...(solved.stoppedBy === 'clock' ? ['  The clock ended the search; without --cpu-seconds it would go on.'] : []),
    ...files.map((file) => `  Written: ${file}`),
  ].join('\n');
};

const limitLines = (
  limits: readonly { limit: string; slots: number; shadowPrice: number | null; unit: string }[],
  currency: string,
) =>
  limits
    .slice(0, 4)
    .map(
      (l) =>
        `  Binds: ${plain(l.limit)}, ${counted(l.slots, 'slot')}${l.shadowPrice === null ? '' : `; one ${l.unit} more would save ${moneyText(l.shadowPrice, currency)}`}.`,
    );

const ENGINES = ['auto', 'uncoupled', 'decomposition', 'glpk', 'highs'] as const;
const engineOf = (text: unknown): (typeof ENGINES)[number] => {
  const engine = ENGINES.find((name) => name === (text ?? 'auto'));
  if (!engine) throw invalid(`--engine is "${String(text)}"`, `Give one of ${ENGINES.join(', ')}.`);
  return engine;
};

const ofWorkload = async (context: Context, options: Record<string, unknown>): Promise<Answer> => {
  const made = await context.call('make_plan', await FLAGS.input(options));
  const { plan, conflict, status, objectiveParts, cpuSeconds, seed } = made;
  if (plan === null) {
    const json = { status, ...(conflict ? { conflict } : { unplaced: made.unplaced }), cpuSeconds, seed };
    return conflict
      ? { json, text: conflictText(conflict), exitCode: EXIT.infeasible }
      : { json, text: notFoundText(made.unplaced), exitCode: EXIT.notFound };
  }
  const { id: planId, planned, ...rest } = plan;
  const json = {
    planId,
    status,
    ...rest,
    plan: planned,
    objectiveParts,
    cpuSeconds,
    seed,
    ...(conflict ? { conflict } : {}),
  };
  return { json, text: planText(plan) };
};

/** So many things that a plan did not see are listed. */
const SHOWN = 8;

const planText = (plan: Plan): string => {
  const { baseline, planned } = plan;
  const { currency } = planned.cost;
  const seen = plan.unseen.slice(0, SHOWN).map((u) => `  Not seen: ${plain(u)}.`);
  if (plan.unseen.length > SHOWN)
    seen.push(`  … and ${plan.unseen.length - SHOWN} more that it did not see: caco show ${plan.id} --json`);
  if (plan.jobs.unplaced === plan.jobs.total)
    return [
      `Plan ${plan.id} holds nothing: none of ${plan.jobs.total} jobs could be planned from ${plan.window.start} on.`,
      ...seen,
      '  A later --now or a longer --horizon-hours sees other jobs of this workload.',
    ].join('\n');
  const rows = [
    ['carbon', massEstimateText(baseline.emissionsKg), massEstimateText(planned.emissionsKg)],
    [
      plan.unpriced ? 'cost without energy' : 'cost',
      moneyText(baseline.cost.total, currency),
      moneyText(planned.cost.total, currency),
    ],
    ['energy', energyText(baseline.energyKwh), energyText(planned.energyKwh)],
    ['peak', powerText(baseline.peakKw), powerText(planned.peakKw)],
    ['late jobs', String(baseline.lateJobs), String(planned.lateJobs)],
  ];
  return [
    `Plan ${plan.id}: ${plan.jobs.moved} of ${counted(plan.jobs.total, 'job')} ${plan.jobs.moved === 1 ? 'moves' : 'move'}, which ${promiseText(plan)} ${basisText(plan)}.`,
    '',
    tableText(['', 'run now', 'planned'], rows),
    `  ${boundText(plan.gap)}${lateText(plan)}`,
    ...limitLines(plan.bindingLimits, currency),
    ...seen,
    '',
    `  Next: caco show ${plan.id}   caco launch --workload ${plan.workloadId}`,
  ].join('\n');
};

const plan = (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  if (options.problem === undefined && options.out !== undefined)
    throw invalid(
      '--out is given without --problem',
      'Give --problem FILE with it, or leave it out: a workload is planned into the store.',
    );
  return options.problem === undefined ? ofWorkload(context, options) : ofProblem(context, options);
};

export const register = (program: Command) => {
  addCommand(
    program,
    'plan',
    'the best schedule of a workload or problem file, with proof; nothing is placed',
    async (c) =>
      (await FLAGS.shape(c))
        .option('--problem <file>', 'a caco-opt-1 problem (.json or .json.gz) instead of a workload')
        .option('--out <dir>', 'with --problem: where solution.json and certificate.json are written')
        .option('--iterations <n>', 'with --problem: rounds of search; by size when left out')
        .option('--engine <name>', `with --problem: ${ENGINES.join(', ')}`)
        .option('--skip-invalid', 'with --problem: leave wrong jobs out, named, and plan the rest'),
    plan,
  );
};
