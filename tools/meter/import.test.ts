/** Readings of meters through the tool, with a real store. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Fault } from '../../domain/fault.js';
import { quietWorld } from '../../domain/fixtures/quiet-world.js';
import { meteredFleet } from '../../domain/metered.js';
import { Site } from '../../domain/site.js';
import type { Store } from '../../domain/store.js';
import { instant } from '../../domain/time.js';
import type { Ran, World } from '../../domain/world.js';
import { openStore } from '../../store/store.js';
import { type Call, callTool } from '../tool.js';
import { importMeter, listMeters, METER_ADAPTERS, showMeter } from './meter.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-meter-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const call: Call = {
  signal: new AbortController().signal,
  progress: () => {},
  actor: { id: 'ann', via: 'cli' },
  cause: null,
};
const now = () => instant('2026-03-01T00:00:00Z');
const site = Site.parse({
  ...{ id: 'hall', region: 'GB', currency: 'GBP', pue: 1.2 },
  tariff: { energy: { kind: 'flat', pricePerMwh: 100 } },
});

let store: Store;
let world: World;
beforeEach(async () => {
  store = await openStore(':memory:');
  const quiet = quietWorld(store, now);
  const ground = { store, clock: quiet.clock, present: now, daemon: async () => [], simulated: () => [] };
  const meter = await METER_ADAPTERS.none.open({ meter: 'none' }, ground);
  world = { ...quiet, meter, fleet: { ...quiet.fleet, sites: async () => [site] } };
});
afterEach(() => store.close());

type Asked = Parameters<typeof callTool<(typeof importMeter)['input'], (typeof importMeter)['output']>>[1];
const take = (text: string, more: object = {}) =>
  callTool(importMeter, { text, boundary: 'it', meterId: 'm', ...more } as Asked, world, call);
const faultOf = async (work: Promise<unknown>): Promise<Fault> =>
  work.then(
    () => expect.fail('it must be refused'),
    (error: Fault) => error,
  );
const show = (more: object = {}) => callTool(showMeter, { meterId: 'm', ...more }, world, call);
const csv = (header: string, ...rows: string[]) => `${[header, ...rows].join('\n')}\n`;

describe('a register', () => {
  it('gives its steps; a fall without a range is a gap, and nothing is invented', async () => {
    const text = csv(
      'time,total_kwh',
      '2026-01-01T00:00:00Z,100',
      '2026-01-01T01:00:00Z,103',
      '2026-01-01T02:00:00Z,1',
      '2026-01-01T03:00:00Z,5',
    );
    const answer = await take(text);
    expect(answer).toMatchObject({ accepted: 4, basis: 'counter', unit: 'kWh', rejectedCount: 0 });
    expect(answer.meters).toMatchObject([{ id: 'm', energyKwh: 7, gaps: 1, coverageRatio: 2 / 3 }]);
    const shown = await show();
    expect(shown).toMatchObject({ energyKwh: 7, gapCount: 1, gaps: [{ why: 'the counter fell' }] });
    expect((await take(text)).meters).toMatchObject([{ spans: 0, same: 3 }]);
    const ranged = await take(text, { rangeKwh: 110, replace: true });
    expect(ranged.meters).toMatchObject([{ energyKwh: 3 + 8 + 4, gaps: 0 }]);
    expect(await show({ from: '2026-01-01T00:30:00Z', to: '2026-01-01T01:30:00Z' })).toMatchObject({
      energyKwh: 1.5 + 4,
      coverageRatio: 1,
    });
  });

  it('that told nonsense once is passed over; another meter in its place is no wrap', async () => {
    const at = (n: number, value: number) => `2026-01-01T${String(n).padStart(2, '0')}:00:00Z,${value}`;
    const values = [90_000, 90_010, 90_020, 0, 0, 90_050, 999_999, 90_070, 99_999, 90_090, 3, 13];
    const text = csv('time,total_kwh', ...values.map((value, n) => at(n, value)));
    const plain = await take(text);
    expect(plain.meters).toMatchObject([{ energyKwh: 100, gaps: 1 }]);
    expect(plain.rejected.map(({ line }) => line)).toEqual([5, 6, 8, 10]);
    const ranged = await take(text, { meterId: 'r', rangeKwh: 100_000 });
    expect(ranged.meters).toMatchObject([{ energyKwh: 100, gaps: 1 }]);
    expect(ranged.rejected).toContainEqual(expect.objectContaining({ line: 8, field: 'value' }));
    const rolled = [99_970, 99_980, 99_990, 0, 10, 20].map((value, n) => at(n, value));
    expect((await take(csv('time,total_kwh', ...rolled), { meterId: 'w', rangeKwh: 100_000 })).meters).toMatchObject([
      { energyKwh: 50, gaps: 0 },
    ]);
  });

  it('is read over months: a register that was read twice in a quarter covers all of it', async () => {
    await take(csv('time,counter Wh', '2025-10-01T00:00:00Z,0', '2026-01-01T00:00:00Z,92000'));
    expect(await show({ from: '2025-11-01T00:00:00Z', to: '2025-12-01T00:00:00Z' })).toMatchObject({
      energyKwh: expect.closeTo(30, 9),
      coverageRatio: 1,
    });
  });
});

describe('a register in several files', () => {
  const file = (...rows: string[]) => csv('time,total_kwh', ...rows);
  const [one, two, three] = [
    file('2026-01-01T00:00Z,100', '2026-01-01T01:00Z,103'),
    file('2026-01-01T02:00Z,108', '2026-01-01T03:00Z,112'),
    file('2026-01-01T04:00Z,113', '2026-01-01T05:00Z,120'),
  ];

  it.each([
    ['in order', [one, two, three]],
    ['backwards', [three, two, one]],
    ['the middle one last', [one, three, two]],
    ['one of them twice', [two, one, two, three]],
  ])('knows the steps between them: %s', async (_, files) => {
    for (const text of files) expect((await take(text)).rejectedCount).toBe(0);
    expect(await show()).toMatchObject({ energyKwh: 20, coverageRatio: 1, gapCount: 0 });
  });

  it('is asked for nothing over a stretch that another file may still fill', async () => {
    await take(one);
    await take(file('2026-01-02T00:00Z,300', '2026-01-02T01:00Z,301'));
    expect(await show()).toMatchObject({ energyKwh: 4, gaps: [{ why: 'nothing is kept' }] });
  });

  it('that was replaced between two files is a gap there', async () => {
    await take(one);
    await take(file('2026-01-01T02:00Z,1', '2026-01-01T03:00Z,2'));
    expect(await show()).toMatchObject({ energyKwh: 4, gaps: [{ why: 'the counter fell' }] });
  });
});

describe('energy of intervals', () => {
  const rows = ['2026-01-01T00:00Z,1', '2026-01-01T00:30Z,2', '2026-01-01T01:30Z,', '2026-01-01T02:00Z,4'];

  it('has gaps where rows are missing or empty', async () => {
    const answer = await take(csv('interval_start,consumption_kwh', ...rows));
    expect(answer.meters).toMatchObject([{ energyKwh: 7, gaps: 2, coverageRatio: 0.6 }]);
    expect((await show()).gaps.map(({ why }) => why)).toEqual(['no rows', 'no value']);
    expect(await show({ from: '2025-12-31T12:00:00Z', to: '2026-03-01T00:00:00Z', by: 'month' })).toMatchObject({
      rowCount: 3,
      rows: [
        { start: '2025-12-31T12:00:00Z', energyKwh: null },
        { start: '2026-01-01T00:00:00Z', energyKwh: 7 },
        { start: '2026-02-01T00:00:00Z', energyKwh: null },
      ],
    });
    // What was missing comes later, and fills the gap.
    await take(csv('interval_start,consumption_kwh', '2026-01-01T01:00Z,3', '2026-01-01T01:30Z,5'));
    expect(await show()).toMatchObject({ energyKwh: 15, coverageRatio: 1, gapCount: 0 });
    const other = await take(csv('interval_start,consumption_kwh', '2026-01-01T01:00Z,9'));
    expect(other).toMatchObject({ rejectedCount: 1, rejected: [{ message: expect.stringContaining('kept already') }] });
  });

  it('may be stamped at its end, in a zone where an hour happens twice and one never', async () => {
    const autumn = ['00:00', '00:30', '01:00', '01:30', '01:00', '01:30', '02:00'].map((t) => `26/10/2025 ${t},1`);
    const answer = await take(csv('interval end,used kWh', ...autumn), { zone: 'Europe/London' });
    expect(answer.meters).toMatchObject([
      { energyKwh: 7, gaps: 0, from: '2025-10-25T22:30:00Z', to: '2025-10-26T02:00:00Z' },
    ]);
    const spring = await take(csv('start,used kWh', '2026-03-29 00:30,1', '2026-03-29 01:30,1', '2026-03-29 02:00,1'), {
      ...{ zone: 'Europe/London', meterId: 's' },
    });
    expect(spring.rejected).toMatchObject([{ line: 3 }]);
    expect(spring.meters).toMatchObject([{ energyKwh: 2, gaps: 0 }]);
  });

  it('is read from the sheet of a supplier: a row a day, a column a half-hour', async () => {
    const clocks = Array.from({ length: 48 }, (_, i) => {
      const minutes = (i + 1) * 30;
      return `${String(Math.floor(minutes / 60) % 24).padStart(2, '0')}:${minutes % 60 === 0 ? '00' : '30'}`;
    });
    const day = (date: string, value: string) => `1200012345678,${date},${clocks.map(() => value).join(',')}`;
    const answer = await take(csv(`MPAN,Date,${clocks.join(',')}`, day('01/06/2025', '0.5'), day('02/06/2025', '1')), {
      ...{ zone: 'UTC', unit: 'kWh', dates: 'day-first', meterId: undefined },
    });
    expect(answer.meters).toMatchObject([
      { id: '1200012345678', energyKwh: 72, from: '2025-06-01T00:00:00Z', to: '2025-06-03T00:00:00Z', gaps: 0 },
    ]);
  });
});

describe('power', () => {
  describe('from a supplier, on the days when clocks change', () => {
    const clocks = Array.from({ length: 49 }, (_, i) =>
      [i >> 1, (i % 2) * 30].map((n) => String(n).padStart(2, '0')).join(':'),
    );
    const cells = (n: number) => [...Array<string>(n).fill('1'), ...Array<string>(50 - n).fill('')];
    const london = { zone: 'Europe/London', dates: 'day-first', unit: 'kWh' };
    const forward = (gone: string) => ['1', '1', gone, gone, ...Array<string>(44).fill('1')].join(',');

    it.each([
      ['00:00', clocks.slice(0, 48)],
      ['00:30', [...clocks.slice(1, 48), '00:00']],
      ['00:00-00:30', clocks.slice(0, 48).map((text, i) => `${text}-${clocks[i + 1]}`)],
      ['00:00 kWh', clocks.slice(0, 48).map((text) => `${text} kWh`)],
    ])(
      'by columns of the clock, the first %s: spring is whole, the hour that came twice a gap that is told',
      async (_, columns) => {
        for (const gone of ['', '0']) {
          const rows = [`26/03/2022,${cells(48).slice(0, 48).join(',')}`, `27/03/2022,${forward(gone)}`];
          const spring = await take(csv(`Date,${columns.join(',')}`, ...rows), { ...london, replace: true });
          expect(spring).toMatchObject({ rejectedCount: 0, accepted: 94, basis: 'interval' });
          expect(spring.meters).toMatchObject([
            { energyKwh: 94, gaps: 0, from: '2022-03-26T00:00:00Z', to: '2022-03-27T23:00:00Z' },
          ]);
        }
        const autumn = await take(csv(`Date,${columns.join(',')}`, `30/10/2022,${cells(48).slice(0, 48).join(',')}`), {
          ...london,
          meterId: 'a',
        });
        expect(autumn.meters).toMatchObject([{ energyKwh: 48, gaps: 1, to: '2022-10-31T00:00:00Z' }]);
        expect(autumn.assumed.join()).toContain('2022-10-30');
      },
    );

    it('by columns HH1 to HH50: 46, 48 and 50 half-hours, and nothing is missing', async () => {
      const header = `MPAN,Date,${cells(50)
        .map((_, i) => `HH${i + 1}`)
        .join(',')}`;
      const of = async (...days: [string, number][]) =>
        (
          await take(csv(header, ...days.map(([day, n]) => `1,${day},${cells(n).join(',')}`)), {
            ...london,
            replace: true,
          })
        ).meters;
      expect(await of(['26/03/2022', 48], ['27/03/2022', 46], ['28/03/2022', 48])).toMatchObject([
        { energyKwh: 142, gaps: 0, coverageRatio: 1, to: '2022-03-28T23:00:00Z' },
      ]);
      expect(await of(['29/10/2022', 48], ['30/10/2022', 50])).toMatchObject([
        { energyKwh: 98, gaps: 0, coverageRatio: 1, to: '2022-10-31T00:00:00Z' },
      ]);
    });

    it('in long rows: the newest first, or stamped with the time at which clocks go forward', async () => {
      const night = ['00:30', '01:00', '01:30', '01:00', '01:30', '02:00'].map((time, n) => `2022-10-30 ${time},${n}`);
      const back = await take(csv('time,used_kwh', ...night.reverse()), london);
      expect(back).toMatchObject({ rejectedCount: 0 });
      expect(back.meters).toMatchObject([{ energyKwh: 15, gaps: 0, coverageRatio: 1 }]);
      const ends = ['00:30', '01:00', '02:30'].map((time) => `2022-03-27 ${time},1`);
      expect(await take(csv('interval_end,used_kwh', ...ends), { ...london, meterId: 'e' })).toMatchObject({
        rejectedCount: 0,
        meters: [{ energyKwh: 3, gaps: 0 }],
      });
    });
  });

  it('whose times are called timestamp_utc or interval_start_utc need no zone', async () => {
    for (const head of ['timestamp_utc', 'interval_start_utc', 'Reading Time (GMT)'])
      expect(await take(csv(`${head},used_kwh`, '2022-01-01 00:00,1', '2022-01-01 00:30,2'))).toMatchObject({
        accepted: 2,
      });
  });

  it('at moments is integrated, not across a hole; a mean holds for its row', async () => {
    const rows = ['0:00,1000', '0:01,2000', '0:02,2000', '0:10,2000', '0:11,0'].map((r) => `2026-01-01 ${r}`);
    const answer = await take(csv('time_utc,power_w', ...rows));
    expect(answer.meters).toMatchObject([{ energyKwh: (1.5 + 2 + 1) / 60, gaps: 1, coverageRatio: 3 / 11 }]);
    expect(answer.assumed.join()).toContain('--as average');
    const mean = await take(csv('start,avg power kW', '2026-01-01T00:00Z,2', '2026-01-01T00:15Z,4'), { meterId: 'a' });
    expect(mean.meters).toMatchObject([{ energyKwh: 1.5, gaps: 0 }]);
  });
});

describe('what a file does not say is asked for', () => {
  it.each([
    ['the zone', 'time,total kWh', '2026-01-01 00:00', {}, '--zone'],
    ['the unit', 'time,value', '2026-01-01T00:00Z', {}, '--unit'],
    ['which number is the day', 'time,total kWh', '01/02/2026 00:00', { zone: 'UTC' }, '--dates'],
    ['whether it counts up', 'time,energy kWh', '2026-01-01T00:00Z', {}, '--as counter'],
    ['what it covers', 'time,total kWh', '2026-01-01T00:00Z', { boundary: undefined }, '--boundary'],
    ['a unit that is none', 'time,value', '2026-01-01T00:00Z', { unit: 'kVA' }, 'known are'],
    ['a basis of another quantity', 'time,total kWh', '2026-01-01T00:00Z', { as: 'power' }, '--as'],
    ['the site', 'time,total kWh', '2026-01-01T00:00Z', { site: 'nowhere' }, 'Known are hall'],
  ])('%s', async (_, header, time, more, remedy) => {
    const fault = await faultOf(take(csv(header, `${time},1`, `${time},1`), more));
    expect(fault.remedy).toContain(remedy);
  });

  it('which column', async () => {
    const fault = await faultOf(take(csv('time,a kWh,b kWh', '2026-01-01T00:00Z,1,2')));
    expect(fault.remedy).toContain('--column "a kWh"');
  });

  it('and a broken row is named by its line, while the others are taken', async () => {
    const answer = await take(
      csv(
        'time,total kWh',
        '2026-01-01T00:00Z,1',
        'soon,2',
        '2026-01-01T01:00Z,many',
        '2026-01-01T02:00Z,-4',
        '2026-01-01T03:00Z,6',
      ),
    );
    expect(answer.rejected.map(({ line }) => line)).toEqual([3, 4, 5]);
    expect(answer.meters).toMatchObject([{ energyKwh: 5 }]);
  });

  it('and what no meter can have told is refused: 8000 years, 1e300 kWh', async () => {
    const far = csv('time,total kWh', '2026-01-01T00:00Z,1', '9998-01-01T00:00Z,2');
    expect((await faultOf(take(far))).message).toContain('9998');
    const huge = await take(
      csv('time,total kWh', '2026-01-01T00:00Z,1', '2026-01-01T01:00Z,1e300', '2026-01-01T02:00Z,3'),
    );
    expect(huge.rejected).toMatchObject([{ line: 3 }]);
    expect(huge.meters).toMatchObject([{ energyKwh: 2 }]);
    expect(await show({ from: '0001-01-01T00:00:00Z', to: '9998-01-01T00:00:00Z', by: 'day' })).toMatchObject({
      energyKwh: 2,
      gapCount: 2,
    });
  });

  it('numbers may have a decimal comma, or blanks and commas between thousands', async () => {
    const comma = await take(csv('time;total kWh', '2026-01-01T00:00Z;1.000,5', '2026-01-01T01:00Z;1.002,0'));
    expect(comma.meters[0]!.energyKwh).toBeCloseTo(1.5, 9);
    const point = await take(csv('time,total kWh', '2026-01-01T00:00Z,"1,000.5"', '2026-01-01T01:00Z,"1 002.0"'), {
      meterId: 'n',
    });
    expect(point.meters[0]!.energyKwh).toBeCloseTo(1.5, 9);
  });
});

describe('who may', () => {
  it('read a file: the command line alone', async () => {
    const path = join(folder, 'pdu.csv');
    writeFileSync(
      path,
      csv(
        'time,outlet,total kWh',
        '2026-01-01T00:00Z,A,1',
        '2026-01-01T00:00Z,B,1',
        '2026-01-01T01:00Z,A,3',
        '2026-01-01T01:00Z,B,4',
      ),
    );
    const person = { ...call, actor: { id: 'ann', via: 'http' as const } };
    const asked = { path, boundary: 'it' as const, site: 'hall' };
    await expect(callTool(importMeter, asked, world, person)).rejects.toMatchObject({ code: 'forbidden' });
    const answer = await callTool(importMeter, asked, world, call);
    expect(answer.meters.map(({ id, energyKwh }) => [id, energyKwh])).toEqual([
      ['A', 2],
      ['B', 3],
    ]);
    const listed = await callTool(listMeters, {}, world, call);
    expect(listed.meters).toMatchObject([
      { id: 'A', subject: { kind: 'site', id: 'hall' }, source: 'file pdu.csv' },
      { id: 'B' },
    ]);
    await expect(
      callTool(importMeter, { ...asked, path: join(folder, 'none.csv') }, world, call),
    ).rejects.toMatchObject({ code: 'not-found' });
  });
});

describe('what ran', () => {
  const piece: Ran = {
    ...{ jobId: 'j', region: 'GB', start: instant('2026-01-01T00:00:00Z'), end: instant('2026-01-01T02:00:00Z') },
    ...{ energyKwh: 99, source: 'modelled' },
  };
  const ranOf = async (wallRatio?: number) => {
    const ran = async function* () {
      yield [piece, { ...piece, jobId: 'other' }];
    };
    const pages = meteredFleet({ ...world.fleet, ran }, world.meter, wallRatio).ran('order');
    const rows: Ran[] = [];
    for await (const page of pages) rows.push(...page);
    return rows.map(({ jobId, energyKwh, source }) => [jobId, energyKwh, source]);
  };
  const other = ['other', 99, 'modelled'];

  it('has the energy that a meter of its job measured, at the facility', async () => {
    await take(csv('time,total kWh', '2026-01-01T00:00Z,0', '2026-01-01T02:00Z,10'), { boundary: 'server', job: 'j' });
    expect(await ranOf()).toEqual([['j', 12, 'measured'], other]);
  });

  it('keeps its model where the meter has a gap, or sees a part of a machine', async () => {
    const rows = ['2026-01-01T00:00Z,4', '2026-01-01T01:00Z,', '2026-01-01T02:00Z,0'];
    await take(csv('start,used kWh', ...rows), { boundary: 'server', job: 'j' });
    expect(await ranOf()).toEqual([['j', 99, 'modelled'], other]);
    await take(csv('start,used kWh', '2026-01-01T00:00Z,4', '2026-01-01T01:00Z,6'), {
      ...{ boundary: 'components', job: 'j', meterId: 'rapl' },
    });
    expect(await ranOf()).toEqual([['j', 99, 'modelled'], other]);
    // Somebody has said how much the machine draws beyond what its counters see.
    expect(await ranOf(1.5)).toEqual([['j', 18, 'measured'], other]);
  });
});
