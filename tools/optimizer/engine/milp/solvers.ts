/** GLPK and HiGHS behind one interface. Both block their thread: use them in a worker only. Either may be absent. */
import { believed, FAILED, isSound } from './believed.js';
import type { Effort, MilpAnswer, MilpModel, MilpName, MilpSolver } from './milp.js';
import { onWorkClock, secondsOfLooks } from './work-clock.js';

/** Entries of the model that GLPK goes through in its share of work: it looks at the clock at each simplex iteration. */
const GLPK_WORK = 3.5e8;
/** HiGHS looks less evenly; never more often than `HIGHS_LOOKS`, and less often in a large model. */
const HIGHS_WORK = 5e9;
const HIGHS_LOOKS = 200_000;

const NEVER = () => false;

/**
 * A solver as this program uses it: not asked what it would misread or abort at, and believed only as far as its answer can
 * be computed again. A row without entries holds or does not; neither solver is asked about one.
 */
const guarded = (name: MilpName, ask: (model: MilpModel, effort: Required<Effort>, relax: boolean) => MilpAnswer) => ({
  name,
  solve(model: MilpModel, { work = 1, stop = NEVER }: Effort = {}, relax = false): MilpAnswer {
    if (!isSound(model)) return FAILED;
    if (model.rows.some((row) => row.columns.length === 0 && (row.lower > 1e-9 || row.upper < -1e-9)))
      return { ...FAILED, status: 'infeasible' };
    if (model.cost.length === 0) return { status: 'optimal', x: new Float64Array(0), objective: 0 };
    return believed(model, ask(model, { work, stop }, relax), relax);
  },
});

/**
 * glpk.js 5.0.0: `presol` must stay on for MIPs (off, it never solves the root LP and answers status 1), and hides
 * infeasibility (status 1, z 0); so `infeasible` comes from a second LP run without it. Status 2 and 5 alone carry a solution,
 * and 2, which a stop by time and one by gap share, is no proof (the gap asked for is 0).
 */
const loadGlpk = async (): Promise<MilpSolver> => {
  const { default: start } = await import('glpk.js/node');
  const glpk = await start();
  return guarded('glpk', (model, { work, stop }, relax) => {
    const name = (column: number) => `x${column}`;
    const bound = (lower: number, upper: number) => {
      if (lower === upper) return { type: glpk.GLP_FX, lb: lower, ub: upper };
      if (lower === Number.NEGATIVE_INFINITY) return { type: glpk.GLP_UP, lb: 0, ub: upper };
      if (upper === Infinity) return { type: glpk.GLP_LO, lb: lower, ub: 0 };
      return { type: glpk.GLP_DB, lb: lower, ub: upper };
    };
    const columns = model.cost.map((_, column) => column);
    const lp = {
      name: 'plan',
      objective: {
        direction: glpk.GLP_MIN,
        name: 'cost',
        vars: columns.map((column) => ({ name: name(column), coef: model.cost[column]! })),
      },
      subjectTo: model.rows
        .filter((row) => row.columns.length > 0)
        .map((row, i) => ({
          name: `r${i}`,
          vars: row.columns.map((column, n) => ({ name: name(column), coef: row.values[n]! })),
          bnds: bound(row.lower, row.upper),
        })),
      bounds: columns
        .filter((column) => (relax || !model.binary[column]) && model.upper[column]! < Infinity)
        .map((column) => ({ name: name(column), ...bound(0, model.upper[column]!) })),
      binaries: relax ? [] : columns.filter((column) => model.binary[column]).map(name),
    };
    const options = {
      msglev: glpk.GLP_MSG_OFF,
      presol: true,
      tmlim: secondsOfLooks((work * GLPK_WORK) / model.size),
      mipgap: 0,
    };
    const { result } = onWorkClock(stop, () => glpk.solve(lp, options));
    if (result.status !== glpk.GLP_OPT && result.status !== glpk.GLP_FEAS) {
      if (stop()) return { ...FAILED, status: 'limit' };
      const bounds = [...lp.bounds, ...lp.binaries.map((binary) => ({ name: binary, ...bound(0, 1) }))];
      const linear = { ...lp, binaries: [], bounds };
      const again = onWorkClock(stop, () => glpk.solve(linear, { ...options, presol: false }));
      return { ...FAILED, status: again.result.status === glpk.GLP_NOFEAS ? 'infeasible' : 'limit' };
    }
    return {
      status: result.status === glpk.GLP_OPT ? 'optimal' : 'limit',
      x: Float64Array.from(columns, (column) => result.vars[name(column)] ?? Number.NaN),
      objective: result.z,
    };
  });
};

/** Numbers as CPLEX LP text wants them. */
const text = (value: number) => (value < 0 ? `- ${-value}` : `+ ${value}`);

/** The model in CPLEX LP format; rows with two finite sides are written twice. */
export const toLpText = (model: MilpModel, relax: boolean): string => {
  const sum = (columns: readonly number[], values: readonly number[]) =>
    columns.map((column, n) => `${text(values[n]!)} x${column}`).join('\n ');
  const out: string[] = ['Minimize', ' cost:'];
  const used = model.cost.map((_, column) => column);
  out.push(` ${sum(used, model.cost)}`, 'Subject To');
  model.rows.forEach((row, i) => {
    if (row.columns.length === 0) return;
    const left = sum(row.columns, row.values);
    if (row.lower === row.upper) out.push(` e${i}: ${left} = ${row.lower}`);
    else {
      if (row.lower > Number.NEGATIVE_INFINITY) out.push(` l${i}: ${left} >= ${row.lower}`);
      if (row.upper < Infinity) out.push(` u${i}: ${left} <= ${row.upper}`);
    }
  });
  out.push('Bounds');
  for (const column of used)
    if (model.upper[column]! < Infinity && (relax || !model.binary[column]))
      out.push(` 0 <= x${column} <= ${model.upper[column]}`);
  if (!relax) {
    out.push('Binary');
    for (const column of used) if (model.binary[column]) out.push(` x${column}`);
  }
  out.push('End', '');
  return out.join('\n');
};

const loadHighs = async (): Promise<MilpSolver> => {
  // Its types are written for CommonJS; what Node imports is a module with the loader as default.
  const { default: start } = (await import('highs')) as unknown as { default: typeof import('highs').default };
  const highs = await start();
  return guarded('highs', (model, { work, stop }, relax) => {
    const text = toLpText(model, relax);
    const options = {
      time_limit: secondsOfLooks(work * Math.min(HIGHS_LOOKS, HIGHS_WORK / model.size)),
      mip_rel_gap: 0,
      mip_abs_gap: 1e-9,
      threads: 1,
      random_seed: 0,
      output_flag: false,
    };
    try {
      const answer = onWorkClock(stop, () => highs.solve(text, options));
      if (answer.Status === 'Infeasible') return { ...FAILED, status: 'infeasible' };
      if (answer.Status !== 'Optimal' && answer.Status !== 'Time limit reached') return FAILED;
      const columns = answer.Columns as Record<string, { Primal?: number }>;
      return {
        status: answer.Status === 'Optimal' ? 'optimal' : 'limit',
        x: Float64Array.from(model.cost, (_, column) => columns[`x${column}`]?.Primal ?? Number.NaN),
        objective: answer.ObjectiveValue,
      };
    } catch {
      return FAILED;
    }
  });
};

const LOADERS: Record<MilpName, () => Promise<MilpSolver>> = { glpk: loadGlpk, highs: loadHighs };

/** The solver of that name, or null when it is not installed. */
export const loadSolver = async (name: MilpName): Promise<MilpSolver | null> => {
  try {
    return await LOADERS[name]();
  } catch {
    return null;
  }
};

/** Jobs up to which GLPK tends to prove the optimum within seconds, and up to which HiGHS does. */
const GLPK_JOBS = 60;
const HIGHS_JOBS = 120;

/** Solvers that a run of this engine and size can use: left to itself GLPK, else HiGHS (above 60 jobs HiGHS alone), else none. */
export const loadMilp = async (
  engine: string,
  jobs: number,
  load: (name: MilpName) => Promise<MilpSolver | null> = loadSolver,
): Promise<Partial<Record<MilpName, MilpSolver>>> => {
  const names: MilpName[] =
    engine === 'highs' || engine === 'glpk'
      ? [engine]
      : engine !== 'auto' || jobs > HIGHS_JOBS
        ? []
        : jobs <= GLPK_JOBS
          ? ['glpk', 'highs']
          : ['highs'];
  for (const name of names) {
    const solver = await load(name);
    if (solver !== null) return { [name]: solver };
  }
  return {};
};
