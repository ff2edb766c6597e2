/** Questions of operators that went wrong at first sight: hours said in words, a part of the time, an order that is asked for, units written out. */
import { afterEach, describe, expect, it } from 'vitest';
import { valueAt } from '../../domain/series.js';
import { instant, plusHours } from '../../domain/time.js';
import { JobSeed } from '../../evals/scenario.js';
import { closeRooms, openRoom, plan } from '../fixtures/room.js';

afterEach(closeRooms);

const job = (
  id: string,
  team: string,
  energyKwh: number,
  emissionsKg: number,
  savedKg: number,
  durationHours: number,
) => JobSeed.parse({ id, team, category: 'sustainable', energyKwh, emissionsKg, savedKg, durationHours });
/** Moved jobs start at 09:00, the others at 01:00. */
const JOBS = [
  job('train-nlp-1', 'nlp', 40, 12, 3, 4),
  job('sim-vision-1', 'vision', 60, 16, 6, 8),
  job('ci-fluids-1', 'fluids', 20, 8, 1, 2),
  job('ci-climate-1', 'climate', 30, 9, 0, 1),
];
const room = () => openRoom([plan('p1', { jobs: JOBS, decided: 'approved' })]);
const START = instant('2025-06-02T00:00:00Z');
type Answer = { figures: readonly { value: number; unit: string }[] };
const values = (answer: Answer, unit: string) => answer.figures.filter((f) => f.unit === unit).map((f) => f.value);

describe('an hour that is said in words', () => {
  it.each([
    ['3 in the morning', 3],
    ['3 in the afternoon', 15],
    ['10 at night', 22],
    ['9 in the evening', 21],
  ])('the grid at %s', async (said, hour) => {
    const { ask, world } = await room();
    const [region = ''] = await world.grid.regions();
    const at = plusHours(START, hour);
    const { series } = await world.grid.carbon(region, { start: START, end: plusHours(at, 1) }, 'forecast');
    const answer = await ask(`How clean is the grid in ${region} at ${said}?`);
    expect(values(answer, 'g/kWh')[0]).toBeCloseTo(valueAt(series, at)!, 6);
    expect(answer.answer).toMatch(new RegExp(`${String(hour).padStart(2, '0')}:00 UTC`));
  });

  it('the best hour of a day is looked for on that day', async () => {
    const { ask } = await room();
    expect((await ask('When is the grid clean tomorrow?')).answer).toMatch(/cleanest 1 h of it begins at Tue 3 Jun/);
  });
});

describe('a part', () => {
  it('of the energy is that of a stretch of time', async () => {
    const { ask } = await room();
    const energy = await ask('What share of the energy falls between midnight and 6am?');
    expect(values(energy, '%').concat(values(energy, 'ratio'))).toContainEqual(expect.closeTo(30 / 150, 9));
    const jobs = await ask('What share of the jobs starts before 6am?');
    expect(jobs.answer).toMatch(/^Share of the number of jobs, as planned, starting until .*25\.0 %/);
  });
});

describe('a list', () => {
  const order = (answer: string) => JOBS.map((j) => j.id).sort((a, b) => answer.indexOf(a) - answer.indexOf(b));
  it.each([
    ['List the jobs by start time', 'ci-climate-1'],
    ['Show the jobs in order of their emissions', 'sim-vision-1'],
    ['Sort the jobs by finish time, latest first', 'sim-vision-1'],
    ['Show the jobs sorted by duration, shortest first', 'ci-climate-1'],
  ])('%s', async (question, first) => {
    const { ask } = await room();
    const { answer } = await ask(question);
    expect(order(answer.slice(answer.indexOf('\n')))[0]).toBe(first);
  });

  it('has as many as are asked for, and those without a place', async () => {
    const { ask } = await room();
    expect(values(await ask('Which two teams save the most carbon under the plan?'), 'kg')).toEqual([6, 3]);
    expect((await ask('Which jobs could not be placed?')).answer).toMatch(/there is no such job/);
  });

  it('of what runs at a moment tells powers, and energies of the hour from then', async () => {
    const { ask } = await room();
    expect(values(await ask('What runs at 12 at night?'), 'kW').every((kw) => kw > 0)).toBe(true);
    expect(values(await ask('List the energy of the jobs that run at 10:00'), 'kWh')).toEqual([10, 10, 7.5]);
    const starts = await ask('Which jobs start at 9 in the morning?');
    expect(starts.answer).toMatch(/starting .*among 3 jobs/);
  });
});

it('units that are written out', async () => {
  const { ask } = await room();
  const answer = await ask('How many kilograms per kilowatt-hour does team nlp emit?');
  expect(answer.answer).toMatch(/^Emissions per kWh of team nlp, .*: 0\.300 kg\/kWh/);
});

describe('a turn that points at what was told', () => {
  it('takes over whom it was about: those that were listed, the job, the five', async () => {
    const { ask } = await room();
    await ask('List the jobs that start after 8am', 'list');
    expect(values(await ask('how much energy is that?', 'list'), 'kWh')).toEqual([120]);
    await ask('what does train-nlp-1 emit?', 'job');
    expect(values(await ask('how much energy does it use?', 'job'), 'kWh')).toEqual([40]);
    await ask('the two largest jobs', 'two');
    expect(values(await ask('how much do they emit?', 'two'), 'kg')).toEqual([16, 12]);
  });
});

describe('what no part of a query says is not passed over', () => {
  it.each([
    ['What is the biggest job of each team?', /“biggest”/],
    ['How many jobs run at the same time at most?', /“same”/],
    ['How much more does nlp emit than the others?', /“others”/],
  ])('%s', async (question, named) => {
    const { ask } = await room();
    const answer = await ask(question);
    expect(answer.answered).toBe(false);
    expect(answer.answer).toMatch(named);
  });
  it('what is used of GPUs is told in hours', async () => {
    const { ask } = await room();
    expect((await ask('How many GPUs does team nlp use?')).answer).toMatch(/^GPU hours of team nlp/);
  });
});
