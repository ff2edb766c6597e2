/** A ledger in files: a logger's own, and what an export leaves with strangers. */
import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { type EntryBody, GENESIS } from '../../domain/evidence/evidence.js';
import { sha256Hex } from '../../domain/evidence/merkle.js';
import type { Instant } from '../../domain/time.js';
import { auditFile, fileEntries, openLedger, type SigningLedger } from './ledger.js';

const AT = '2026-01-01T00:00:00Z' as Instant;
const now = () => AT;
const root = mkdtempSync(join(tmpdir(), 'caco-plain-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let homes = 0;
const newHome = () => join(root, `home-${homes++}`);
const bodies = (count: number, from = 0) =>
  Array.from({ length: count }, (_, i): EntryBody => {
    const n = from + i;
    return { kind: 'test', at: AT, actor: 'cli:tester', cause: 'R-1', subject: `s${n}`, data: { n } };
  });

describe('a ledger in a plain file', () => {
  const openFile = (home = newHome()) => {
    const file = join(home, 'energy.ndjson');
    const make = (): SigningLedger => openLedger({ store: { entries: fileEntries(file, now) }, home, now });
    return { home, file, make };
  };

  it('does all that the one in the store does', async () => {
    const { file, make } = openFile();
    const ledger = make();
    await ledger.append(bodies(300));
    const kept = await ledger.checkpoint();
    await make().append(bodies(5, 300));
    expect((await ledger.prove(304)).checkpoint.size).toBe(305);
    expect(await make().audit({ since: kept.note })).toMatchObject({ ok: true, size: 305, checkpointsChecked: 2 });
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    expect(lines).toHaveLength(305);
    lines.forEach((line, i) => {
      const { prev, seq } = JSON.parse(line);
      expect([seq, prev]).toEqual([i, i === 0 ? GENESIS : sha256Hex(lines[i - 1]!)]);
    });
  });

  it('cuts off a line that a crash tore, and says so in an entry', async () => {
    const { file, make } = openFile();
    await make().append(bodies(3));
    const whole = readFileSync(file, 'utf8');
    execFileSync('truncate', ['-s', '-20', file]);
    const ledger = make();
    expect(await ledger.size()).toBe(2);
    await ledger.append(bodies(1, 3));
    const torn = whole.trimEnd().split('\n')[2]!.length + 1 - 20;
    expect((await ledger.read(2, 1))[0]?.body).toMatchObject({ kind: 'ledger_repair', data: { droppedBytes: torn } });
    expect(await ledger.audit()).toMatchObject({ ok: true, size: 4 });
  });

  it('is audited as strictly: a flipped byte, a removed and a swapped line, and lines cut off the end', async () => {
    const { home, file, make } = openFile();
    const ledger = make();
    await ledger.append(bodies(20));
    await ledger.checkpoint();
    const lines = readFileSync(file, 'utf8').trimEnd().split('\n');
    const audited = (changed: readonly string[]) => {
      writeFileSync(file, `${changed.join('\n')}\n`);
      return openLedger({ store: { entries: fileEntries(file, now) }, home, now }).audit();
    };
    const flipped = lines.with(7, lines[7]!.replace('"s7"', '"t7"'));
    expect((await audited(flipped)).firstBad).toEqual({ seq: 7, what: 'its bytes do not match its hash' });
    expect((await audited(lines.toSpliced(9, 1))).firstBad?.seq).toBe(9);
    expect((await audited(lines.with(3, lines[4]!).with(4, lines[3]!))).firstBad?.seq).toBe(3);
    expect((await audited(lines.with(5, 'not json'))).firstBad?.seq).toBe(5);
    expect((await audited(lines.slice(0, 15))).firstBad).toMatchObject({
      seq: 15,
      what: expect.stringContaining('removed'),
    });
    expect((await audited(lines)).ok).toBe(true);
    expect(existsSync(`${file}.checkpoints`)).toBe(true);
  });

  it('names a file of checkpoints that cannot be read, and bytes that are no text', async () => {
    const { file, make } = openFile();
    const ledger = make();
    await ledger.append([...bodies(2), { ...bodies(1, 2)[0]!, subject: '\ufffd' }, ...bodies(2, 3)]);
    await ledger.checkpoint();
    const whole = readFileSync(file);
    const at = whole.indexOf('\ufffd');
    // An unfinished character of four bytes: a reader that is not strict takes it for U+FFFD as well.
    writeFileSync(file, Buffer.concat([whole.subarray(0, at), Buffer.from('f09080', 'hex'), whole.subarray(at + 3)]));
    expect((await make().audit()).firstBad?.seq).toBe(2);
    writeFileSync(file, whole);
    writeFileSync(`${file}.checkpoints`, 'garbage\n');
    expect((await make().audit()).firstBad?.what).toContain('line 1 of');
    await expect(make().checkpoint()).rejects.toMatchObject({ code: 'conflict' });
  });
});

describe('an export', () => {
  const exported = async (count = 600) => {
    const home = newHome();
    const file = join(home, 'energy.ndjson');
    const ledger = openLedger({ store: { entries: fileEntries(file, now) }, home, now });
    await ledger.append(bodies(count));
    const folder = join(home, 'out');
    const { checkpoint } = await ledger.exportTo(folder);
    const records = join(folder, 'records.ndjson');
    return { home, folder, records, checkpoint, audit: () => auditFile({ file: records, now }) };
  };

  it('is sound under its own checkpoint and keys, and under those that a stranger holds', async () => {
    const { folder, records, checkpoint, audit } = await exported();
    expect(await audit()).toMatchObject({ ok: true, size: 600, unsignedEntries: 0, checkpointsChecked: 1 });
    const vkeys = readFileSync(join(folder, 'vkeys.txt'), 'utf8').trim().split('\n');
    expect(await auditFile({ file: records, vkeys, since: checkpoint.note, now })).toMatchObject({ ok: true });
    const others = await exported(3);
    const strange = readFileSync(join(others.folder, 'vkeys.txt'), 'utf8').trim().split('\n');
    expect(await auditFile({ file: records, vkeys: strange, now })).toMatchObject({ ok: false });
    const typo = auditFile({ file: records, vkeys: ['no key'], now });
    await expect(typo).rejects.toMatchObject({ code: 'invalid-input' });
  });

  it.each<[string, number, (folder: string, text: string) => void]>([
    ['lines cut off its end', 400, (f, t) => writeFileSync(f, `${t.split('\n').slice(0, 400).join('\n')}\n`)],
    ['a line cut in two', 599, (f, t) => writeFileSync(f, t.slice(0, -30))],
    ['everything cut off', 0, (f) => writeFileSync(f, '')],
    ['a changed digit', 7, (f, t) => writeFileSync(f, t.replace('"s7"', '"s8"'))],
    ['no checkpoint', 600, (f) => rmSync(join(f, '..', 'tiles', 'checkpoint'))],
    ['a short bundle', 256, (f) => execFileSync('truncate', ['-s', '-9', join(f, '..', 'tiles/tile/entries/001')])],
    ['a tile that is gone', 512, (f) => rmSync(join(f, '..', 'tiles/tile/0/002.p/88'))],
    ['another tile of the next level', 0, (f) => writeFileSync(join(f, '..', 'tiles/tile/1/000.p/2'), 'x'.repeat(64))],
  ])('with %s is named, and where', async (_, seq, spoil) => {
    const { records, audit } = await exported();
    spoil(records, readFileSync(records, 'utf8'));
    expect(await audit()).toMatchObject({ ok: false, firstBad: { seq } });
  });

  it('without keys checks the chain alone, and says so to one who brings a checkpoint', async () => {
    const { folder, records, checkpoint } = await exported(3);
    rmSync(join(folder, 'vkeys.txt'));
    expect(await auditFile({ file: records, now })).toMatchObject({ ok: true, unsignedEntries: 3, checkpoint: null });
    await expect(auditFile({ file: records, since: checkpoint.note, now })).rejects.toMatchObject({
      code: 'invalid-input',
      remedy: expect.stringContaining('--vkeys'),
    });
  });
});
