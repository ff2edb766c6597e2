import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { parse } from 'csv-parse/sync';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { parse as parseYaml } from 'yaml';
import { nano } from '../../domain/decimal.js';
import {
  BOOKED,
  type BookedPiece,
  NEWEST_VERIFICATION,
  VERIFICATIONS,
  type Verification,
} from '../../domain/evidence/verification.js';
import type { Store } from '../../domain/store.js';
import { instant, plusHours } from '../../domain/time.js';
import type { World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { type Call, callTool } from '../tool.js';
import { exportBooks } from './export.js';

/** A program of the Impact Framework; it would wait for a manifest on standard input for as long as that is open. */
const run = (...args: string[]) => {
  const going = promisify(execFile)(process.execPath, args);
  going.child.stdin?.end();
  return going;
};
const folder = mkdtempSync(join(tmpdir(), 'export-'));
const START = instant('2026-03-01T00:00:00Z');
const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'tester', via: 'cli' },
  cause: null,
};
let store: Store;
let world: World;

/** What a job may be called: characters that YAML does not take as they are, and what it would read as something else. */
const HOSTILE = 'a\u007f\u0085\u009b\u2028\ufeff\ufffe\ud800 \u{1f600} "x": {y}, [z] # & * ! = {{w}} \\n \n- b';

const pieceOf = (i: number, over: Partial<BookedPiece> = {}): BookedPiece => {
  const energyKwh = 0.1 + (i * 7919) / 3331;
  const intensityGPerKwh = 20 + ((i * 104729) % 4001) / 7;
  return {
    jobId: i === 7 ? HOSTILE : `job-${i}`,
    team: i % 3 === 0 ? '=cmd()' : 'ml, research "x"',
    submittedAt: START,
    region: i % 2 === 0 ? 'GB' : 'eu-north-1',
    start: plusHours(START, (i * 5) % 740),
    end: plusHours(START, ((i * 5) % 740) + 1 + (i % 3)),
    energyKwh,
    intensityGPerKwh,
    emissionsKg: (energyKwh * intensityGPerKwh) / 1000,
    energyCost: energyKwh * 0.2,
    instanceCost: 0,
    currency: 'GBP',
    source: 'measured',
    signalSource: 'test',
    ...over,
  };
};

const verification = (id: string, planId: string): Verification => ({
  id,
  planId,
  runId: null,
  at: START,
  supersedes: null,
  jobs: 0,
  unverified: [],
  unverifiedCount: 0,
  claimed: { emissionsKg: 0, cost: 0 },
  verified: { emissionsKg: { value: 0, low: 0, high: 0, confidence: 0.95 }, cost: 0 },
  demonstrated: false,
  difference: [],
  byTeam: [],
  method: 'analytical',
  evidenceId: null,
});

const book = async (id: string, planId: string, pieces: readonly BookedPiece[]) => {
  await store.collection(VERIFICATIONS).insert(id, verification(id, planId));
  await store.collection(NEWEST_VERIFICATION).put(planId, { verificationId: id });
  await store.rows(BOOKED).append(
    id,
    pieces.map((value, i) => ({ id: `${value.jobId}#${i}`, value })),
  );
};

const MONTH = Array.from({ length: 400 }, (_, i) => pieceOf(i));
beforeAll(async () => {
  store = await openStore(join(folder, 'store.sqlite'));
  // The tool reads the store and asks nothing else of the world.
  world = { store, clock: { now: () => START } } as unknown as World;
  await book('V-OLD', 'P-1', [pieceOf(9999, { energyKwh: 1e6 })]);
  await book('V-1', 'P-1', MONTH);
  await book('V-2', 'P-2', [
    pieceOf(5000, { start: plusHours(START, 800), end: plusHours(START, 802) }),
    pieceOf(5001, { intensityGPerKwh: null, emissionsKg: null }),
  ]);
});
afterAll(async () => {
  await store.close();
  rmSync(folder, { recursive: true, force: true });
});

const ask = (input: object) => callTool(exportBooks, input, world, call);
const month = { from: START, to: plusHours(START, 744) };

describe('export_books', () => {
  it('sums a period exactly, leaves superseded records out and names what has no intensity', async () => {
    const books = await ask({ format: 'if', ...month });
    expect(books).toMatchObject({ rows: 400, omitted: 1, from: month.from, to: month.to });
    const kg = MONTH.reduce((sum, p) => sum + nano(p.emissionsKg!), 0n);
    expect(nano(Number(books.totals.emissionsKg))).toBe(kg);
    expect((await ask({ format: 'focus' })).rows).toBe(401);
    expect((await ask({ format: 'focus', planId: 'P-2' })).rows).toBe(1);
    expect((await ask({ format: 'focus', region: 'GB', ...month })).rows).toBe(200);
  });

  it('writes a manifest of more pieces than a call takes arguments', async () => {
    const count = 20_000;
    const many = Array.from({ length: count }, (_, i) =>
      pieceOf(10_000 + i, { start: plusHours(START, 9000), end: plusHours(START, 9001) }),
    );
    await book('V-MANY', 'P-MANY', many);
    const { rows, text } = await ask({ format: 'if', planId: 'P-MANY' });
    expect(rows).toBe(count);
    // Once among the inputs, once among the outputs.
    expect(text.split('- timestamp:')).toHaveLength(2 * count + 1);
    await store.collection(NEWEST_VERIFICATION).delete('P-MANY');
  });

  it('counts a job once that several plans hold, as the newest ran it, and tells jobs of one name apart', async () => {
    const later = (hours: number) => plusHours(START, 2000 + hours);
    const simulated = (i: number, at: number, over: Partial<BookedPiece> = {}) =>
      pieceOf(i, { source: 'simulated', energyKwh: 10, start: later(at), end: later(at + 1), ...over });
    // A queue of one day, then the queue of two days with the same first job, elsewhere in time and in two pieces.
    await book('V-DAY', 'P-DAY', [simulated(1, 0)]);
    await book('V-DAYS', 'P-DAYS', [simulated(1, 5), simulated(1, 7), simulated(2, 30)]);
    await book('V-NAMESAKE', 'P-NAMESAKE', [simulated(1, 3, { submittedAt: later(-1) })]);
    // A real scheduler that tells one piece under two orders.
    const metered = simulated(3, 50, { source: 'measured' });
    await book('V-ORDER', 'P-ORDER', [metered]);
    await book('V-AGAIN', 'P-AGAIN', [metered, { ...metered, start: later(51), end: later(52) }]);
    const books = await ask({ format: 'focus', from: later(-10) });
    expect(books).toMatchObject({ rows: 6, totals: { energyKwh: '60' } });
    expect((await ask({ format: 'focus', planId: 'P-DAY', from: later(-10) })).rows).toBe(1);
  });

  it('leaves out of FOCUS rows what has no known price, by number; other forms keep it', async () => {
    const far = plusHours(START, 5000);
    const free = (i: number) => pieceOf(i, { start: far, end: plusHours(far, 1), energyCost: null });
    await book('V-PRICE', 'P-PRICE', [free(1), free(2), { ...free(3), energyCost: 1 }]);
    expect(await ask({ format: 'focus', planId: 'P-PRICE' })).toMatchObject({ rows: 1, omitted: 2 });
    expect(await ask({ format: 'codecarbon', planId: 'P-PRICE' })).toMatchObject({ rows: 3, totals: { cost: null } });
    await book('V-FREE', 'P-FREE', [free(4)]);
    await expect(ask({ format: 'focus', planId: 'P-FREE' })).rejects.toMatchObject({ code: 'not-found' });
  });

  it.each([
    ['an empty period', { format: 'if', from: plusHours(START, 9000) }, 'not-found'],
    ['a period that ends before it begins', { format: 'if', from: month.to, to: month.from }, 'invalid-input'],
    ['an unknown form', { format: 'xml' }, 'invalid-input'],
  ])('refuses %s', async (_, input, code) => {
    await expect(ask(input)).rejects.toMatchObject({ code });
  });

  it('gives the Impact Framework a month that it recomputes to the same totals without its time-sync, and one changed number is refused', async () => {
    const { text, totals } = await ask({ format: 'if', ...month });
    const [ours, theirs, forged] = ['ours.yaml', 'theirs.yaml', 'forged.yaml'].map((name) => join(folder, name)) as [
      string,
      string,
      string,
    ];
    writeFileSync(ours, text);
    const bin = join('node_modules', '@grnsft', 'if', 'build');
    await run(join(bin, 'if-run', 'index.js'), '-m', ours, '-o', join(folder, 'theirs'));
    expect(readFileSync(theirs, 'utf8')).not.toContain('status: fail');
    // Strict readers of YAML take none of these raw, and read the name back.
    expect(text.replaceAll('\n', '')).not.toMatch(/[\p{Cc}\u2028\u2029\ufeff\ufffe]/u);
    const told = parseYaml(text).tree.children.books.inputs.map((row: { job: string }) => row.job);
    expect(told).toContain(HOSTILE.replaceAll('=', '%3D'));
    // No step puts the pieces on a grid of time: the framework's own makes averages too low and fills gaps with 0.
    const { initialize } = parseYaml(text);
    expect(Object.values<{ method: string }>(initialize.plugins).map(({ method }) => method)).toEqual([
      'Multiply',
      'Divide',
    ]);
    const carbon = readFileSync(theirs, 'utf8').match(/aggregated:\n\s+energy: \S+\n\s+carbon: (\S+)/)![1]!;
    expect(Number(carbon)).toBeCloseTo(Number(totals.emissionsKg), 6);
    const diff = (target: string) => run(join(bin, 'if-diff', 'index.js'), '-s', theirs, '-t', target);
    await expect(diff(ours)).resolves.toMatchObject({ stdout: expect.stringContaining('Files match!') });
    const lines = text.split('\n');
    const at = lines.findIndex((line) => line.startsWith('          grid/carbon-intensity: '));
    lines[at] = '          grid/carbon-intensity: 1';
    writeFileSync(forged, lines.join('\n'));
    await expect(diff(forged)).rejects.toMatchObject({
      code: 1,
      stdout: expect.stringContaining('Files do not match!'),
    });
  });

  it('writes tables that a parser reads back, and no cell that a spreadsheet would run', async () => {
    for (const [format, kg, kwh] of [
      ['codecarbon', 'emissions', 'energy_consumed'],
      ['focus', 'x_EmissionsKgCO2e', 'ConsumedQuantity'],
    ] as const) {
      const { text, totals } = await ask({ format, ...month });
      const rows: Record<string, string>[] = parse(text, { columns: true });
      expect(rows).toHaveLength(400);
      const sum = (column: string) => rows.reduce((total, row) => total + nano(Number(row[column])), 0n);
      expect(sum(kg)).toBe(nano(Number(totals.emissionsKg)));
      expect(sum(kwh)).toBe(nano(Number(totals.energyKwh)));
      expect(
        Object.values(rows[0]!)
          .concat(Object.values(rows[1]!))
          .filter((cell) => /^[=+@]/.test(cell)),
      ).toEqual([]);
      expect(rows.some((row) => Object.values(row).includes('ml, research "x"'))).toBe(true);
    }
    const focus: Record<string, string>[] = parse((await ask({ format: 'focus', ...month })).text, { columns: true });
    expect(focus[0]).toMatchObject({
      BillingPeriodStart: '2026-03-01T00:00:00Z',
      BillingPeriodEnd: '2026-04-01T00:00:00Z',
      ChargeCategory: 'Usage',
      BillingCurrency: 'GBP',
    });
    expect(JSON.parse(focus[0]!.Tags!)).toMatchObject({ plan: 'P-1', verification: 'V-1' });
  });
});
