/**
 * The cases from practice that stand beside a checkout (they are not shipped): each is named by a test, or stands here with what
 * shows the same or why it is not run. A case that is new fails until it has its line. That a test which names a case asks the
 * right thing of it, only reading tells.
 */
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { openApp } from './app.js';
import { readConfig } from './config.js';

const CASES = join(import.meta.dirname, '../shared/cases');
const isHere = existsSync(CASES);
if (!isHere) console.warn(`Not tested here: cases from practice; there is no folder ${CASES}.`);
const FOLDERS = ['clusters', 'documents', 'doors', 'numbers', 'speed'];

const NOT_RUN: Readonly<Record<string, string>> = {
  'clusters/k8s.json': 'tools/fleet/formats/history.test.ts, as the fixture k8s-list.json',
  'documents/mk.py': 'makes the documents, says nothing of its own',
  'documents/mk2.py': 'makes the documents, says nothing of its own',
  'documents/policy-kinds.md': 'what is right for the policy documents; tools/policy/documents.cases.test.ts',
  'doors/chat.mjs': 'asks the questions of q3.json, which copilot/question/law.test.ts asks',
  'doors/f1-forged-decision.sh': 'graph/forged.test.ts: an asker makes no decision of its own',
  'doors/f14-forged-saving.sh': 'tools/tickets/tickets.test.ts: a verifiedKg of the caller is refused',
  'doors/jobs60.csv': 'the queue of the two scripts above',
  'doors/lib.mjs': 'what the scripts share',
  'doors/loop.mjs': 'graph/forged.test.ts: an assistant that plans twice finds its way out',
  'doors/odd.mjs': 'mcp-server/odd-clients.test.ts',
  'doors/two.mjs': 'graph/forged.test.ts: of two plans of one workload one is carried out, once',
  'doors/validate.mjs':
    'not run: it asks every route of a server that runs for long; the document itself is validated in http-server/http-server.test.ts',
  'speed/export-if-15000.sh': 'tools/export/export.test.ts: a manifest of 20 000 pieces',
};

const home = mkdtempSync(join(tmpdir(), 'caco-cases-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const by = { actor: { id: 'ann', via: 'cli' as const } };

/** A queue on a grid file, as it was at `now`: what was taken in, its plan, and what each of its jobs emits where it stands. */
const planned = async (grid: string, jobs: string, now: string) => {
  const flags = { home: join(home, jobs.replace(/\W/g, '-')), grid: `file:${join(CASES, grid)}`, now };
  const { config, settings } = readConfig(flags, {}, home);
  const app = await openApp(config, settings);
  try {
    const said = (await app.call('ingest_jobs', { path: join(CASES, jobs) }, by)) as {
      workloadId: string;
      rejected: { code: string }[];
      earliestStart: string;
      latestEnd: string;
    };
    if (said.workloadId === null) return { said, plan: null };
    const made = await app.call('make_plan', { workloadId: said.workloadId, horizonHours: 24 }, by);
    const { plan } = made as {
      plan: { planned: { emissionsKg: { value: number }; energyKwh: number; lateJobs: number } };
    };
    return { said, plan };
  } finally {
    await app.close();
  }
};

describe.runIf(isHere)('cases from practice', () => {
  it('are each named by a test, or stand here with a reason', () => {
    const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: 'utf8' }).filter(
      (file) => file.endsWith('.test.ts') && file !== 'cases.test.ts' && !/node_modules|^dist/.test(file),
    );
    const all = readFileSync(import.meta.filename, 'utf8');
    // Of this file what it runs, not its list of what it does not.
    const own = all.slice(all.indexOf('\ndescribe.runIf'));
    const text = own + tests.map((file) => readFileSync(join(import.meta.dirname, file), 'utf8')).join('\n');
    const found = FOLDERS.flatMap((folder) => readdirSync(join(CASES, folder)).map((file) => `${folder}/${file}`));
    const open = found.filter((file) => !(file in NOT_RUN) && !text.includes(file.split('/')[1]!));
    expect(open).toEqual([]);
    expect(Object.keys(NOT_RUN).filter((file) => !found.includes(file))).toEqual([]);
  });

  it('a job of 10 kW for an hour goes into the cleanest hour before it is due', async () => {
    // 11 kWh at the hour of 225 g/kWh: later hours are cleaner and lie after it is due, at 40 pounds an hour.
    const { plan } = await planned('documents/uk_sat.json', 'documents/jobs2.csv', '2026-06-06T00:00:00Z');
    expect(plan!.planned).toMatchObject({ energyKwh: 11, lateJobs: 0 });
    expect(plan!.planned.emissionsKg.value).toBeCloseTo(11 * 0.225, 6);
  });

  it('a flexibility that ends after the deadline of Slurm ends there', async () => {
    const { said, plan } = await planned('clusters/cats-32.csv', 'clusters/zero.json', '2026-11-29T15:00:00Z');
    expect(said).toMatchObject({ earliestStart: '2026-11-29T14:53:20Z', latestEnd: '2026-11-29T23:00:00Z' });
    expect(plan!.planned.lateJobs).toBe(0);
  });

  it('jobs of another year are refused one by one, never planned into days whose grid is not known', async () => {
    const { said } = await planned('clusters/grid-zero.csv', 'numbers/jobs3.csv', '2026-11-29T00:00:00Z');
    expect(said.workloadId).toBeNull();
    expect(said.rejected.map(({ code }) => code)).toEqual(['impossible', 'impossible', 'impossible']);
  });
});
