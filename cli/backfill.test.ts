/** A year of back-fill as a process that is killed where it stands, and goes on. */
import { spawn } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, expect, it } from 'vitest';
import { fromEpoch, instant, plusHours, toEpoch } from '../domain/time.js';
import { openStore } from '../store/store.js';
import { httpPeer, type Peer } from '../wire/fixtures/peer.js';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'caco-backfill-'));
let peer: Peer;
afterAll(async () => {
  await peer?.close();
  rmSync(folder, { recursive: true, force: true });
});

const YEAR = { start: instant('2025-01-01T00:00:00Z'), end: instant('2026-01-01T00:00:00Z') };
const HALF_HOURS = 365 * 48;

it('a year that is killed again and again holds no hole and no double when it is done', {
  timeout: 1_800_000,
}, async () => {
  let asked = 0;
  let onAsked = (_: number) => {};
  peer = await httpPeer((request, response) => {
    onAsked(++asked);
    const [from, to] = (request.url ?? '').split('/').slice(2) as [string, string];
    const rows = [];
    // The half-hour before the request comes first, as the API has it.
    for (let at = toEpoch(instant(from)) - 1800; at < toEpoch(instant(to)); at += 1800)
      rows.push({
        from: `${fromEpoch(at).slice(0, 16)}Z`,
        to: `${fromEpoch(at + 1800).slice(0, 16)}Z`,
        intensity: { forecast: 151, actual: 100 + ((at / 1800) % 100), index: 'low' },
      });
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify({ data: rows }));
  });
  const run = (killAt: number | null) =>
    new Promise<{ code: number | null; text: string }>((done) => {
      const args = ['grid', 'backfill', '--from', YEAR.start, '--to', YEAR.end, '--region', 'GB', '--json'];
      const child = spawn(process.execPath, [MAIN, ...args], {
        cwd: folder,
        env: {
          PATH: process.env.PATH,
          HOME: folder,
          CACO_HOME: folder,
          CACO_NOW: '2026-03-01T00:00:00Z',
          CACO_GRID: 'carbon-intensity',
          CACO_CARBON_INTENSITY_URL: peer.url,
        },
      });
      let text = '';
      child.stdout.on('data', (piece) => {
        text += piece;
      });
      const first = asked;
      onAsked = (n) => {
        if (killAt !== null && n === first + killAt) child.kill('SIGKILL');
      };
      child.once('close', (code) => done({ code, text }));
    });
  // At a place that nobody chose: within a request, while it writes, or between two.
  for (const round of [1, 2, 3]) expect((await run(round + Math.floor(Math.random() * 6))).code).toBeNull();
  const { code, text } = await run(null);
  expect(code).toBe(0);
  const [signal] = JSON.parse(text).signals;
  expect(signal).toMatchObject({ source: 'carbon-intensity', region: 'GB', gaps: 0, trouble: null });

  const store = await openStore(join(folder, 'caco.db'));
  const key = {
    source: 'carbon-intensity',
    region: 'GB',
    quantity: 'carbon',
    unit: 'g/kWh average operational',
  } as const;
  const kept = (await store.gridValues.read(key, YEAR, instant('2026-03-02T00:00:00Z'))).filter(
    ({ status }) => status === 'actual',
  );
  expect(kept.map(({ at }) => at)).toEqual(Array.from({ length: HALF_HOURS }, (_, i) => plusHours(YEAR.start, i / 2)));
  expect(kept.every(({ at, value }) => value === 100 + ((toEpoch(at) / 1800) % 100))).toBe(true);
  await store.close();
  const before = asked;
  expect((await run(null)).code).toBe(0);
  expect(asked).toBe(before);
});
