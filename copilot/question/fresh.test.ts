/** Questions of operators that went wrong at first sight: hours said in words, a part of the time, an order that is asked for, units written out. */
import { afterEach, describe, expect, it } from 'vitest';
import { meanOver, valueAt } from '../../domain/series.js';
import { instant, plusHours, toEpoch } from '../../domain/time.js';
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

describe('the time that is over', () => {
  it.each(['What was the carbon intensity yesterday?', 'How clean was the grid on 1 June?'])('%s', async (question) => {
    const { ask, world } = await room();
    const [region = ''] = await world.grid.regions();
    const day = { start: plusHours(START, -24), end: START };
    const { series } = await world.grid.carbon(region, day, 'actual');
    const answer = await ask(question);
    expect(values(answer, 'g/kWh')[0]).toBeCloseTo(meanOver(series, toEpoch(day.start), toEpoch(day.end))!, 6);
    expect(answer.answer).toMatch(/ stood at a mean of /);
  });

  it('bounds nothing: after midnight is after the midnight to come', async () => {
    const { ask } = await room();
    expect((await ask('Which jobs end after midnight?')).answer).toMatch(/^From Tue 3 Jun 00:00 UTC on/);
  });
});

describe('a figure of the whole plan', () => {
  it('differs by what is told of both sides, charges that belong to no job included', async () => {
    const { ask } = await room();
    const answer = await ask('How much more would it cost to run everything right away?');
    const [without = 0, planned = 0, difference] = values(answer, 'USD');
    expect(without).toBeGreaterThan(planned);
    expect(difference).toBeCloseTo(without - planned, 9);
    expect(answer.answer).toMatch(/As planned it is .* less than without the plan/);
  });
});

it('a median is no mean, also of each job', async () => {
  const { ask } = await room();
  expect(values(await ask('Median emissions per job'), 'kg')).toEqual([10.5]);
});

it('what one kWh costs is a price', async () => {
  const { ask } = await room();
  expect((await ask('How much does one kWh cost in this plan?')).answer).toMatch(/^Price of electricity, as planned/);
});

it.each(['When should I start a 3 hour job today?', 'When should I start a 3-hour job today?'])(
  '%s',
  async (question) => {
    const { ask } = await room();
    expect((await ask(question)).answer).toMatch(/best start of 3 h:/);
  },
);

describe('groups whose figure keeps to a limit', () => {
  it.each([
    ['Which team emits less than 10 kg?', ['climate', 'fluids'], ['nlp', 'vision']],
    ['Which teams save more than 2 kg?', ['vision', 'nlp'], ['fluids', 'climate']],
  ])('%s', async (question, named, others) => {
    const { answer } = await (await room()).ask(question);
    const rows = answer.slice(answer.indexOf('\n'));
    for (const team of named) expect(rows).toContain(team);
    for (const team of others) expect(rows).not.toContain(`  ${team}`);
  });

  it('hours too: when the load is above or below', async () => {
    const { ask } = await room();
    const above = await ask('When does the load exceed 20 kW?', 'above');
    expect(values(above, 'kW')).toEqual([20, 30, 27.5]);
    const below = await ask('At what time does the load fall below 3 kW?', 'below');
    expect(below.answer).toMatch(/Mon 2 Jun 02:00\s+0 kW\s+no jobs/);
    expect((await ask('Is the load above 3 kW at 14:00?', 'then')).answer).toMatch(/^Yes: .*4\.50 kW above/);
    expect((await ask('Which teams use more than 500 kWh?', 'none')).answer).toMatch(/there is no such team/);
  });
});

it.each([
  ['Which team has the most jobs?', /^Number of jobs by team/],
  ['team with the fewest jobs', /^Number of jobs by team/],
  ['Which team has fewer than 2 jobs?', /^Number of jobs by team, below 2 jobs/],
  ['the least polluting team', /^Emissions by team, .*: team fluids has the lowest, 8\.00 kg/],
  ['How many jobs of each kind?', /^Number of jobs by kind/],
  ['nlp and vision: energy, cost and emissions', /^Energy, cost and emissions of teams/],
  ['Tell me if nlp emits more than 5 kg', /^Yes: .*7\.00 kg above that/],
])('%s', async (question, says) => {
  expect((await (await room()).ask(question)).answer).toMatch(says);
});

describe('a place in an order', () => {
  it.each([
    ['the second largest job', 'train-nlp-1'],
    ['Which team has the third highest emissions?', 'team climate'],
  ])('%s', async (question, whose) => {
    const { answer } = await (await room()).ask(question);
    expect(answer).toContain(`the highest of the rest is that of ${whose}`);
  });
  it('of two places none is told, and neither is a day', async () => {
    const { answer } = await (await room()).ask('the 2nd and 3rd largest jobs');
    expect(answer).toMatch(/“2nd” and “3rd”/);
  });
});

describe('the grid, where no work is named', () => {
  it('is asked when it is cheapest, and where', async () => {
    const { ask } = await room();
    expect((await ask('When is electricity cheapest in eu-west-1 today?', 'when')).answer).toMatch(
      /^Price of electricity in/,
    );
    const now = await ask('Where is it cheapest now?', 'where');
    const prices = values(now, 'USD/MWh');
    expect(prices.length).toBeGreaterThan(2);
    expect(now.answer).toMatch(/It is lowest in \S+ and highest in \S+\./);
  });
  it('two regions stand beside each other with what lies between them', async () => {
    const { ask } = await room();
    const [north = 0, east = 0, apart] = values(await ask('How much cleaner is eu-north-1 than us-east-1?'), 'g/kWh');
    expect(apart).toBeCloseTo(east - north, 9);
  });
});

describe('what is asked for by name alone', () => {
  it.each([
    ['Name all teams', 'team'],
    ['Which teams are there?', 'team'],
    ['List the regions', 'place'],
    ['What categories of job are there?', 'category'],
    ['Show me all the kinds of work', 'kind'],
  ])('%s: each, with how many jobs it has', async (question, by) => {
    const { ask } = await room();
    const answer = await ask(question);
    expect(answer.answered).toBe(true);
    expect(answer.answer).toMatch(new RegExp(`^Number of jobs by ${by}`));
  });
  it('what stands level with the first is told with it', async () => {
    const { ask } = await room();
    expect((await ask('Number of jobs by team')).answer).toMatch(/and 3 others have the highest, 1 job\./);
    // Three stand level, and only two are listed.
    const many = await openRoom([plan('p2', { jobs: ['a', 'b', 'c'].map((id) => job(id, 'nlp', 5, 1, 1, 1)) })]);
    expect((await many.ask('the 2 jobs with the most energy')).answer).toMatch(
      / and others have the highest, 5\.00 kWh/,
    );
  });
});

it('what two teams use together is one figure', async () => {
  const { ask } = await room();
  expect(values(await ask('How much energy do nlp and vision use together?'), 'kWh')).toEqual([100]);
});

describe('what no part of a query says is not passed over', () => {
  it.each([
    ['What is the biggest job of each team?', /“biggest”/],
    ['How many jobs run at the same time at most?', /“same”/],
    ['How much more does nlp emit than the others?', /“others”/],
    ['How long does the whole plan take?', /“How long”/],
    ['Who is the biggest emitter after vision?', /“after”/],
    ['What would the emissions be if we ran everything in eu-north-1?', /“if we ran everything in eu-north-1”/],
    ['What fraction of the energy of vision runs at night?', /“night”/],
    ['What are the median and the mean energy?', /“mean”/],
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
