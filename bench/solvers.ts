/**
 * The planner beside solvers off the shelf on the same problems: cost and proven bound after the same time. The others get
 * the whole problem as one time-indexed MILP, glpk.js and highs in this process, CBC and glpsol as programs (Debian:
 * coinor-cbc, glpk-utils). `CACO_REFERENCE=FOLDER npx tsx bench/solvers.ts [SECONDS]`, with instances/ in caco-opt-1.
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { loadSolver, optimize, type Problem, parseCaco, toLpText, wholeMilp } from '../offline.js';
import { keep, rounded } from './results.js';

interface Answer {
  readonly objective: number | null;
  readonly lowerBound: number | null;
  readonly proved: boolean;
}

const SECONDS = Number(process.argv[2] ?? 10);
const MOST_COLUMNS = 200_000;
const NOTHING: Answer = { objective: null, lowerBound: null, proved: false };
const reference = process.env.CACO_REFERENCE;
if (reference === undefined)
  throw new Error('Set CACO_REFERENCE to a folder with instances/ in the format caco-opt-1.');

const read = (file: string): Record<string, unknown> => {
  const bytes = readFileSync(join(reference, 'instances', file));
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(bytes) : bytes).toString('utf8')) as Record<string, unknown>;
};

/** The first jobs of a larger instance under caps in proportion, with room for the largest job. */
const part = (file: string, count: number): Problem => {
  const whole = read(file) as { jobs: unknown[]; regions: { maxPowerKw: number }[] };
  const factor = count / whole.jobs.length;
  return parseCaco({
    ...whole,
    jobs: whole.jobs.slice(0, count),
    regions: whole.regions.map((region) => ({ ...region, maxPowerKw: Math.max(14, region.maxPowerKw * factor) })),
  });
};

const folder = mkdtempSync(join(tmpdir(), 'solvers-'));
/** What a program of that name prints about the model; null when it is not installed. */
const run = (program: string, args: string[]): string | null => {
  const done = spawnSync(program, args, { encoding: 'utf8', maxBuffer: 1e9, timeout: (SECONDS * 4 + 20) * 1000 });
  return (done.error as NodeJS.ErrnoException | undefined)?.code === 'ENOENT' ? null : done.stdout;
};
const last = (text: string, pattern: RegExp): number | null => {
  const found = [...text.matchAll(pattern)].at(-1)?.[1];
  return found === undefined ? null : Number(found);
};

const shelf = (model: string): Record<string, () => Answer | null> => ({
  cbc: () => {
    const text = run('cbc', [model, 'timeMode', 'elapsed', 'sec', `${SECONDS}`, 'ratio', '0', 'solve']);
    if (text === null) return null;
    const objective = last(text, /^Objective value:\s+(\S+)/gm);
    const proved = text.includes('Result - Optimal solution found');
    return { objective, lowerBound: proved ? objective : last(text, /^Lower bound:\s+(\S+)/gm), proved };
  },
  glpsol: () => {
    const text = run('glpsol', ['--lp', model, '--tmlim', `${SECONDS}`]);
    if (text === null) return null;
    const line = /mip =\s+(\S+) >=/g;
    const proved = text.includes('INTEGER OPTIMAL SOLUTION FOUND');
    const objective = last(text, line);
    return { objective, lowerBound: proved ? objective : last(text, />=\s+([-\d.e+]+)\s/g), proved };
  },
});

const rows: object[] = [];
const tell = (instance: string, problem: Problem, solver: string, answer: Answer, seconds: number) => {
  const { objective, lowerBound, proved } = answer;
  const gapPercent =
    objective === null || lowerBound === null
      ? null
      : rounded((100 * (objective - lowerBound)) / Math.abs(objective), 3);
  rows.push({
    instance,
    jobs: problem.jobs.count,
    slots: problem.slots,
    solver,
    ...answer,
    gapPercent,
    seconds: rounded(seconds),
  });
  process.stderr.write(
    `${instance} ${solver}: ${objective ?? 'no schedule'}, bound ${lowerBound ?? 'none'}${proved ? ', proved' : ''}, ${seconds.toFixed(1)} s\n`,
  );
};
const skipped = new Set<string>();

// Kept apart from the global: solvers run with a clock that counts their work in its place.
const now = performance.now.bind(performance);
const since = (began: number) => (now() - began) / 1000;

const problems: [string, Problem][] = [
  ['b-50x48', parseCaco(read('b-50x48.json'))],
  ['c-carbon-100x48', parseCaco(read('c-carbon-100x48.json'))],
  ['p-first-300x336', part('p-10k-336-medium.json.gz', 300)],
];
for (const [name, problem] of problems) {
  let began = now();
  const ours = await optimize(problem, { cpuSeconds: SECONDS });
  const bound = ours.milpBound ?? ours.lowerBound;
  const proved = ours.status === 'optimal';
  tell(name, problem, 'caco', { objective: ours.objective, lowerBound: bound, proved }, since(began));
  const whole = wholeMilp(problem, MOST_COLUMNS);
  if (whole === null) continue;
  const { milp, constant } = whole;
  const moved = (answer: Answer): Answer => ({
    ...answer,
    objective: answer.objective === null ? null : answer.objective + constant,
    lowerBound: answer.lowerBound === null ? null : answer.lowerBound + constant,
  });
  for (const kind of ['glpk', 'highs'] as const) {
    const solver = await loadSolver(kind);
    if (solver === null) {
      skipped.add(kind);
      continue;
    }
    began = now();
    const { status, objective } = solver.solve(milp, { work: Infinity, stop: () => since(began) > SECONDS });
    const optimal = status === 'optimal';
    const said = { ...NOTHING, objective, lowerBound: optimal ? objective : null, proved: optimal };
    tell(name, problem, kind === 'glpk' ? 'glpk.js' : kind, moved(said), since(began));
  }
  const file = join(folder, `${name}.lp`);
  writeFileSync(file, toLpText(milp, false));
  for (const [program, solve] of Object.entries(shelf(file))) {
    began = now();
    const answer = solve();
    if (answer === null) skipped.add(program);
    else tell(name, problem, program, moved(answer), since(began));
  }
}
rmSync(folder, { recursive: true, force: true });
for (const name of skipped) process.stderr.write(`SKIPPED ${name}: not installed\n`);
keep('solvers', { seconds: SECONDS, skipped: [...skipped], rows });
