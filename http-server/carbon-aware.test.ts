/** The Carbon Aware SDK's routes, as its clients call them. */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { type App, openApp } from '../app.js';
import { readConfig } from '../config.js';
import { type HttpServer, startHttp } from './http-server.js';

const home = mkdtempSync(join(tmpdir(), 'caco-cas-'));
let app: App;
let server: HttpServer;

beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent', now: '2022-06-01T00:00:00Z' }, {}, home);
  app = await openApp(config, settings);
  server = await startHttp(app, { port: 0 });
});
afterAll(async () => {
  await server.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

const get = async (path: string, body?: unknown) => {
  const answer = await fetch(`${server.url}${path}`, {
    ...(body === undefined
      ? {}
      : { method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, json: text === '' ? undefined : JSON.parse(text) };
};

test('a forecast has their fields; the optimal point is the least mean over the window', async () => {
  const query = 'location=GB&dataStartAt=2022-06-01T00:00:00Z&dataEndAt=2022-06-01T12:00:00Z&windowSize=120';
  const { status, json } = await get(`/emissions/forecasts/current?${query}`);
  expect(status).toBe(200);
  const [forecast] = json;
  expect(Object.keys(forecast).sort()).toEqual(
    [
      'dataEndAt',
      'dataStartAt',
      'forecastData',
      'generatedAt',
      'location',
      'optimalDataPoints',
      'requestedAt',
      'windowSize',
    ].sort(),
  );
  expect(forecast).toMatchObject({
    location: 'GB',
    windowSize: 120,
    dataStartAt: '2022-06-01T00:00:00+00:00',
    requestedAt: '2022-06-01T00:00:00+00:00',
  });
  for (const point of forecast.forecastData)
    expect(point).toEqual({
      location: 'GB',
      timestamp: expect.stringMatching(/\+00:00$/),
      duration: 120,
      value: expect.any(Number),
    });
  const least = Math.min(...forecast.forecastData.map((p: { value: number }) => p.value));
  expect(forecast.optimalDataPoints[0].value).toBe(least);
  // The last window still ends within the data that was asked for.
  expect(forecast.forecastData.at(-1).timestamp <= '2022-06-01T10:00:00+00:00').toBe(true);

  // Against the port itself: mean of the steps that the window covers.
  const signal = await app.world.grid.carbon(
    'GB',
    { start: '2022-06-01T00:00:00Z', end: '2022-06-01T12:00:00Z' } as never,
    'forecast',
  );
  const steps = 120 / signal.series.stepMinutes;
  const first = signal.series.values.slice(0, steps).reduce<number>((sum, v) => sum + v!, 0) / steps;
  expect(forecast.forecastData[0].value).toBeCloseTo(first, 9);
});

test('without a window it is one step long, and the paths without /emissions answer too', async () => {
  const { json } = await get('/forecasts/current?LOCATION=GB');
  const stepMinutes = json[0].windowSize;
  expect(json[0].forecastData).toHaveLength((24 * 60) / stepMinutes);
});

test('observed emissions: rows, the best of them, and nothing is 204', async () => {
  const { json } = await get('/emissions/bylocation?location=GB&time=2022-05-20T00:00:00Z&toTime=2022-05-20T06:00:00Z');
  expect(json[0]).toEqual({
    location: 'GB',
    time: '2022-05-20T00:00:00+00:00',
    rating: expect.any(Number),
    duration: expect.stringMatching(/^\d\d:\d\d:00$/),
  });
  const best = await get(
    '/emissions/bylocations/best?location=GB&time=2022-05-20T00:00:00Z&toTime=2022-05-20T06:00:00Z',
  );
  expect(best.json[0].rating).toBe(Math.min(...json.map((row: { rating: number }) => row.rating)));
  expect((await get('/emissions/bylocation?location=GB&time=2031-01-01&toTime=2031-01-02')).status).toBe(204);
});

test('of hours after now nothing has come true: they are the forecast and say so, unless hindsight is asked for', async () => {
  const before = { start: '2022-05-31T22:00:00Z', end: '2022-06-01T00:00:00Z' };
  const after = { start: '2022-06-01T00:00:00Z', end: '2022-06-01T02:00:00Z' };
  const values = async (part: { start: string; end: string }, status: 'actual' | 'forecast') =>
    (await app.world.grid.carbon('GB', part as never, status)).series.values;
  const [past, foreseen, recorded] = [
    await values(before, 'actual'),
    await values(after, 'forecast'),
    await values(after, 'actual'),
  ];
  expect(foreseen).not.toEqual(recorded);
  const ask = async (path: string) => {
    const answer = await fetch(`${server.url}${path}`);
    return { body: JSON.parse(await answer.text()), from: answer.headers.get('Caco-Forecast-From') };
  };
  const rows = `/emissions/bylocation?location=GB&time=${before.start}&toTime=${after.end}`;
  const told = await ask(rows);
  expect(told.body.map((row: { rating: number }) => row.rating)).toEqual([...past, ...foreseen]);
  expect(told.from).toBe('2022-06-01T00:00:00Z');
  const hind = await ask(`${rows}&hindsight=true`);
  expect(hind.body.map((row: { rating: number }) => row.rating)).toEqual([...past, ...recorded]);
  expect(hind.from).toBeNull();

  const mean = (...all: (number | null)[]) => all.reduce<number>((sum, v) => sum + v!, 0) / all.length;
  const over = { location: 'GB', startTime: before.start, endTime: after.end };
  const query = new URLSearchParams(over);
  const average = await ask(`/average-carbon-intensity?${query}`);
  expect(average.body.carbonIntensity).toBeCloseTo(mean(...past, ...foreseen), 9);
  expect(average.from).toBe('2022-06-01T00:00:00Z');
  expect((await ask(`/average-carbon-intensity?${query}&hindsight=true`)).body.carbonIntensity).toBeCloseTo(
    mean(...past, ...recorded),
    9,
  );
  const batch = await get('/average-carbon-intensity/batch', [over, { ...over, hindsight: true }]);
  expect(batch.json.map((row: { carbonIntensity: number }) => row.carbonIntensity)).toEqual([
    expect.closeTo(mean(...past, ...foreseen), 9),
    expect.closeTo(mean(...past, ...recorded), 9),
  ]);
  expect((await get(`${rows}&hindsight=perhaps`)).status).toBe(400);
});

test('the average is weighted by time, singly and in a batch', async () => {
  const between = { startTime: '2022-05-20T00:10:00Z', endTime: '2022-05-20T03:20:00Z' };
  const one = await get(
    `/emissions/average-carbon-intensity?location=GB&startTime=${between.startTime}&endTime=${between.endTime}`,
  );
  const { series } = await app.world.grid.carbon(
    'GB',
    { start: between.startTime, end: between.endTime } as never,
    'actual',
  );
  const ms = series.stepMinutes * 60_000;
  let area = 0;
  for (const [i, value] of series.values.entries()) {
    const from = Math.max(Date.parse(series.start) + i * ms, Date.parse(between.startTime));
    const to = Math.min(Date.parse(series.start) + (i + 1) * ms, Date.parse(between.endTime));
    area += value! * Math.max(0, to - from);
  }
  const mean = area / (Date.parse(between.endTime) - Date.parse(between.startTime));
  expect(one.json).toEqual({
    location: 'GB',
    startTime: '2022-05-20T00:10:00+00:00',
    endTime: '2022-05-20T03:20:00+00:00',
    carbonIntensity: expect.closeTo(mean, 9),
  });
  const batch = await get('/emissions/average-carbon-intensity/batch', [{ location: 'GB', ...between }]);
  expect(batch.json).toEqual([one.json]);
});

test('a batch asks for forecasts as they were: what is not kept is 501, not invented', async () => {
  const now = { location: 'GB', requestedAt: '2022-06-01T00:00:00Z', windowSize: 60 };
  expect((await get('/emissions/forecasts/batch', [now])).json).toMatchObject([
    { location: 'GB', requestedAt: '2022-06-01T00:00:00+00:00' },
  ]);
  expect((await get('/emissions/forecasts/batch', [{ ...now, requestedAt: '2022-05-01T00:00:00Z' }])).status).toBe(501);
});

test('locations are a dictionary by name', async () => {
  expect((await get('/locations')).json).toEqual({ GB: { latitude: null, longitude: null, name: 'GB' } });
});

test.each([
  '/emissions/bylocation',
  '/emissions/forecasts/current?location=atlantis',
  '/emissions/forecasts/current?location=GB&windowSize=soon',
  '/emissions/forecasts/current?location=GB&dataStartAt=2022-06-02&dataEndAt=2022-06-01',
  '/emissions/average-carbon-intensity?location=GB&startTime=yesterday&endTime=2022-06-01',
])('%s is 400', async (path) => {
  const { status, json } = await get(path);
  expect(status).toBe(400);
  expect(json).toMatchObject({ status: 400, title: expect.any(String), detail: expect.any(String) });
});
