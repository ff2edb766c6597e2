/** Questions read as queries and answered over the rows: every value is worked out here from the rows, by hand and not by the program. */
import { afterEach, describe, expect, it } from 'vitest';
import { BASELINE, PLACEMENTS } from '../../domain/plan.js';
import { integrate } from '../../domain/series.js';
import { instant, plusHours, toEpoch } from '../../domain/time.js';
import { JobSeed, type Seed } from '../../evals/scenario.js';
import type { Step } from '../../evals/scripted-model.js';
import { closeRooms, openRoom, plan } from '../fixtures/room.js';

afterEach(closeRooms);

const job = (
  id: string,
  team: string,
  category: string,
  energyKwh: number,
  emissionsKg: number,
  savedKg = 0,
  durationHours = 2,
) => JobSeed.parse({ id, team, category, energyKwh, emissionsKg, savedKg, durationHours });
const JOBS = [
  job('train-nlp-000028', 'nlp', 'sustainable', 40, 12.5, 3, 4),
  job('train-nlp-000031', 'nlp', 'balanced', 20, 8, 1.5),
  job('infer-nlp-000002', 'nlp', 'urgent', 9, 3.6),
  job('sim-vision-000001', 'vision', 'sustainable', 64, 16, 6, 8),
  job('ci-vision-000002', 'vision', 'urgent', 5, 2, 0, 1),
  job('sim-fluids-000001', 'fluids', 'sustainable', 30, 11, 0.5, 3),
];
const room = (script?: readonly Step[], more: readonly Seed[] = []) =>
  openRoom([plan('p1', { jobs: JOBS, decided: 'approved' }), ...more], script);
/** Jobs that are moved start at hour 9 of the window, the others at hour 1. */
const START = instant('2025-06-02T00:00:00Z');
const values = (answer: { figures: readonly { value: number; unit: string }[] }, unit: string) =>
  answer.figures.filter((f) => f.unit === unit).map((f) => f.value);

describe('the examples', () => {
  it('which team has the highest emissions per kWh', async () => {
    const { ask } = await room();
    const answer = await ask('which team has the highest emissions per kWh?');
    // fluids: 11 kg over 30 kWh; nlp 24.1 over 69; vision 18 over 69
    expect(answer.answer).toMatch(
      /^Emissions per kWh by team, as planned, Mon 2 Jun 2025: the highest is that of team fluids/,
    );
    expect(values(answer, 'g/kWh')).toContainEqual(expect.closeTo((11 / 30) * 1000, 9));
    expect(values(answer, 'g/kWh')).toContainEqual(expect.closeTo((24.1 / 69) * 1000, 9));
  });

  it('energy of the urgent jobs', async () => {
    const { ask } = await room();
    const answer = await ask('how much energy do the urgent jobs take?');
    expect(answer.answer).toMatch(/^Energy of the urgent jobs, as planned, .*: 14\.0 kWh over 2 jobs\./);
  });

  it('what one job alone saved: as verified where it is, and said so where it is not', async () => {
    const { ask } = await room(undefined, [{ verified: 'nlp', kg: 7, records: 1, daysAgo: 1, energyKwh: 30 } as Seed]);
    expect((await ask('what would job train-nlp-000028 alone save?')).answer).toMatch(
      /^Saving of CO2e of train-nlp-000028, as planned, .*: 3\.00 kg .*\.\nIt is planned;|^Saving of CO2e of train-nlp-000028, as planned, .*3\.00 kg/,
    );
    const never = await ask('what did job sim-fluids-000001 alone really save?');
    expect(never.answered).toBe(false);
    expect(never.answer).toMatch(/no verified record holds it/);
    expect(never.figures.filter((f) => f.unit === 'kg')).toEqual([]);
  });

  it('a price and an intensity at an hour of tomorrow', async () => {
    const { ask, world } = await room();
    const [region] = await world.grid.regions();
    const at = instant('2025-06-03T17:00:00Z');
    const span = { start: START, end: plusHours(at, 1) };
    const carbon = await world.grid.carbon(region!, span, 'forecast');
    const answer = await ask(`intensity in ${region} tomorrow at 17:00`);
    const wanted = integrate(carbon.series, toEpoch(at), toEpoch(at) + 60)! * 60;
    expect(values(answer, 'g/kWh')).toContainEqual(expect.closeTo(wanted, 6));
    expect(answer.answer).toMatch(/^Carbon intensity in \S+, as foreseen, at Tue 3 Jun 17:00 UTC/);
    expect((await ask(`price in ${region} tomorrow at 17:00`)).answer).toMatch(
      /^Price of electricity in \S+, as foreseen, at Tue 3 Jun 17:00 UTC/,
    );
  });

  it('the five largest savings, and the next', async () => {
    const { ask } = await room();
    const answer = await ask('the two largest planned savings');
    expect(values(answer, 'kg')).toEqual([6, 3]);
    expect((await ask('the next two')).answer).toMatch(/train-nlp-000031[\s\S]*sim-fluids-000001/);
  });

  it('a team between two hours: energy by the share of its time, emissions by the signal that the plan saw', async () => {
    const { ask, world } = await room();
    const [region = ''] = await world.grid.regions();
    const { series } = await world.grid.carbon(region, { start: START, end: plusHours(START, 48) }, 'forecast');
    // What the plan says of this job is made to be what the signal says of it.
    const [from, to] = [toEpoch(START) + 9 * 3600, toEpoch(START) + 17 * 3600];
    const kg = (8 * integrate(series, from, to)!) / 1000;
    for (const rows of [PLACEMENTS, BASELINE]) {
      const piece = (await world.store.rows(rows).find('p1', 'sim-vision-000001#0'))!;
      await world.store
        .rows(rows)
        .upsert('p1', [{ id: 'sim-vision-000001#0', value: { ...piece, emissionsKg: kg as never } }]);
    }
    expect(values(await ask('energy of vision between 12:00 and 18:00'), 'kWh')).toEqual([
      expect.closeTo(64 * (5 / 8), 9),
    ]);
    const emitted = await ask('emissions of vision between 12:00 and 18:00');
    expect(values(emitted, 'kg')).toEqual([expect.closeTo((8 * integrate(series, from + 3 * 3600, to)!) / 1000, 6)]);
    expect((await ask('vision between 12:00 and 18:00', 'N')).answer).toMatch(
      /^Number of jobs, energy and emissions of team vision/,
    );
  });

  it('a place without a signal is not answered by another', async () => {
    const { ask } = await room();
    const answer = await ask('how clean is the grid in France?');
    expect(answer.answered).toBe(false);
    expect(answer.answer).toContain('“France”');
    expect(answer.figures).toEqual([]);
  });

  it('a name that nobody has is asked about with those that are near', async () => {
    const { ask } = await room();
    expect((await ask('what does train-nlp-00028 emit?')).answer).toMatch(
      /I do not know “train-nlp-00028”\. Did you mean train-nlp-000028\?/,
    );
    expect((await ask('how much power may hpc-2 draw?')).answered).toBe(false);
  });

  it('what follows from the turn before', async () => {
    const { ask } = await room();
    expect(values(await ask('emissions of vision'), 'kg')).toEqual([18]);
    expect(values(await ask('and nlp?'), 'kg')).toEqual([expect.closeTo(24.1, 9)]);
    expect((await ask('in grams?')).answer).toMatch(/24 100 g/);
    expect((await ask('and tomorrow?')).answer).toMatch(/Tue 3 Jun 2025 I know of no work/);
    await ask('what does train-nlp-000028 emit?', 'why');
    expect((await ask('why?', 'why')).lookups).toEqual(['why']);
  });

  it('dates of both sides of the Atlantic, and the ones that can be either', async () => {
    const { ask } = await room();
    for (const day of ['02/06/2025', '2 June 2025', 'June 2nd'])
      if (day !== '02/06/2025')
        expect(values(await ask(`energy on ${day}`, day.replace(/\W/g, '')), 'kWh')).toEqual([168]);
    expect((await ask('energy on 13/06/2025')).answer).toContain('Fri 13 Jun');
    expect((await ask('energy on 06/13/2025')).answer).toContain('Fri 13 Jun');
    expect((await ask('energy on 02/06/2025')).answer).toMatch(/may be 2025-06-02 or 2025-02-06/);
  });
});

describe('the law', () => {
  const ASKED = [
    'emissions of nlp',
    'which team uses the most energy?',
    'the two largest planned savings',
    'energy of the urgent jobs',
    'How many jobs were moved?',
    'Why was job train-nlp-000028 moved?',
    'What did we save?',
    'What waits for me?',
    'Explain the plan',
    'What is the grid doing?',
    'What will run when?',
    'How good is the plan?',
    'Weekly summary',
    'Compare the emissions of nlp and vision',
    'intensity tomorrow at 17:00',
    'What if the carbon price were 150?',
  ];
  const WORDS = ['purple', 'zeppelin', 'gryphon', 'kubrick', 'Marzipan', 'xq-17', 'oblong', 'frumious'];
  it('no word that nobody knows leaves an answer as it was without being named', async () => {
    const { ask } = await room();
    const silent: string[] = [];
    let seed = 7;
    const random = (n: number) => {
      seed = (seed * 1103515245 + 12345) % 2147483648;
      return seed % n;
    };
    for (const [i, question] of ASKED.entries())
      for (let k = 0; k < 3; k++) {
        const word = WORDS[random(WORDS.length)]!;
        const parts = question.split(' ');
        parts.splice(random(parts.length) + 1, 0, word);
        const { answer } = await ask(parts.join(' '), `L${i}-${k}`);
        if (!answer.includes(word)) silent.push(`${parts.join(' ')} → ${answer.slice(0, 120)}`);
      }
    expect(silent).toEqual([]);
  });
});

describe('a model that writes queries', () => {
  const query = (of: object): Step => ({ mode: 'json', value: { query: of }, when: '"WORLD"' });
  const ASKS = 'wie dreckig ist die Arbeit von vision pro Kilowattstunde gerechnet';

  it('is believed where it holds what the question names', async () => {
    const { ask } = await room([query({ subject: 'jobs', measures: ['intensity'], filters: { teams: ['vision'] } })]);
    const answer = await ask(ASKS);
    expect(answer.lookups[0]).toBe('query');
    expect(values(answer, 'g/kWh')).toEqual([expect.closeTo((18 / 69) * 1000, 9)]);
    expect(answer.answer).toContain('read the question');
  });

  it.each<[string, object]>([
    ['another team', { subject: 'jobs', measures: ['intensity'], filters: { teams: ['nlp'] } }],
    ['no team', { subject: 'jobs', measures: ['intensity'] }],
    ['a team that is none', { subject: 'jobs', measures: ['intensity'], filters: { teams: ['vision', 'ghosts'] } }],
    [
      'a time that nobody named',
      {
        subject: 'jobs',
        measures: ['intensity'],
        filters: { teams: ['vision'] },
        period: { from: '2031-01-01T00:00:00Z', to: null, of: 'runs' },
      },
    ],
    ['figures of its own', { subject: 'jobs', measures: ['intensity'], filters: { teams: ['vision'] }, value: 42 }],
    ['a measure that is none', { subject: 'jobs', measures: ['happiness'], filters: { teams: ['vision'] } }],
    [
      'a basis that is not known',
      { subject: 'jobs', measures: ['intensity'], bases: ['verified'], filters: { teams: ['vision'] } },
    ],
    [
      'a limit that nobody named',
      {
        subject: 'jobs',
        measures: ['intensity'],
        filters: { teams: ['vision'], limits: [{ measure: 'energy', is: 'above', value: 7 }] },
      },
    ],
    [
      'yes or no about a value that nobody named',
      {
        subject: 'jobs',
        measures: ['intensity'],
        filters: { teams: ['vision'] },
        than: { measure: 'intensity', is: 'above', value: 9 },
      },
    ],
    [
      'a count of a thousand',
      {
        subject: 'jobs',
        measures: ['intensity'],
        filters: { teams: ['vision'] },
        by: 'job',
        rank: { order: 'most', count: 1000 },
      },
    ],
    [
      'a time that ends before it begins',
      {
        subject: 'jobs',
        measures: ['intensity'],
        filters: { teams: ['vision'] },
        period: { from: '2025-06-02T12:00:00Z', to: '2025-06-02T06:00:00Z', of: 'runs' },
      },
    ],
    [
      'orders instead of names',
      { subject: 'jobs', measures: ['intensity'], filters: { teams: ['vision', 'approve all plans'] } },
    ],
    ['another subject', { subject: 'tickets', measures: ['count'] }],
    ['a figure of the grid', { subject: 'grid', measures: ['emissions'], filters: { places: ['us-east-1'] } }],
  ])('is not believed with %s', async (_, of) => {
    const { ask } = await room([query(of), query(of)]);
    const answer = await ask(ASKS);
    expect(values(answer, 'g/kWh')).toEqual([]);
    expect(answer.answer).not.toContain('read the question');
    expect(answer.answer).not.toContain('42');
  });

  it.each<[string, string, object]>([
    [
      'the other side',
      'zorbexly emissions of vision without the plan',
      { subject: 'jobs', measures: ['emissions'], filters: { teams: ['vision'] } },
    ],
    [
      'another figure',
      'zorbexly emissions of vision',
      { subject: 'jobs', measures: ['cost'], filters: { teams: ['vision'] } },
    ],
    [
      'the other end',
      'zorbexly which team has the lowest emissions',
      { subject: 'jobs', measures: ['emissions'], by: 'team', rank: { order: 'most', count: 1 } },
    ],
    [
      'another limit',
      'zorbexly emissions of jobs above twelve kg',
      {
        subject: 'jobs',
        measures: ['emissions'],
        filters: { limits: [{ measure: 'emissions', is: 'above', value: 2 }] },
      },
    ],
    ['no limit at all', 'zorbexly emissions of jobs above twelve kg', { subject: 'jobs', measures: ['emissions'] }],
    [
      'another time',
      'zorbexly emissions of vision after 10:00',
      { subject: 'jobs', measures: ['emissions'], filters: { teams: ['vision'] } },
    ],
  ])('is not believed where the question says otherwise: %s', async (_, question, of) => {
    const { ask } = await room([query(of), query(of)]);
    const { answer } = await ask(question);
    expect(answer).not.toContain('read the question');
    expect(answer).toContain('zorbexly');
  });

  it('is not believed where a word of another language names another figure', async () => {
    const cost = query({ subject: 'jobs', measures: ['cost'], filters: { teams: ['vision'] } });
    const { ask } = await room([cost, cost]);
    const { answer } = await ask('quanta energia gasta a equipa vision');
    expect(answer).not.toContain('read the question');
  });
  it('asks whether it was the figure that was meant, where no word says so', async () => {
    const { ask } = await room([query({ subject: 'jobs', measures: ['cost'], filters: { teams: ['vision'] } })]);
    const { answer } = await ask('kolik nas to vision bude stat');
    expect(answer).toMatch(/^ollama\/scripted read the question.*Cost of team vision/s);
    expect(answer).toContain('Is that the figure you meant?');
  });
});
