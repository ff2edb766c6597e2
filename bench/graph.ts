/**
 * A whole run over 30 days of the five-region world (about 30 000 jobs): how much of it is the graph (everything but the tools'
 * own work), and how large its checkpoints are. Then a question about that run in a process of its own.
 * Run: npx tsx bench/graph.ts [hours]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { PLANS } from '../domain/plan.js';
import { RUNS } from '../domain/run.js';
import { Sqlite } from '../sqlite.js';
import { keep, rounded, timed } from './results.js';

const actor = { id: 'bench', via: 'cli' as const };
const open = (home: string) => openApp(readConfig({ home, scenario: 'five-regions', grid: 'sim' }, {}, home).config);

/** Time during which at least one tool works, by the clock and of the CPU; tools within tools count once. */
class Stopwatch {
  wallMs = 0;
  cpuMs = 0;
  readonly byName = new Map<string, number>();
  #open = 0;
  #wall = 0;
  #cpu = process.cpuUsage();
  async of<R>(name: string, work: () => Promise<R>): Promise<R> {
    const begun = performance.now();
    if (this.#open++ === 0) [this.#wall, this.#cpu] = [begun, process.cpuUsage()];
    try {
      return await work();
    } finally {
      this.byName.set(name, (this.byName.get(name) ?? 0) + performance.now() - begun);
      if (--this.#open === 0) {
        this.wallMs += performance.now() - this.#wall;
        const { user, system } = process.cpuUsage(this.#cpu);
        this.cpuMs += (user + system) / 1000;
      }
    }
  }
}

const measureRun = async (home: string, horizonHours: number) => {
  const app = await open(home);
  const watch = new Stopwatch();
  const load = await timed(() => app.prepare());
  for (const tool of await app.tools()) {
    const run = tool.run.bind(tool);
    Object.assign(tool, {
      run: (...[input, world, call]: Parameters<typeof run>) =>
        watch.of(tool.name, () =>
          run(input, world, {
            ...call,
            // What a tool writes when it has answered is its own work too.
            commit: (work) => call.commit((tx) => watch.of(tool.name, () => work(tx))),
          }),
        ),
    });
  }
  let runId = '';
  const whole = await timed(async () => {
    runId = (await app.orchestrator.launch({ horizonHours, approval: 'auto' }, { actor })).id;
  });
  const run = (await app.world.store.collection(RUNS).get(runId))!.value;
  const plan = run.planId === null ? undefined : (await app.world.store.collection(PLANS).get(run.planId))?.value;
  await app.close();
  const database = new Sqlite(join(home, 'caco.db'), { readOnly: true });
  const sizes = database
    .prepare(
      'select count(*) as count, max(length(body)) as largest, sum(length(body)) as total from thread_checkpoints',
    )
    .all()[0] as { count: number; largest: number; total: number };
  database.close();
  const overheadCpu = whole.cpuSeconds - watch.cpuMs / 1000;
  return {
    jobs: plan?.jobs.total ?? 0,
    status: run.status,
    loadSeconds: rounded(load.seconds),
    seconds: rounded(whole.seconds),
    cpuSeconds: rounded(whole.cpuSeconds),
    toolSeconds: rounded(watch.wallMs / 1000),
    toolCpuSeconds: rounded(watch.cpuMs / 1000),
    graphShare: rounded(1 - watch.wallMs / 1000 / whole.seconds, 4),
    graphShareOfCpu: rounded(overheadCpu / whole.cpuSeconds, 4),
    slowestTools: [...watch.byName]
      .sort((a, b) => b[1] - a[1])
      .slice(0, 5)
      .map(([name, ms]) => ({ name, seconds: rounded(ms / 1000) })),
    checkpoints: { count: sizes.count, largestKb: rounded(sizes.largest / 1000), totalKb: rounded(sizes.total / 1000) },
  };
};

const QUESTIONS = ['What will run when, and why?', 'Explain the plan', 'List the largest jobs'];

const measureChat = async (home: string) => {
  const app = await open(home);
  const ms = async (work: () => Promise<unknown>) => {
    const { seconds, cpuSeconds } = await timed(work);
    return { ms: rounded(seconds * 1000, 0), cpuMs: rounded(cpuSeconds * 1000, 0) };
  };
  const made = { prepare: await ms(() => app.prepare()), answers: [] as object[] };
  for (const question of QUESTIONS)
    made.answers.push({ question, ...(await ms(() => app.chat(question, undefined, { actor }))) });
  await app.close();
  return made;
};

const inChild = <R>(...given: string[]) =>
  new Promise<R>((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), given);
    let said: R | undefined;
    child.on('message', (message) => {
      said = message as R;
    });
    child.on('exit', (code) => (said ? resolve(said) : reject(new Error(`the measured process ended with ${code}`))));
  });

const [mode, home, hours] = process.argv.slice(2);
if (mode === '--run') process.send?.(await measureRun(home!, Number(hours)));
else if (mode === '--chat') process.send?.(await measureChat(home!));
else {
  const folder = mkdtempSync(join(tmpdir(), 'caco-bench-graph-'));
  try {
    const run = await inChild<Awaited<ReturnType<typeof measureRun>>>('--run', folder, mode ?? '720');
    const chat = await inChild<Awaited<ReturnType<typeof measureChat>>>('--chat', folder);
    keep('graph', {
      run,
      chat,
      targets: { graphShare: 0.05, checkpointKb: 'a few', firstAnswerMs: 300 },
    });
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}
