/**
 * 30 days of the five-region world as `caco simulate --days 30 --seed 7` runs it: jobs and signals made, then the whole command with
 * files, then with the plan applied; each in a process of its own, with peak memory. Accounting is in account.ts.
 * Run: npx tsx bench/simulate.ts [days]
 */
import { fork } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { readConfig } from '../config.js';
import { simulate } from '../simulation.js';
import { keep, rounded, timed } from './results.js';

const measure = async (folder: string, days: number, apply: boolean) => {
  const { config } = readConfig({ home: folder, scenario: 'five-regions', grid: 'sim', seed: '7' }, {}, folder);
  let jobs = 0;
  const once = (out: string) =>
    timed(async () => {
      jobs = (await simulate(config, { days, out: join(folder, out), apply })).jobs;
    });
  const first = await once('first');
  const second = await once('second');
  return {
    apply,
    days,
    jobs,
    firstSeconds: rounded(first.seconds),
    firstCpuSeconds: rounded(first.cpuSeconds),
    againSeconds: rounded(second.seconds),
    againCpuSeconds: rounded(second.cpuSeconds),
    peakMb: Math.round(process.resourceUsage().maxRSS / 1024),
  };
};

const inChild = (...given: string[]) =>
  new Promise<object>((resolve, reject) => {
    const child = fork(fileURLToPath(import.meta.url), given);
    let said: object | undefined;
    child.on('message', (message) => {
      said = message as object;
    });
    child.on('exit', (code) => (said ? resolve(said) : reject(new Error(`the measured process ended with ${code}`))));
  });

const [mode, folder, days, apply] = process.argv.slice(2);
if (mode === '--measure') process.send?.(await measure(folder!, Number(days), apply === 'apply'));
else {
  const home = mkdtempSync(join(tmpdir(), 'caco-bench-simulate-'));
  try {
    keep('simulate', {
      rows: [
        await inChild('--measure', home, mode ?? '30', 'plain'),
        await inChild('--measure', home, mode ?? '30', 'apply'),
      ],
      targets: { simulateSeconds: 1, peakMb: 400 },
    });
  } finally {
    rmSync(home, { recursive: true, force: true });
  }
}
