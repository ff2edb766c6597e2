/**
 * How long it takes to read a Prometheus, to fit a year, and to mint: `npx tsx bench/savings.ts [DAYS]`. Fifty series of a sample a minute over
 * so many days (a year when left out: promtool takes minutes to make it) are read from a real Prometheus, where it is installed; CPU seconds
 * are of this process.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { isInstalled, startPrometheus } from './prometheus.js';
import { keep, rounded, timed } from './results.js';

const DAYS = Number(process.argv[2] ?? 365);
const SERIES = 50;
const START = Date.UTC(2025, 0, 6) / 1000;
const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '');
const actor = { id: 'bench', via: 'cli' as const };
const home = mkdtempSync(join(tmpdir(), 'caco-bench-'));
const open = (now: number, more: object = {}): Promise<App> => {
  const { config, settings } = readConfig({ home, logLevel: 'silent', now: at(now), ...more }, {}, home);
  return openApp(config, settings);
};

/** Means of a year of half-hours, as CSV. */
const year = () => {
  const [energy, load] = [['time,watts'], ['time,load']];
  for (let i = 0; i < 366 * 48; i++) {
    const hour = (i % 48) / 2;
    const share =
      0.45 + 0.2 * Math.sin(((hour - 8) / 12) * Math.PI) + 0.1 * Math.sin(i / 31) + 0.05 * Math.sin(i / 7.3);
    const after = i >= 358 * 48;
    energy.push(
      `${at(START + i * 1800)},${((4000 + 6000 * share + 40 * Math.sin(i * i)) * (after ? 0.8 : 1)).toFixed(1)}`,
    );
    load.push(`${at(START + i * 1800)},${share.toFixed(4)}`);
  }
  return { energy: energy.join('\n'), load: load.join('\n') };
};

const telemetry = async () => {
  if (!isInstalled()) return null;
  function* pieces() {
    for (let s = 0; s < SERIES; s++) {
      const lines: string[] = [];
      for (let m = -2; m <= DAYS * 1440 + 2; m++)
        lines.push(`rack_joules{instance="rack:1",outlet="${s}"} ${(m + 2) * 6000} ${START + m * 60}`);
      yield lines.join('\n');
    }
  }
  const prometheus = await startPrometheus(pieces());
  const app = await open(START + DAYS * 86_400, { meter: 'prometheus', meterUrl: prometheus.url });
  try {
    let samples = 0;
    const span = { from: at(START), to: at(START + DAYS * 86_400), meterId: 'racks' };
    const took = await timed(async () => {
      const answer = await app.call('read_telemetry', { preset: 'joules', query: 'rack_joules', ...span }, { actor });
      samples = answer.samples;
    });
    return {
      series: SERIES,
      days: DAYS,
      samples,
      seconds: rounded(took.seconds),
      cpuSeconds: rounded(took.cpuSeconds),
    };
  } finally {
    await app.close();
    await prometheus.stop();
  }
};

const fitAndMint = async () => {
  const { energy, load } = year();
  const CHANGE = START + 358 * 86_400;
  let app = await open(CHANGE);
  const meter = { text: energy, column: 'watts', meterId: 'hall', boundary: 'it', as: 'average', unit: 'W' } as const;
  await app.call('import_meter', meter, { actor });
  await app.call('import_covariate', { text: load, id: 'load', kind: 'load', basis: 'submitted' }, { actor });
  const span = { start: at(START), end: at(CHANGE) };
  let model = '';
  const fitted = await timed(async () => {
    const asked = { site: 'hall', meterIds: ['hall'], covariateIds: ['load'], ...span };
    model = (await app.call('train_savings_model', asked, { actor })).id;
  });
  await app.close();
  app = await open(CHANGE + 8 * 86_400);
  try {
    const started = await timed(async () => {
      const rpc = await app.world.chain!.open();
      await rpc.request({ method: 'eth_blockNumber' });
    });
    await app.call('deploy_kwhsave', { dryRun: false }, { actor });
    await app.call('rate_meter', { meterId: 'hall', ratedKw: 20, dryRun: false }, { actor });
    const mints: { seconds: number; cpuSeconds: number }[] = [];
    for (let n = 0; n < 12; n++) {
      const window = { start: at(CHANGE + n * 43_200), end: at(CHANGE + (n + 1) * 43_200) };
      const { claimId } = await app.call(
        'claim_savings',
        { modelId: model, ...window, intervention: 'fans' },
        { actor },
      );
      const { decisionId } = await app.call('approve_mint', { claimId, why: 'bench' }, { actor });
      const mint = { claimId, decisionId, dryRun: false };
      mints.push(
        await timed(() => app.call('mint_kwhsave', mint, { actor, idempotencyKey: `kwhsave-mint/${claimId}` })),
      );
    }
    const after = mints.slice(1).sort((a, b) => a.cpuSeconds - b.cpuSeconds)[5]!;
    const ms = ({ seconds, cpuSeconds }: { seconds: number; cpuSeconds: number }) => ({
      ...{ ms: Math.round(1000 * seconds), cpuMs: Math.round(1000 * cpuSeconds) },
    });
    return {
      year: { steps: 358 * 48, seconds: rounded(fitted.seconds), cpuSeconds: rounded(fitted.cpuSeconds) },
      chainStart: ms(started),
      firstMint: ms(mints[0]!),
      medianMint: ms(after),
    };
  } finally {
    await app.close();
  }
};

try {
  const minted = await fitAndMint();
  keep('savings', { ...minted, telemetry: await telemetry() });
} finally {
  rmSync(home, { recursive: true, force: true });
}
