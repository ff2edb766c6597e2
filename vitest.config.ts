import { defineConfig } from 'vitest/config';

/**
 * What `npm run test:quick` leaves out, and why; `npm test` runs everything. A new test file is quick until it stands here.
 * A file is slow when it takes more than some ten seconds by itself on two quiet cores.
 */
export const SLOW: Readonly<Record<string, string>> = {
  'a2a-server/a2a-server.test.ts': 'plans over both bindings',
  'a2a-server/crash.test.ts': 'servers as processes of their own, killed',
  'a2a-server/planning.test.ts': 'whole runs',
  'answers.test.ts': 'every tool and many questions in nine worlds',
  'cli/backfill.test.ts': 'a process that is killed while it brings a year',
  'cli/cli.test.ts': 'whole runs, each command a process of its own',
  'cli/commands.test.ts': 'each command a process of its own',
  'cli/market.test.ts': 'two programs that trade, and plan for it',
  'cli/ledger.test.ts': 'each command a process of its own',
  'cli/slurm.test.ts': 'a Slurm of its own, with jobs that run',
  'contracts/contract.test.ts': 'compiles the contract, and hundreds of transactions',
  'doors.cases.test.ts': 'scripts with servers of their own, and an export of 16 000 jobs',
  'dashboard/page.test.ts': 'a browser that walks a server of its own',
  'dashboard/views.test.ts': 'a browser that walks a server of its own',
  'dashboard/rooms.test.ts': 'a browser that walks a server of its own',
  'cli/slurm-fleet.test.ts': 'a Slurm of its own, sixty jobs that wait for their hour, and processes killed',
  'cli/kubernetes-fleet.test.ts': 'the program as built, killed, beside a releaser of its own',
  'evals/calibration.test.ts': 'ten thousand intervals, each drawn many times',
  'evals/evals.test.ts': 'every case twice, without and with a model',
  'graph/crash.test.ts': 'a process killed at every write of a run',
  'graph/governance.test.ts': 'whole runs',
  'graph/graph.test.ts': 'whole runs',
  'graph/once.test.ts': 'whole runs, some of them side by side',
  'mcp-server/packaging.test.ts': 'packs, installs and starts the package',
  'mcp-server/stdio.test.ts': 'servers as processes of their own, some of them killed',
  'peers/peers.test.ts': 'plans over several worlds',
  'cli/operate-slurm.test.ts': 'a Slurm of its own',
  'observe.test.ts': 'days of looks, twice',
  'operate.test.ts': 'days of hourly looks, some of them killed',
  'simulation.test.ts': 'a month of thirty thousand jobs',
  'store/store.test.ts': 'processes killed while they write, on SQLite and Postgres',
  'store/saver.test.ts': 'the validation of LangGraph, on SQLite and Postgres',
  'store/upgrade.test.ts': 'a run of an older version that is finished',
  'studio.test.ts': 'LangGraph’s development server, where it is installed',
  'tools/forecaster/models.test.ts': 'trains every model, networks among them',
  'tools/fleet/slurm/slurm.test.ts': 'a Slurm of its own, with accounts and jobs that run',
  'tools/grid/sources/live.test.ts': 'whole runs over live sources',
  'tools/grid/sources/providers.test.ts': 'eleven sources on thirteen bad days',
  'tools/kwhsave/kills.test.ts': 'minters as processes of their own, killed',
  'tools/kwhsave/kwhsave.test.ts': 'contracts deployed on chains of their own, many times',
  'tools/responder/kills.test.ts': 'responders as processes of their own, killed',
  'tools/savings/placebo.test.ts': 'a hundred and fifty models trained',
  'tools/ledger/ledger.test.ts': 'twenty thousand entries by two processes, and processes killed',
  'tools/optimizer/announced.test.ts': 'plans many times over',
  'tools/optimizer/compare.test.ts': 'plans many times over',
  'tools/optimizer/engine/engine.test.ts': 'solves every known problem, by three engines',
  'tools/optimizer/engine/laws.test.ts': 'plans hundreds of random problems',
};

export default defineConfig(({ mode }) => ({
  test: {
    include: ['**/*.test.ts'],
    exclude: ['node_modules/**', 'dist/**', 'out/**', '.stryker/**', ...(mode === 'quick' ? Object.keys(SLOW) : [])],
    setupFiles: ['./vitest.seed.ts'],
    // No verdict hangs on the clock: the limits only end what would never end by itself, on however busy a machine.
    testTimeout: 1_800_000,
    hookTimeout: 1_800_000,
    expect: { poll: { timeout: 300_000 } },
    pool: 'forks',
    maxWorkers: 2,
  },
}));
