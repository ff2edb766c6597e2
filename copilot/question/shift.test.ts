/** One job at another time: what it would mean there is worked out here from the grid's signal; nothing is moved. */
import { afterEach, describe, expect, it } from 'vitest';
import { meanOver } from '../../domain/series.js';
import { instant, plusHours, toEpoch } from '../../domain/time.js';
import { JobSeed } from '../../evals/scenario.js';
import { closeRooms, openRoom, plan } from '../fixtures/room.js';

afterEach(closeRooms);

/** Moved work starts at hour 9 of the window and runs 4 hours. */
const TRAIN = JobSeed.parse({
  id: 'train-7',
  team: 'ml',
  energyKwh: 40,
  emissionsKg: 12,
  savedKg: 3,
  durationHours: 4,
});
const BUILD = JobSeed.parse({ id: 'build-1', team: 'web', category: 'urgent', energyKwh: 8, emissionsKg: 2 });
const room = () => openRoom([plan('p1', { jobs: [TRAIN, BUILD], decided: 'approved' })]);
const START = plusHours(instant('2025-06-02T00:00:00Z'), 9);

type Room = Awaited<ReturnType<typeof room>>;
const kgAt = async ({ world }: Room, hours: number) => {
  const [region = ''] = await world.grid.regions();
  const span = { start: plusHours(START, -9), end: plusHours(START, 60) };
  const { series } = await world.grid.carbon(region, span, 'forecast');
  const from = toEpoch(START) + hours * 3600;
  return (40 * meanOver(series, from, from + 4 * 3600)!) / 1000;
};
const kg = (answer: Awaited<ReturnType<Room['ask']>>) =>
  answer.figures.filter((f) => f.unit === 'kg').map((f) => f.value);

describe('one job at another time', () => {
  it.each([
    ['delay train-7 by 6 hours', 6, '15:00'],
    ['please postpone train-7 by six hours', 6, '15:00'],
    ['shift train-7 3 h later', 3, '12:00'],
    ['what if train-7 ran 2 h earlier?', -2, '07:00'],
    ['could train-7 start 90 minutes later?', 1.5, '10:30'],
    ['move train-7 to 14:00', 5, '14:00'],
    ['put train-7 off until 20:00', 11, '20:00'],
  ])('%s', async (question, hours, start) => {
    const opened = await room();
    const answer = await opened.ask(question);
    expect(answer.lookups[0]).toBe('shift');
    expect(answer.answer).toContain(`start at Mon 2 Jun 2025 ${start} UTC`);
    const [there, planned] = [await kgAt(opened, hours), await kgAt(opened, 0)];
    expect(kg(answer)).toContainEqual(expect.closeTo(there, 6));
    expect(kg(answer)).toContainEqual(expect.closeTo(Math.abs(there - planned), 6));
    expect(answer.answer).toContain(
      there <= planned ? 'less than where it is planned' : 'more than where it is planned',
    );
    expect(answer.answer).not.toContain('left out');
    expect(answer.proposals.map((p) => p.tool)).toEqual(['make_plan']);
    expect(await opened.world.store.entries.size()).toBe(0);
  });

  it.each([
    ['run train-7 earlier', -9, 0],
    ['move train-7 to tonight', 9, 21],
    ['put train-7 off until tomorrow morning', 21, 27],
  ])('%s: the cleanest of the starts', async (question, first, last) => {
    const opened = await room();
    const answer = await opened.ask(question);
    const starts = Array.from({ length: (last - first) * 4 }, (_, i) => first + i / 4);
    const all = await Promise.all(starts.map((h) => kgAt(opened, h)));
    expect(kg(answer), answer.answer).toContainEqual(expect.closeTo(Math.min(...all), 6));
  });

  it('goes on with the job before', async () => {
    const opened = await room();
    await opened.ask('Why was train-7 moved?');
    expect((await opened.ask('delay it by 6 hours')).answer).toContain('start at Mon 2 Jun 2025 15:00 UTC');
    expect((await opened.ask('and 8 hours?')).answer).toContain('start at Mon 2 Jun 2025 17:00 UTC');
    expect((await opened.ask('and 2 h earlier?')).answer).toContain('start at Mon 2 Jun 2025 07:00 UTC');
    expect((await opened.ask('why?')).lookups[0]).toBe('why');
  });

  it('says where it may not run, and what it needs to know', async () => {
    const { ask } = await room();
    expect((await ask('delay train-7 by 60 hours')).answer).toMatch(/It may not: it would end .* after its deadline/);
    expect((await ask('move train-7 to yesterday')).answer).toContain('That is in the past');
    expect((await ask('delay train-7 by 6')).answer).toContain('By 6 what?');
    for (const [i, question] of ['delay it by 6 hours', 'delay all ml jobs by 2 hours'].entries()) {
      const { answered, answer } = await ask(question, `N${i}`);
      expect(answered).toBe(false);
      expect(answer).toContain('need its id');
    }
    expect((await ask('delay train-7 zorbex by 6 hours')).answer).toContain('“zorbex”');
  });

  it('leaves questions and orders about other things alone', async () => {
    const { ask } = await room();
    for (const [question, lookup] of [
      ['When does train-7 start?', 'query'],
      ['Why was train-7 moved?', 'why'],
      ['run the plan now', 'propose'],
      ['What runs tonight?', 'schedule'],
    ] as const)
      expect((await ask(question, question.replace(/\W/g, ''))).lookups[0], question).toBe(lookup);
  });
});
