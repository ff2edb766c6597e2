/**
 * From moving energy counters to a retired token, by the program’s own commands: a simulated powercap tree that a real node-exporter reads
 * every ten minutes of five weeks (its clock is ours, so that it takes a minute), a real Prometheus that remembers it, a model, a change, a
 * claim, a mint, an audit and a certificate. Needs Debian’s prometheus and prometheus-node-exporter: `npx tsx bench/savings-walk.ts`.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { bySeries, isInstalled, type Running, scrapedAt, startNodeExporter, startPrometheus } from './prometheus.js';

const START = Date.UTC(2026, 0, 5) / 1000;
const DAYS = 35;
const STEP_S = 600;
const CHANGE = START + 28 * 86_400;
const END = START + DAYS * 86_400;
const at = (seconds: number) => new Date(seconds * 1000).toISOString().replace('.000', '');
const say = (text: string) => process.stdout.write(`${text}\n`);

if (!isInstalled()) {
  say('Prometheus and node-exporter are not installed: apt-get install prometheus prometheus-node-exporter');
  process.exit(1);
}

/** Share of the cluster that is asked for: the day, the week, and a will of its own. */
const loadAt = (seconds: number): number => {
  const [hour, day] = [(seconds % 86_400) / 3600, Math.floor((seconds - START) / 86_400)];
  const daily = 0.45 + 0.25 * Math.sin(((hour - 8) / 12) * Math.PI);
  const own = 0.1 * Math.sin(seconds / 37_000) + 0.05 * Math.sin(seconds / 9_100);
  return Math.min(1, Math.max(0.02, (day % 7 >= 5 ? 0.6 : 1) * daily + own));
};
/** 60 W idle, 120 W more at full load; from the change on a fifth less of all of it. */
const wattsAt = (seconds: number): number =>
  (60 + 120 * loadAt(seconds) + 2 * Math.sin(seconds / 1234)) * (seconds >= CHANGE ? 0.8 : 1);

const RANGE_UJ = 262_143_328_850;
const ZONES = {
  'intel-rapl:0': ['package-0', 0.85],
  'intel-rapl:0:0': ['core', 0.5],
  'intel-rapl:0:1': ['dram', 0.15],
} as const;

const powercap = () => {
  const root = mkdtempSync(join(tmpdir(), 'savings-sysfs-'));
  const links = join(root, 'class/powercap');
  mkdirSync(links, { recursive: true });
  const folders = Object.entries(ZONES).map(([id, [name, share]]) => {
    const folder = join(root, 'devices/virtual/powercap/intel-rapl', id);
    mkdirSync(folder, { recursive: true });
    writeFileSync(join(folder, 'name'), `${name}\n`);
    writeFileSync(join(folder, 'max_energy_range_uj'), `${RANGE_UJ}\n`);
    symlinkSync(folder, join(links, id));
    return { folder, share };
  });
  const set = (joules: number) => {
    for (const { folder, share } of folders)
      writeFileSync(join(folder, 'energy_uj'), `${Math.floor(joules * share * 1e6) % RANGE_UJ}\n`);
  };
  return { root, set };
};

const main = fileURLToPath(new URL('../cli/main.ts', import.meta.url));
const home = mkdtempSync(join(tmpdir(), 'savings-home-'));
const running: Running[] = [];
const { root, set } = powercap();

/** As a person types it; the answer is what they read. */
const caco = (now: number, ...args: string[]): string => {
  say(`\n$ caco ${args.map((arg) => (/[ ({]/.test(arg) ? `'${arg}'` : arg)).join(' ')}`);
  const env = {
    ...process.env,
    CACO_HOME: home,
    CACO_NOW: at(now),
    CACO_METER: 'prometheus',
    CACO_METER_URL: running[1]!.url,
  };
  const text = execFileSync(process.execPath, ['--import', 'tsx', main, ...args], { env, encoding: 'utf8' });
  say(text.trimEnd());
  return text;
};
const found = (text: string, what: RegExp): string => what.exec(text)![0];

try {
  set(0);
  running.push(await startNodeExporter(root));
  say(`node-exporter reads a powercap tree that moves, every ${STEP_S / 60} minutes of ${DAYS} days …`);
  const lines: string[] = [];
  let [joules, usedKwh] = [0, 0];
  for (let t = START - STEP_S; t <= END + STEP_S; t += STEP_S) {
    set(joules);
    lines.push(...(await scrapedAt(running[0]!.url, t, 'n1:9100')));
    lines.push(`cluster_submitted_ratio{instance="queue"} ${loadAt(t - STEP_S / 2).toFixed(5)} ${t}`);
    const watts = wattsAt(t + STEP_S / 2);
    if (t >= CHANGE && t < END) usedKwh += (watts * STEP_S) / 3.6e6;
    joules += watts * STEP_S;
  }
  const truth = usedKwh / 0.8 - usedKwh;
  say(
    `${lines.length} samples; after the change ${usedKwh.toFixed(2)} kWh were used and, as we know here, ${truth.toFixed(2)} kWh saved.`,
  );
  running.push(await startPrometheus(bySeries(lines)));
  say('Prometheus remembers them.');

  const span = ['--from', at(START), '--to', at(END)];
  caco(
    END,
    'meter',
    'telemetry',
    '--preset',
    'node-rapl',
    '--name',
    'hall',
    ...span,
    '--max-kw',
    '0.2',
    '--apart-seconds',
    '1200',
  );
  const load = ['--query', 'cluster_submitted_ratio', '--kind', 'load', '--basis', 'submitted', '--step', '10'];
  caco(END, 'meter', 'covariate', '--name', 'load', ...load, ...span);
  const before = ['--from', at(START), '--to', at(CHANGE)];
  const model = found(
    caco(CHANGE, 'savings', 'train', '--site', 'hall', '--meter', 'hall', '--covariate', 'load', ...before),
    /M-\w{8}/,
  );
  const week = ['--from', at(CHANGE), '--to', at(END)];
  const claim = found(
    caco(END, 'savings', 'claim', '--by', model, ...week, '--intervention', 'fans slowed'),
    /S-\w{8}/,
  );
  caco(END, 'kwhsave', 'deploy', '--send');
  caco(END, 'kwhsave', 'rate', 'hall', '1', '--send');
  caco(END, 'kwhsave', 'mint', claim);
  caco(END, 'kwhsave', 'mint', claim, '--send', '--why', 'the claim was looked at');
  caco(END, 'kwhsave', 'audit');
  caco(END, 'kwhsave', 'retire', '1', '--beneficiary', 'ACME Ltd', '--reason', 'report 2026', '--send');
  caco(END, 'kwhsave', 'balance');
  caco(END, 'ledger', 'audit');
  const report = JSON.parse(caco(END, 'savings', 'report', '--json')) as { mintedKwh: number };
  if (!(report.mintedKwh >= 1 && report.mintedKwh <= truth))
    throw new Error(`${report.mintedKwh} kWh were minted, and ${truth.toFixed(2)} saved`);
  say(`\n${report.mintedKwh} kWh were minted of ${truth.toFixed(2)} kWh that were saved.`);
} finally {
  for (const one of running) await one.stop();
  for (const folder of [home, root]) rmSync(folder, { recursive: true, force: true });
}
