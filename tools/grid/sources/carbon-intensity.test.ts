import { readFileSync } from 'node:fs';
import { afterEach, describe, expect, it } from 'vitest';
import { standsIn, ZONES } from '../../../domain/fixtures/zones.js';
import { CarbonSignal } from '../../../domain/signal.js';
import { type Instant, instant, plusHours } from '../../../domain/time.js';
import { handTimer } from '../../../wire/fixtures/hand-timer.js';
import { closedPort, type Peer, rawPeer } from '../../../wire/fixtures/peer.js';
import type { Timer } from '../../../wire/wire.js';
import { carbonIntensity, REGIONS } from './carbon-intensity.js';
import { askedThrough, eager, type Scripted, scripted } from './fixtures/asked.js';

const peers: Peer[] = [];
afterEach(async () => {
  for (const source of closing.splice(0)) await source.close();
  for (const peer of peers.splice(0)) await peer.close();
});

const closing: { close(): Promise<void> }[] = [];
const through = async (base: string, now: string, timer: Timer) => {
  const source = await askedThrough(carbonIntensity({ base, timer }), { now: () => now, timer });
  closing.push(source);
  return source;
};

/** A server that answers every path from the script, and the source that asks it; `asked` lists the paths. */
const replay = async (script: (path: string, n: number) => Scripted, now = '2017-10-02T12:00:00Z') => {
  const { asked, peer, url } = await scripted(script);
  peers.push(peer);
  const { timer, waits } = eager();
  return { asked, waits, source: await through(url, now, timer) };
};

const rowsFrom = (first: string, values: readonly (readonly [number | null, (number | null)?])[]) =>
  values.map(([forecast, actual], i) => ({
    from: `${plusHours(instant(first), i / 2).slice(0, 16)}Z`,
    to: `${plusHours(instant(first), (i + 1) / 2).slice(0, 16)}Z`,
    intensity: { forecast, ...(actual === undefined ? {} : { actual }), index: 'moderate' },
  }));
const bodyOf = (...rows: ReturnType<typeof rowsFrom>) => ({ body: JSON.stringify({ data: rows }) });
const noon = instant('2017-10-01T12:00:00Z');
const until = (hours: number, from: Instant = noon) => ({ start: from, end: plusHours(from, hours) });

describe('the Carbon Intensity API', () => {
  it('is asked without seconds, and the half-hour before the request is left out', async () => {
    const rows = rowsFrom('2017-10-01T11:30:00Z', [
      [145, 143],
      [151, 140],
      [151, 140],
      [159, 140],
      [160, 143],
    ]);
    const { asked, source } = await replay(() => bodyOf(...rows));
    const signal = await source.carbon('GB', until(2), 'actual');
    expect(asked).toEqual(['/intensity/2017-10-01T12:00Z/2017-10-01T14:00Z']);
    expect(CarbonSignal.parse(signal)).toEqual(signal);
    expect(signal.series).toEqual({ start: noon, stepMinutes: 30, values: [140, 140, 140, 143] });
    expect(signal).toMatchObject({ status: 'actual', issuedAt: '2017-10-02T12:00:00Z', region: 'GB' });
    expect(signal.kind).toEqual({ accounting: 'average', scope: 'operational' });
    expect(signal.source).toContain('NESO');
  });

  it('foresees with what was measured until now and with its forecast after that', async () => {
    const rows = rowsFrom('2017-10-01T12:00:00Z', [[151, 140], [152, 141], [159, 142], [160, null], [162]]);
    const { source } = await replay(() => bodyOf(...rows), '2017-10-01T13:10:00Z');
    const values = async (status: 'forecast' | 'actual') =>
      (await source.carbon('GB', until(2.5), status)).series.values;
    // The half-hour that runs at 13:10 has not ended: what came of it is not known yet.
    expect(await values('forecast')).toEqual([140, 141, 159, 160, 162]);
    expect(await values('actual')).toEqual([140, 141, 142, null, null]);
  });

  it('leaves gaps where the API has nothing, and never reads one as clean', async () => {
    const all = [null, null, null];
    for (const body of ['{}', '{"data":[]}']) {
      const { source } = await replay(() => ({ body }));
      expect((await source.carbon('GB', until(1.5), 'forecast')).series.values).toEqual(all);
    }
    const short = rowsFrom('2017-10-01T12:00:00Z', [
      [0, 0],
      [null, null],
      [70, 0],
    ]);
    const { source } = await replay(() => bodyOf(...short));
    expect((await source.carbon('GB', until(2), 'forecast')).series.values).toEqual([null, null, 70, null]);
  });

  it('takes rows in any order, twice, with seconds in their times, or one without its list', async () => {
    const rows = rowsFrom('2017-10-01T12:00:00Z', [
      [150, 140],
      [151, 141],
    ]);
    const [first, second] = rows as [(typeof rows)[0], (typeof rows)[0]];
    const late = { ...first, intensity: { forecast: 150, actual: null, index: 'low' } };
    const withSeconds = { ...second, from: '2017-10-01T12:30:00Z' };
    const { source } = await replay(() => bodyOf(withSeconds, first, late));
    expect((await source.carbon('GB', until(1), 'actual')).series.values).toEqual([140, 141]);
    const { source: lone } = await replay(() => ({ body: JSON.stringify({ data: first }) }));
    expect((await lone.carbon('GB', until(0.5), 'actual')).series.values).toEqual([140]);
  });

  it('is asked for long stretches in parts of 13 days, one after the other, without a hole', async () => {
    const { asked, source } = await replay((path) => {
      const [from] = path.split('/').slice(2) as [string];
      return bodyOf(
        ...rowsFrom(
          from,
          Array.from({ length: 13 * 48 + 1 }, (_, i) => [100 + i, 100 + i] as const),
        ),
      );
    }, '2017-11-02T12:00:00Z');
    const { series } = await source.carbon('GB', until(30 * 24), 'actual');
    expect(asked).toHaveLength(3);
    expect(series.values).toHaveLength(30 * 48);
    expect(series.values).not.toContain(null);
  });

  it.each([
    [
      'a refusal',
      { status: 400, body: '{"error":{"code":"400 Bad Request","message":"Please enter\\r\\n a valid date"}}' },
    ],
    ['a failure', { status: 500, body: '{"error":{"code":"500","message":"There was an internal server error"}}' }],
    ['a web page', { body: '<html>Maintenance</html>' }],
    ['a body cut short', { body: '{"data":[{"from":"2017-10-01T12:00Z","int' }],
    ['an unknown form', { body: '{"data":[{"from":"yesterday","intensity":{"forecast":1}}]}' }],
    ['text for a number', { body: '{"data":[{"from":"2017-10-01T12:00Z","intensity":{"forecast":"151"}}]}' }],
    ['an error that calls itself a success', { body: '{"error":{"message":"out of order"}}' }],
    ['a redirect', { status: 302, body: '', headers: { location: 'https://elsewhere.example/' } }],
  ])('says so when it answers with %s', async (_, answer) => {
    const { source } = await replay(() => answer);
    await expect(source.carbon('GB', until(1), 'forecast')).rejects.toMatchObject({
      code: 'unavailable',
      message: expect.stringContaining('Carbon Intensity API'),
      remedy: expect.stringContaining('CACO_CARBON_INTENSITY_URL'),
    });
  });

  it('repeats what the API said of a refused request, on one line', async () => {
    const body = '{"error":{"code":"400 Bad Request","message":"Please enter\\r\\n a valid date"}}';
    const { source } = await replay(() => ({ status: 400, body }));
    await expect(source.carbon('GB', until(1), 'forecast')).rejects.toThrow('status 400: Please enter a valid date');
  });

  it('is asked again when it is too busy or fails, after the time that it asked for', async () => {
    const good = bodyOf(...rowsFrom('2017-10-01T12:00:00Z', [[150, 140]]));
    const busy = { status: 429, body: '', headers: { 'retry-after': '3' } };
    const { source, asked, waits } = await replay((_, n) => [busy, { status: 502, body: 'Bad Gateway' }, good][n]!);
    expect((await source.carbon('GB', until(0.5), 'actual')).series.values).toEqual([140]);
    expect(asked).toHaveLength(3);
    expect(waits[0]).toBe(3000);
  });

  it('is left alone when it asks for more than a caller can wait, and the remedy says how long', async () => {
    const { source, asked } = await replay(() => ({ status: 429, body: '', headers: { 'retry-after': '120' } }));
    await expect(source.carbon('GB', until(1), 'forecast')).rejects.toMatchObject({
      code: 'unavailable',
      remedy: expect.stringMatching(/in 120 s.*CACO_CARBON_INTENSITY_URL/),
      details: { fate: 'throttled', retryAfterS: 120 },
    });
    expect(asked).toHaveLength(1);
  });

  it('is given up when it says nothing', async () => {
    let heard = () => {};
    const arrived = new Promise<void>((go) => {
      heard = go;
    });
    const silent = await rawPeer(() => heard());
    peers.push(silent);
    const timer = handTimer();
    const source = await through(silent.url, noon, timer);
    const answer = expect(source.carbon('GB', until(1), 'forecast')).rejects.toMatchObject({
      code: 'unavailable',
      remedy: expect.stringContaining('CACO_CARBON_INTENSITY_URL'),
      details: { fate: 'unknown', reason: 'time' },
    });
    await Promise.all([arrived, timer.waiting((ms) => ms === 10_000)]);
    timer.pass(25_000);
    await answer;
  });

  it('is asked again, and given up, when it breaks off in the middle of a body', async () => {
    const cut = 'HTTP/1.1 200 OK\r\ncontent-type: application/json\r\ncontent-length: 900\r\n\r\n{"data":[{"from":';
    let connections = 0;
    const peer = await rawPeer((socket) => {
      connections++;
      socket.end(cut);
    });
    peers.push(peer);
    const source = await through(peer.url, noon, eager().timer);
    await expect(source.carbon('GB', until(1), 'forecast')).rejects.toMatchObject({
      code: 'unavailable',
      details: { reason: 'cut' },
    });
    expect(connections).toBe(3);
  });

  it('says so when nobody answers, and knows Great Britain only', async () => {
    const { source } = await replay(() => ({ body: '{}' }));
    await expect(source.carbon('FR', until(1), 'actual')).rejects.toMatchObject({ code: 'not-found' });
    expect(await source.regions()).toEqual(['GB', ...REGIONS]);
    const base = `http://127.0.0.1:${await closedPort()}`;
    const closed = await through(base, noon, eager().timer);
    await expect(closed.carbon('GB', until(1, plusHours(noon, -2)), 'actual')).rejects.toMatchObject({
      code: 'unavailable',
    });
  });
});

const samples = new URL('fixtures/carbon-intensity/', import.meta.url);

describe.each(ZONES)('recorded bodies, on a machine in %s,', (zone) => {
  standsIn(zone);

  const sample = (name: string) => ({ body: readFileSync(new URL(name, samples), 'utf8') });
  const sum = (values: readonly (number | null)[]) => values.reduce<number>((total, v) => total + (v ?? 0), 0);

  it('of 49 rows for a day of 48', async () => {
    const { source } = await replay(() => sample('national_from_to_49rows_2017-10-01.json'));
    const { values } = (await source.carbon('GB', until(24), 'actual')).series;
    expect([values.length, sum(values)]).toEqual([48, 6832]);
    const foreseen = await replay(() => sample('national_from_to_49rows_2017-10-01.json'), '2017-10-01T12:00:00Z');
    expect(sum((await foreseen.source.carbon('GB', until(24), 'forecast')).series.values)).toBe(7406);
  });

  it('of a horizon that ends early: the rest of two days is not known', async () => {
    const from = instant('2026-09-06T10:00:00Z');
    const { source } = await replay(() => sample('national_fw48h_short_horizon_29rows.json'), from);
    const { values } = (await source.carbon('GB', until(48, from), 'forecast')).series;
    expect(values).toHaveLength(96);
    expect(values.indexOf(null)).toBe(28);
    expect(values.slice(28).every((value) => value === null)).toBe(true);
  });

  it('of two London days of which the end has not happened', async () => {
    const from = instant('2026-09-30T23:00:00Z');
    const { source } = await replay(
      () => sample('national_two_london_days_null_actual_2026-10-01.json'),
      '2026-10-02T10:10:00Z',
    );
    const known = async (status: 'forecast' | 'actual') =>
      (await source.carbon('GB', until(48, from), status)).series.values.filter((value) => value !== null).length;
    expect([await known('forecast'), await known('actual')]).toEqual([96, 70]);
  });
});
