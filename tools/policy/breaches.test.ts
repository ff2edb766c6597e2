/** What each kind of constraint calls a breach, to the second: of a job that the plan moved, and of one that it left. */
import { describe, expect, it } from 'vitest';
import type { Constraint } from '../../domain/policy/policy.js';
import type { Instant } from '../../domain/time.js';
import { at, judge, type Planned, rule, run, site } from './fixtures/judging.js';

const SECOND = 1 / 3600;
const DAILY = { days: ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'], from: '16:00', to: '19:00' };

describe('what one job breaks', () => {
  const allow = ['eu-west-1', 'eu-north-1'];
  const later = (time: string) => [
    `starts them later than ${time} after they could start`,
    `leaves them starting later than ${time} after they could start`,
  ];
  const late = ['lets them end too late', 'leaves them ending too late'];
  const starting = ['starts them between 16:00 and 19:00', 'leaves them starting between 16:00 and 19:00'];
  const running = ['runs them between 16:00 and 19:00', 'leaves them running between 16:00 and 19:00'];
  const delay = (minutes: number | null) => ['max_deferral', { minutes }] as const;
  const sla = (minutes: number | null, over = {}) => ['sla_class', { maxDeferralMinutes: minutes, ...over }] as const;
  const by = (params: object) => ['deadline', params] as const;
  const own = by({ rule: 'finish_by_job_deadline' });
  const closed = (on: string | null, over: object = {}) => ['blackout', { on, ...DAILY, ...over }] as const;
  const starts = (hour: number): Planned => ({ pieces: [[hour, hour + 1]] });
  const ends = (hour: number): Planned => ({ pieces: [[0, hour]] });
  const due = (hour: number): Planned => ({ pieces: [[0, 2]], job: { deadline: at(hour) } });
  type Case = [string, readonly [Constraint['type'], object], Planned, readonly string[] | null];
  const cases: Case[] = [
    ['a place that is allowed', ['region_allow', { regions: allow }], { pieces: [[0, 1, 'eu-north-1']] }, null],
    [
      'a place that is not',
      ['region_allow', { regions: allow }],
      { pieces: [[0, 1, 'us-east-1']] },
      ['puts them outside eu-west-1 or eu-north-1', 'leaves them outside eu-west-1 or eu-north-1'],
    ],
    [
      'one piece of two elsewhere',
      ['residency', { regions: ['eu-west-1'] }],
      {
        pieces: [
          [0, 1],
          [1, 2, 'us-east-1'],
        ],
      },
      ['puts them outside eu-west-1', 'leaves them outside eu-west-1'],
    ],
    [
      'all at home',
      ['residency', { regions: ['eu-west-1'] }],
      {
        pieces: [
          [0, 1],
          [1, 2],
        ],
      },
      null,
    ],
    [
      'a place that is denied',
      ['region_deny', { regions: ['us-east-1'] }],
      {
        pieces: [
          [0, 1],
          [1, 2, 'us-east-1'],
        ],
      },
      ['puts them in us-east-1', 'leaves them in us-east-1'],
    ],
    ['another place', ['region_deny', { regions: ['us-east-1'] }], {}, null],
    ['no wait', delay(0), starts(0), null],
    ['any wait', delay(0), starts(SECOND), later('0 min')],
    ['the longest wait', delay(90), starts(1.5), null],
    ['a second more', delay(90), starts(1.5 + SECOND), later('90 min')],
    ['more than hours', delay(120), starts(3), later('2 h')],
    ['more than an hour', delay(60), starts(3), later('1 h')],
    ['more than 25 hours', delay(1500), starts(26), later('25 h')],
    ['more than a day', delay(1440), starts(26), later('1 d')],
    ['more than two days', delay(2880), starts(50), later('2 d')],
    [
      'the first of its pieces in time',
      delay(90),
      {
        pieces: [
          [5, 6],
          [1, 2],
          [7, 8],
        ],
      },
      null,
    ],
    ['a wait that nobody gave', delay(null), starts(400), null],
    ['a class that waits', sla(90), starts(1.5), null],
    ['a class that waits too long', sla(90), starts(2), later('90 min')],
    ['a class without a wait', sla(null), starts(400), null],
    ['the job’s own deadline, to the second', own, due(2), null],
    ['the job’s own deadline, a second before its end', own, due(2 - SECOND), late],
    ['a job without a deadline', own, ends(400), null],
    [
      'the last of its pieces',
      own,
      {
        pieces: [
          [0, 1],
          [4, 5],
          [2, 3],
        ],
        job: { deadline: at(4.5) },
      },
      late,
    ],
    ['a time of day, to the second', by({ finishBy: '06:00' }), ends(6), null],
    ['a time of day that has gone', by({ finishBy: '06:00' }), ends(6 + SECOND), late],
    [
      'a time of day that it cannot reach before tomorrow',
      by({ finishBy: '06:00' }),
      { pieces: [[0, 30]], job: { durationHours: 8 as never } },
      null,
    ],
    [
      'and tomorrow',
      by({ finishBy: '06:00' }),
      { pieces: [[0, 30 + SECOND]], job: { durationHours: 8 as never } },
      late,
    ],
    ['a time of day elsewhere', by({ finishBy: '06:00', tz: 'America/New_York' }), ends(10), null],
    ['a time of day elsewhere that has gone', by({ finishBy: '06:00', tz: 'America/New_York' }), ends(10.5), late],
    ['a time of day that nobody gave', by({ finishBy: null }), ends(400), null],
    ['a start as the hours close', closed('start'), starts(16), starting],
    ['a start before they open', closed('start'), starts(19 - SECOND), starting],
    ['a start before they close', closed('start'), starts(16 - SECOND), null],
    ['a start as they open', closed('start'), starts(19), null],
    [
      'a later piece that starts in them',
      closed('start'),
      {
        pieces: [
          [1, 2],
          [17, 18],
          [20, 21],
        ],
      },
      starting,
    ],
    ['a start in them a day later', closed('start'), starts(40), starting],
    ['a start in them on another day', closed('start', { days: ['mon'] }), starts(40), null],
    ['a run that ends as they begin', closed('run'), { pieces: [[10, 16]] }, null],
    [
      'a run into them',
      closed('run'),
      {
        pieces: [
          [1, 2],
          [15, 16 + SECOND],
          [20, 21],
        ],
      },
      running,
    ],
    ['a run out of them', closed('run'), { pieces: [[19 - SECOND, 20]] }, running],
    ['a run as they end', closed('run'), { pieces: [[19, 20]] }, null],
    ['closed hours elsewhere', closed('start', { tz: 'America/New_York' }), starts(20), starting],
    ['the same hours here', closed('start', { tz: 'America/New_York' }), starts(16), null],
    ['hours without days', closed('start', { days: null }), starts(17), null],
    ['hours without a begin', closed('start', { from: null }), starts(17), null],
    ['hours without an end', closed('run', { to: null }), starts(17), null],
    ['hours of which nobody said what they close', closed(null), starts(17), null],
    ['the last hours of a plan that ends after its window', closed('run'), starts(89), running],
    ['a least saving, which is no matter of one job', ['min_saving', { kg: 5 }], {}, null],
  ];
  const finishesAt = at(96);
  it.each(cases)('%s', async (_, [type, params], planned, words) => {
    for (const moved of [true, false]) {
      const { verdict, verdicts } = await judge([rule(type, params)], [run('a', { ...planned, moved })], {
        plan: { finishesAt },
      });
      const outcome = words === null ? 'allow' : moved ? 'deny' : 'needs-approval';
      expect([verdict, verdicts.length]).toEqual([outcome, 1]);
      expect(verdicts[0]).toMatchObject({
        verdict: outcome,
        jobs: words === null ? [] : ['a'],
        jobCount: words === null ? 0 : 1,
        why: words === null ? 'kept' : `1 job: the plan ${words[moved ? 0 : 1]}`,
      });
    }
  });

  const moving = async (type: Constraint['type'], params: object, planned: Planned, now?: Instant) => {
    const [touched, left] = [run('a', planned), run('b', { ...planned, moved: false })];
    const { verdicts } = await judge([rule(type, params)], [touched, left], now ? { now } : {});
    return [verdicts[0]!.jobs, verdicts[0]!.why];
  };
  it('is any move of what is not to be moved, and nothing else of it', async () => {
    const any = [['a'], '1 job: the plan moves them'];
    expect(await moving('exempt', {}, starts(5))).toEqual(any);
    expect(await moving(...sla(null, { movable: false }), starts(5))).toEqual(any);
    expect(await moving(...sla(60, { movable: false }), starts(5))).toEqual(any);
    for (const c of [rule('exempt', {}), rule(...sla(null, { movable: false }))])
      expect((await judge([c], [run('b', { ...starts(5), moved: false })])).verdict).toBe('allow');
  });

  it('is a move that is made in a freeze, or takes effect in one', async () => {
    const freeze = { from: '2026-06-02', to: '2026-06-03', inclusive: true };
    const within = [['a'], '1 job: the plan changes their placement within the freeze'];
    const kept = [[], 'kept'];
    for (const [toStart, now, found, over] of [
      [24, -1, within],
      [72 - SECOND, -1, within],
      [24 - SECOND, -1, kept],
      [72, -1, kept],
      [0, 24, within],
      [0, 72 - SECOND, within],
      [0, 24 - SECOND, kept],
      [0, 72, kept],
      [24, -1, kept, { tz: 'America/New_York' }],
      [28, -1, within, { tz: 'America/New_York' }],
      [48, -1, kept, { from: null }],
    ] as const)
      expect(await moving('change_freeze', { ...freeze, ...over }, { toStart }, at(now)), `${toStart} ${now}`).toEqual(
        found,
      );
  });

  it('is read by the clock of the set, else by that of the first site', async () => {
    const clocks = { timeZone: 'America/New_York' };
    const [place, freeze] = [closed('start'), { from: '2026-06-02', to: '2026-06-02', inclusive: true }];
    const found = async (c: Constraint, planned: Planned, over: object) =>
      (await judge([c], [run('a', planned)], over)).verdict;
    for (const over of [{ set: clocks }, { set: { timeZone: null }, sites: [site('eu-west-1', 'America/New_York')] }]) {
      expect(await found(rule(...place), starts(20), over)).toBe('deny');
      expect(await found(rule(...place), starts(17), over)).toBe('allow');
      expect(await found(rule(...by({ finishBy: '06:00' })), ends(10), over)).toBe('allow');
      expect(await found(rule('change_freeze', freeze), { toStart: 25 }, over)).toBe('allow');
      expect(await found(rule('change_freeze', freeze), { toStart: 50 }, over)).toBe('deny');
    }
  });

  it('is nothing on a day on which the sentence does not hold, by that clock', async () => {
    const until = (day: string) => rule('region_deny', { regions: ['us-east-1'], until: day });
    const from = (day: string) => rule('region_deny', { regions: ['us-east-1'], validFrom: day });
    const away: Planned = { pieces: [[0, 2, 'us-east-1']] };
    const over = { set: { timeZone: 'America/New_York' } };
    // At midnight of 1 June in UTC it is still May in New York.
    for (const [c, verdict, of] of [
      [until('2026-06-01'), 'deny', {}],
      [until('2026-05-31'), 'allow', {}],
      [until('2026-05-31'), 'deny', over],
      [from('2026-06-01'), 'deny', {}],
      [from('2026-06-01'), 'allow', over],
    ] as const)
      expect((await judge([c], [run('a', away)], of)).verdict).toBe(verdict);
  });
});
