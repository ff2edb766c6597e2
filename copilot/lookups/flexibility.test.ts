/** What could be given, and what became of the events that asked for it: by the books, without a model. */
import { afterEach, describe, expect, it } from 'vitest';
import { toolOf } from '../../catalogue.js';
import { EVENTS, FlexibilityEvent } from '../../domain/flexibility/event.js';
import { KeptStatement, STATEMENTS, statementId } from '../../domain/settlement/statement.js';
import { JobSeed } from '../../evals/scenario.js';
import { callTool } from '../../tools/tool.js';
import { closeRooms, openRoom, plan } from '../fixtures/room.js';

afterEach(closeRooms);

const job = (id: string, energyKwh: number) =>
  JobSeed.parse({ id, team: 'nlp', category: 'sustainable', energyKwh, emissionsKg: 12, savedKg: 3, durationHours: 4 });
const room = () => openRoom([plan('p1', { jobs: [job('train-1', 400), job('train-2', 800)], decided: 'approved' })]);
type Answer = { figures: readonly { value: number; unit: string }[] };
const values = (answer: Answer, unit: string) => answer.figures.filter((f) => f.unit === unit).map((f) => f.value);

const EVENT = FlexibilityEvent.parse({
  id: 'E-1',
  asked: {
    ...{ source: 'dso', ref: 'A-1', product: 'dfs', site: 'us-east-1' },
    ...{ start: '2025-06-02T12:00:00Z', end: '2025-06-02T15:00:00Z', target: { as: 'share', ratio: 0.25 } },
  },
  ...{ status: 'confirmed', reason: null, runId: null },
  commitment: {
    ...{ region: 'us-east-1', start: '2025-06-02T12:00:00Z', end: '2025-06-02T15:00:00Z' },
    ...{ baselineKw: 300, targetKw: 225, slots: [], planId: 'p1', decisionId: null },
  },
  stamps: {
    ...{ received: '2025-06-02T00:00:00Z', decided: '2025-06-02T00:00:00Z', issued: null, acknowledged: null },
    ...{ itBelow: null, facilityBelow: null },
  },
});
const SETTLED = KeptStatement.parse({
  ...{ run: 'SF', at: '2025-06-20T00:00:00Z', evidence: 'a'.repeat(64) },
  asked: {},
  figures: {
    ...{ id: 'E-1', site: 'us-east-1', status: 'ok', periods: [] },
    baseline: { days: [], excluded: [], inDayAdjustmentKwh: 0, used: 'unadjusted' },
    ...{ deliveredMwh: 0.225, clippedMwh: null, lines: [], gross: 54.25, avoided: 12, rebound: -20.5, net: 45.75 },
    ...{ currency: 'USD', notes: [] },
  },
});

describe('what could be given', () => {
  /** Two jobs of 100 and 50 kW that wait, the smaller one urgent. */
  const waiting = async () => {
    const { ask, world } = await room();
    const call = {
      actor: { id: 'alice', via: 'cli' },
      cause: null,
      signal: new AbortController().signal,
      progress: () => {},
    };
    const submit = async (id: string, powerKw: number, category: string) =>
      callTool(
        (await toolOf('submit_job')) as never,
        { id, powerKw, category, durationHours: 12, deadline: '2025-06-04T00:00:00Z' },
        world as never,
        call as never,
      );
    await submit('wide', 100, 'sustainable');
    await submit('now', 50, 'urgent');
    return ask;
  };

  it('is told for the time that is asked about, and the power that is named is judged by what is firm', async () => {
    const ask = await waiting();
    const told = await ask('How much flexibility do we have at 10:00?', 'a');
    expect(told.answer).toMatch(/^Work that waits can put off .* for certain at Mon 2 Jun 2025 10:00 UTC/);
    const [firm = -1] = values(told, 'kW');
    expect(firm).toBeGreaterThan(90);
    const much = await ask('Could we do 20 MW at 10:00?', 'b');
    expect(much.answer).toMatch(/^No: of 20\.0 MW/);
    expect(values(much, 'kW')).toContainEqual(expect.closeTo(20_000 - firm, 6));
    expect((await ask('Can we give 80 kW at 10:00?', 'c')).answer).toMatch(/^Yes, 80\.0 kW could be promised/);
  });

  it('of a time that is over, or of which no work is known, is not told as nothing', async () => {
    const ask = await waiting();
    expect((await ask('Could we do 2 MW on 1 May 2025 at 17:00?', 'past')).answer).toMatch(/is over: nothing can be/);
    const far = await ask('Could we do 2 MW on 20 June 2025 at 17:00?', 'far');
    expect([far.answered, far.answer]).toEqual([false, expect.stringMatching(/^I know of no work at that time/)]);
  });
});

describe('an event', () => {
  it('that nobody asked for is none', async () => {
    const { ask } = await room();
    expect((await ask('What did the event cost us?')).answer).toMatch(/^No event has asked for less power/);
  });

  it('is told with its promise; without a settlement nobody knows what it cost', async () => {
    const { ask, world } = await room();
    await world.store.collection(EVENTS).put(EVENT.id, EVENT);
    const answer = await ask('What did the event cost us?');
    expect(answer.answer).toMatch(/Event E-1 of dso at us-east-1, from .*: promised\./);
    expect(values(answer, 'kW')).toEqual([225, 300]);
    expect(answer.answer).toMatch(/not settled: what it brought and what it cost is not known/);
  });

  it('that was settled is told with what was paid, what was bought later, and what remains', async () => {
    const { ask, world } = await room();
    await world.store.collection(EVENTS).put(EVENT.id, EVENT);
    await world.store.collection(STATEMENTS).put(statementId('E-1', 'SF'), SETTLED);
    const answer = await ask('What did the event cost us?');
    expect(values(answer, 'USD')).toEqual([54.25, 12, 20.5, 45.75]);
    expect(answer.answer).toMatch(/what remains is \$45\.8/);
    expect((await ask('What events were there yesterday?', 'then')).answer).toMatch(/^No event asked .* in that time/);
  });
});
