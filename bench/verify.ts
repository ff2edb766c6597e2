/**
 * Verifying 30 000 moved jobs with intervals, as CPU time: the computation alone, then with what a record needs beside it
 * (digests of its rows). Reading the store is measured apart by verifying through the program.
 * Run: npx tsx bench/verify.ts [jobs]
 */
import { decimal } from '../domain/decimal.js';
import { DEFAULT_CONSTANTS, type EvidenceJob, type EvidencePlace } from '../domain/evidence/record.js';
import { fromEpoch, instant, toEpoch } from '../domain/time.js';
import { type VerifierQuestion, verify } from '../offline.js';
import { keep, rounded } from './results.js';

const JOBS = Number(process.argv[2] ?? 30_000);
const LIMIT_SECONDS = 2;
const START = toEpoch(instant('2026-03-02T00:00:00Z'));
const REGIONS = ['us-east-1', 'us-west-2', 'eu-west-1', 'eu-north-1', 'ap-south-1'];
const HALF_HOURS = 24 * 7 * 2;

const noise = (i: number) => ((i * 2_654_435_761) % 4_294_967_296) / 4_294_967_296;
const curve = (r: number) => ({
  source: 'bench',
  status: 'actual',
  issuedAt: fromEpoch(START),
  start: fromEpoch(START),
  stepMinutes: 30,
  values: Array.from({ length: HALF_HOURS }, (_, i) => decimal(Math.round(4000 * noise(i * 7 + r)) / 10)),
});
const places: EvidencePlace[] = REGIONS.map((region, r) => ({
  region,
  pue: '1.1',
  payer: 'owner',
  instancePricesPerHour: {},
  egressPerGb: '0.02',
  demandChargePerKw: '0',
  carbon: { ...curve(r), kind: { accounting: 'average', scope: 'operational' } },
  price: curve(r + 10),
}));

const jobOf = (i: number, source: 'simulated' | 'measured'): EvidenceJob => {
  const seconds = 600 + Math.floor(noise(i + 1) * 20_000);
  const kwh = 0.05 + noise(i + 2) * 40;
  const at = (epoch: number) => fromEpoch(epoch);
  const from = START + Math.floor(noise(i + 3) * 86_400 * 3);
  const to = from + Math.floor(noise(i + 4) * 86_400 * 3);
  const [home, away] = [REGIONS[i % 5]!, REGIONS[Math.floor(noise(i + 5) * 5)]!];
  const planned = { end: at(to + seconds), energyKwh: decimal(kwh), region: away, start: at(to) };
  const used = kwh * (0.95 + noise(i + 6) * 0.1);
  return {
    baseline: [{ end: at(from + seconds), energyKwh: decimal(kwh), region: home, start: at(from) }],
    claimedCost: decimal(noise(i + 7)),
    claimedKg: decimal(noise(i + 8)),
    dataGb: decimal(Math.floor(noise(i + 9) * 20)),
    due: null,
    excluded: null,
    homeRegion: home,
    instanceType: null,
    jobId: `job-${i}`,
    planned: [planned],
    ran: [{ ...planned, energyKwh: decimal(used), energyUj: '0', source }],
    resumeCost: '0',
    tardinessCostPerHour: '0',
    team: `team-${i % 20}`,
  };
};

const questionOf = (source: 'simulated' | 'measured'): VerifierQuestion => ({
  jobs: Array.from({ length: JOBS }, (_, i) => jobOf(i, source)),
  places,
  contracts: null,
  kind: { accounting: 'average', scope: 'operational' },
  constants: DEFAULT_CONSTANTS,
  frozen: true,
  unplanned: { jobs: 0, energyKwh: '0' },
  seed: 1,
});

const cpuSeconds = (work: () => void): number => {
  const before = process.cpuUsage();
  work();
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

const rows = (['simulated', 'measured'] as const).map((source) => {
  const question = questionOf(source);
  let method = '';
  const runs = [1, 2, 3].map(() =>
    cpuSeconds(() => {
      method = verify(question).output.interval.method;
    }),
  );
  return {
    energy: source,
    method,
    firstCpuSeconds: rounded(runs[0]!),
    leastCpuSeconds: rounded(Math.min(...runs)),
    shareOfLimit: rounded(runs[0]! / LIMIT_SECONDS),
  };
});
keep('verify', { movedJobs: JOBS, rows, targets: { cpuSeconds: LIMIT_SECONDS } });
