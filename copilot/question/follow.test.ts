/** What follows from the turn before, behind several kinds of answers; yes or no about a limit. Values are added up by hand. */
import { afterEach, describe, expect, it } from 'vitest';
import { JobSeed } from '../../evals/scenario.js';
import { closeRooms, openRoom, plan } from '../fixtures/room.js';

afterEach(closeRooms);

const job = (id: string, team: string, category: string, energyKwh: number, emissionsKg: number, savedKg = 0) =>
  JobSeed.parse({ id, team, category, energyKwh, emissionsKg, savedKg });
const JOBS = [
  job('train-1', 'nlp', 'sustainable', 40, 12.5, 3),
  job('train-2', 'nlp', 'balanced', 20, 8, 1.5),
  job('infer-1', 'nlp', 'urgent', 9, 3.6),
  job('sim-1', 'vision', 'sustainable', 64, 16, 6),
  job('ci-1', 'vision', 'urgent', 5, 2),
  job('sim-2', 'fluids', 'sustainable', 30, 11, 0.5),
];
const room = () => openRoom([plan('p1', { jobs: JOBS, decided: 'approved' })]);
type Answer = Awaited<ReturnType<Awaited<ReturnType<typeof room>>['ask']>>;
const told = (answer: Answer, unit: string) => answer.figures.filter((f) => f.unit === unit).map((f) => f.value);

type Turn = readonly [question: string, unit: string, value: number | null, says?: string];
const TALKS: readonly (readonly Turn[])[] = [
  [
    ['emissions of nlp', 'kg', 24.1],
    ['and vision?', 'kg', 18],
    ['in grams?', 'kg', 18, '18 000 g'],
    ['why?', 'kg', 16, 'sim-1'],
    ['and yesterday?', 'kg', null, 'I know of no work'],
  ],
  [
    ['emissions of nlp', 'kg', 24.1],
    ['per kWh?', 'g/kWh', (24.1 / 69) * 1000],
    ['and fluids?', 'g/kWh', (11 / 30) * 1000],
  ],
  [
    ['cost of vision', 'USD', 2],
    ['per kWh?', 'USD/MWh', (2 / 69) * 1000],
    ['and nlp?', 'USD/MWh', (3 / 69) * 1000],
  ],
  [
    ['cost of nlp', 'USD', 3],
    ['by job', 'USD', 1, 'train-2'],
  ],
  [
    ['which team uses the most energy?', 'kWh', 69],
    ['and the least?', 'kWh', 30, 'team fluids'],
    ['in MWh?', 'kWh', 30, '0.0300 MWh'],
  ],
  [
    ['How many jobs were moved?', 'count', 4],
    ['and of nlp?', 'count', 2],
    ['which?', 'kWh', 40, 'train-2'],
  ],
  [
    ['energy of nlp', 'kWh', 69],
    ['in percent?', 'ratio', 69 / 168],
    ['and vision?', 'ratio', 69 / 168],
  ],
  [
    ['emissions of nlp', 'kg', 24.1],
    ['zorbex?', 'kg', null],
    ['and vision?', 'kg', 18],
  ],
  [
    ['Is vision over 10 kg?', 'kg', 18, 'Yes: asked was above 10.0 kg, and it is 8.00 kg above that.'],
    ['and fluids?', 'kg', 11, 'Yes: asked was above 10.0 kg, and it is 1.00 kg above that.'],
    ['in grams?', 'kg', 11, '10 000 g'],
  ],
];

describe('a turn and those before it', () => {
  it.each(TALKS.map((turns) => [turns.map(([question]) => question).join(' '), turns] as const))(
    '%s',
    async (_, turns) => {
      const { ask } = await room();
      for (const [question, unit, value, says] of turns) {
        const answer = await ask(question);
        if (value === null) {
          expect(answer.answered, answer.answer).toBe(false);
          expect(told(answer, unit)).toEqual([]);
        } else expect(told(answer, unit), answer.answer).toContainEqual(expect.closeTo(value, 6));
        if (says !== undefined) expect(answer.answer).toContain(says);
        if (value !== null) expect(answer.answer).not.toContain('left out');
      }
    },
  );
});

describe('yes or no about a limit', () => {
  it.each([
    ['is vision over 300 kg?', 'No', 18],
    ['is vision under 0.1 t?', 'Yes', 18],
    ['does vision emit more than 18 kg?', 'No', 18],
    ['does vision emit at least 18 kg?', 'Yes', 18],
    ['does vision emit at most 18 kg?', 'Yes', 18],
    ['will the plan emit more than 50 kg?', 'Yes', 53.1],
    ['is nlp over three hundred kg?', 'No', 24.1],
    ['is nlp above twenty-four kg?', 'Yes', 24.1],
  ])('%s', async (question, verdict, value) => {
    const { ask } = await room();
    const answer = await ask(question);
    expect(answer.answer).toMatch(new RegExp(`^${verdict}: `));
    expect(told(answer, 'kg')).toContainEqual(expect.closeTo(value, 6));
  });

  it('is not said of what is not one figure of jobs', async () => {
    const { ask } = await room();
    for (const [i, question] of [
      'is vision over 10 kg and 5 kWh?',
      'did vision really save over 3 kg?',
      'is the saving of nlp over 10 percent?',
    ].entries()) {
      const { answer, answered } = await ask(question, `N${i}`);
      if (answered && /^(?:Yes|No)/.test(answer)) expect.unreachable(answer);
      if (answered) expect(answer).toContain('left out');
    }
    const { answer } = await ask('are vision and nlp over 20 kg?', 'both');
    expect(answer).toMatch(/^Emissions of teams vision and nlp by team, above 20\.0 kg.*: team nlp/);
  });
});
