/** The browser's checks, held against the program that writes what they check: the true is accepted, every change refused. */
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { openApp } from '../../app.js';
import { readConfig } from '../../config.js';
import { canonicalJson } from '../../domain/digest.js';
import { canonical } from './bytes.js';
import { checkEntry, verdictOf } from './checks.js';
import { checkGiven, givenIn } from './drop.js';

const home = mkdtempSync(join(tmpdir(), 'caco-proof-'));
const files: Record<string, string> = {};
let keys = '';
let proofs: { leaf: string; bundle: string }[] = [];
let record = '';

beforeAll(async () => {
  const { config, settings } = readConfig({ home, seed: 3, logLevel: 'silent' }, {}, home);
  const app = await openApp(config, settings);
  const by = { actor: { id: 'ann', via: 'cli' } } as const;
  await app.orchestrator.launch({ horizonHours: 6, approval: 'auto' }, by);
  const { verifications } = await app.call('list_verifications', {}, by);
  record = JSON.stringify((await app.call('export_evidence', { evidenceId: verifications[0]!.id }, by)).record);
  await app.call('export_ledger', { folder: join(home, 'export') }, by);
  keys = app.ledger.vkeys().join('\n');
  const size = await app.world.ledger.size();
  proofs = await Promise.all(Array.from({ length: size }, (_, seq) => app.world.ledger.prove(seq)));
  for (const name of ['records.ndjson', 'vkeys.txt', 'tiles/checkpoint'])
    files[name] = readFileSync(join(home, 'export', name), 'utf8');
  await app.close();
});
afterAll(() => rmSync(home, { recursive: true, force: true }));

const given = (...texts: string[]) =>
  Object.assign({}, ...texts.map((text) => givenIn(text))) as Parameters<typeof checkGiven>[0];
const lookOf = async (...texts: string[]) => verdictOf(await checkGiven(given(...texts))).look;

describe('an entry and its proof', () => {
  it('hold for each entry of the ledger, under its key', async () => {
    for (const { leaf, bundle } of proofs)
      expect(verdictOf(await checkEntry(leaf, bundle, keys))).toMatchObject({ look: 'good' });
  });

  it('do not hold once any byte is changed', async () => {
    await fc.assert(
      fc.asyncProperty(fc.nat(), fc.nat(), fc.constantFrom('leaf', 'bundle'), async (which, place, part) => {
        const proof = proofs[which % proofs.length]!;
        const text = proof[part as 'leaf'];
        const at = place % text.length;
        const other = text[at] === 'x' ? 'y' : 'x';
        const changed = { ...proof, [part]: text.slice(0, at) + other + text.slice(at + 1) };
        expect(verdictOf(await checkEntry(changed.leaf, changed.bundle, keys)).look).toBe('bad');
      }),
      { numRuns: 150 },
    );
  });

  it('are open without a key, and refused under another', async () => {
    const { leaf, bundle } = proofs[0]!;
    expect(verdictOf(await checkEntry(leaf, bundle, '')).look).toBe('open');
    const [name, , key] = keys.split('+');
    expect(verdictOf(await checkEntry(leaf, bundle, `${name}+00000000+${key}`)).look).toBe('bad');
  });
});

describe('files that somebody drops', () => {
  it('are told apart by what is in them, and a whole export is checked', async () => {
    expect(await lookOf(files['records.ndjson']!, files['vkeys.txt']!, files['tiles/checkpoint']!)).toBe('good');
    expect(await lookOf(record, files['records.ndjson']!, files['vkeys.txt']!, files['tiles/checkpoint']!)).toBe(
      'good',
    );
    expect(await lookOf(proofs[1]!.bundle, files['records.ndjson']!, files['vkeys.txt']!)).toBe('good');
    expect(givenIn('hello')).toBeNull();
    expect(givenIn('{"schema":"other/1"}')).toBeNull();
  });

  it('are refused when a figure, a row or an entry was changed, with the first break named', async () => {
    const all = [files['records.ndjson']!, files['vkeys.txt']!, files['tiles/checkpoint']!];
    const figure = record.replace(
      /"savedKg":\{"value":"(\d)/,
      (_, digit) => `"savedKg":{"value":"${digit === '9' ? 8 : Number(digit) + 1}`,
    );
    expect(figure).not.toBe(record);
    expect(await lookOf(figure, ...all)).toBe('bad');
    const parsed = JSON.parse(record) as { rows: { jobs: { team: string }[] } };
    parsed.rows.jobs[0]!.team = 'another';
    const checks = await checkGiven(given(JSON.stringify(parsed), ...all));
    expect(verdictOf(checks).text).toMatch(/job rows are those that were signed/);
    const lines = files['records.ndjson']!.split('\n');
    expect(await lookOf([lines[1], lines[0], ...lines.slice(2)].join('\n'), ...all.slice(1))).toBe('bad');
  });
});

it('canonical JSON is the program’s own', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      expect(canonical(value)).toBe(canonicalJson(value));
    }),
  );
});
