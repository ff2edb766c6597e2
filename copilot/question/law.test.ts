/**
 * The law over the questions of the examination: a word that nobody knows, put anywhere into one of them, is named or the question
 * is declined. And questions that were once answered wrongly: the right value, from the rows of the test, or an honest decline.
 */
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { afterEach, describe, expect, it } from 'vitest';
import { type ToolName, toolOf } from '../../catalogue.js';
import { caseFile, casesIn } from '../../checks/cases.js';
import { integrate } from '../../domain/series.js';
import { fromEpoch, instant, plusHours, toEpoch } from '../../domain/time.js';
import { shippedScenarios } from '../../evals/evals.js';
import { JobSeed } from '../../evals/scenario.js';
import { callTool } from '../../tools/tool.js';
import { closeRooms, openRoom, plan } from '../fixtures/room.js';
import { LEXICON } from './lexicon.js';

afterEach(closeRooms);

const WORLDS = 10;
const ASKED_IN_EACH = 6;

/** A word that nobody knows. */
const unknown = fc
  .tuple(
    fc.array(fc.tuple(fc.constantFrom(...'bdfgklmnprstvz'), fc.constantFrom(...'aeiou')), {
      minLength: 3,
      maxLength: 4,
    }),
    fc.constantFrom(...'xkzq'),
  )
  .map(([syllables, end]) => syllables.map((s) => s.join('')).join('') + end);
const put = (word: string, question: string, at: number) => {
  const parts = question.split(' ');
  parts.splice((at % parts.length) + 1, 0, word);
  return parts.join(' ');
};

type Room = Awaited<ReturnType<typeof openRoom>>;
let threads = 0;
/** One of the questions with an unknown word anywhere in it: the word is named, or the question is declined. */
const holdsFor = ({ ask }: Room, questions: readonly string[], runs: number) =>
  fc.assert(
    fc.asyncProperty(fc.constantFrom(...questions), unknown, fc.nat(40), async (question, word, at) => {
      threads += 1;
      const { answer, answered } = await ask(put(word, question, at), `U${threads}`);
      if (answered) expect(answer).toContain(word);
    }),
    { numRuns: runs },
  );

it('no word that nobody knows is passed over in a question of the examination', async () => {
  const staged = shippedScenarios().filter(
    (s) =>
      s.model === 'off' && s.world.every((w) => !('launch' in w) && !('policy' in w)) && s.do.some((d) => 'ask' in d),
  );
  const [picked = []] = fc.sample(fc.shuffledSubarray(staged, { minLength: WORLDS, maxLength: WORLDS }), 1);
  for (const { world, do: deeds } of picked) {
    const room = await openRoom(world);
    await holdsFor(
      room,
      deeds.flatMap((d) => ('ask' in d ? [d.ask] : [])),
      ASKED_IN_EACH,
    );
    await closeRooms();
  }
});

it('nor in an order, a what-if, or a yes or no', async () => {
  const room = await openRoom([plan('p1', { jobs: ROWS }), { waits: 'p1' } as never]);
  const asked = [
    'Approve p1',
    'reject plan p1 now please',
    'Please execute the plan now',
    'launch a new plan',
    'file the tickets',
    'change the policy',
    'draft a ticket for plan p1',
    'delay job-fluids-1 by 6 hours',
    'what if job-fluids-2 ran 2 h earlier?',
    'move job-vision-1 to tonight',
    'is vision over 10 kg?',
    'Explain the plan',
    'What if the carbon price were 150?',
  ];
  await holdsFor(room, asked, 40);
});

const POLICY = `Jobs of team vision must run in Ireland.
No job may start between 17:00 and 20:00.
Total emissions must stay below 500 kg per day.`;

it('nor in a question about the policy', async () => {
  const room = await openRoom([plan('p1', { jobs: ROWS })]);
  const call = async (name: ToolName, input: object) =>
    callTool((await toolOf(name)) as never, input, room.world as never, {
      actor: { id: 'alice', via: 'cli' },
      cause: null,
      signal: new AbortController().signal,
      progress: () => {},
    }) as Promise<{ setId: string }>;
  const { setId } = await call('ingest_policy', { text: POLICY, useModel: false });
  await call('confirm_policy', { setId, why: 'checked' });
  const asked = [
    'What does the policy say?',
    'What does the policy say about emissions?',
    'Which rules are in force?',
    'may team vision run in Ireland?',
    'are there any constraints on start times?',
  ];
  expect((await room.ask(asked[1]!)).answer).toContain('500 kg');
  expect((await room.ask('What does the policy say about zebras and gpu emissions?', 'Z')).answer).toMatch(
    /left out “zebras” and “gpu”/,
  );
  await holdsFor(room, asked, 25);
});

const SYMBOLS: Readonly<Record<string, string>> = { USD: '$', GBP: '£', EUR: '€' };
/** What a word of the lexicon adds is in the question or the answer already: "kWh" where it is told in kWh, a second "urgent". */
const addsNothing = (word: string, question: string, answer: string): boolean => {
  const said = question
    .toLowerCase()
    .replace(/[?,.]/g, '')
    .split(' ')
    .flatMap((w, i, all) => [w, all.slice(i, i + 2).join(' '), all.slice(i, i + 3).join(' ')])
    .flatMap((phrase) => Object.entries(LEXICON.get(phrase) ?? {}).map((entry) => entry.join()));
  // Of what runs, as planned, in all, the highest first: so it is told where nothing else is asked.
  const usual = new Set(['subject,jobs', 'stat,total', 'event,runs', 'basis,planned']);
  const ranks = /has the (?:most|highest|largest)|\bthe (?:largest|highest)\b/.test(answer);
  return Object.entries(LEXICON.get(word)!).every(
    ([key, value]) =>
      said.includes(`${key},${value}`) ||
      usual.has(`${key},${value}`) ||
      (key === 'unit' && (answer.includes(String(value)) || answer.includes(SYMBOLS[String(value)] ?? '\0'))) ||
      (ranks &&
        (key === 'list' ||
          (key === 'end' && value === 'first') ||
          key === 'size' ||
          (key === 'order' && value === 'most'))),
  );
};

it('a word of the lexicon put into a query changes what is said, is named, or the question is declined', async () => {
  const words = [...LEXICON.keys()].filter((w) => /^[a-z]+$/.test(w) && Object.keys(LEXICON.get(w)!).length > 0);
  const [world] = shippedScenarios().filter((s) => s.id === 'QF-1');
  const { ask } = await openRoom(world!.world);
  const asked = [
    'emissions of climate',
    'Which team uses the most energy?',
    'cost of the urgent jobs',
    'how many jobs start before noon?',
    'energy of fluids between 12:00 and 18:00',
    'the two largest planned savings',
  ];
  await fc.assert(
    fc.asyncProperty(fc.constantFrom(...asked), fc.constantFrom(...words), fc.nat(40), async (question, word, at) => {
      threads += 1;
      const plain = await ask(question, `P${threads}`);
      const { answer, answered } = await ask(put(word, question, at), `L${threads}`);
      if (answered && answer === plain.answer) expect(addsNothing(word, question, answer)).toBe(true);
    }),
    { numRuns: 48 },
  );
});

const [QUESTIONS] = casesIn('doors').filter((name) => name.endsWith('/q3.json'));
const TEAMS = ['fluids', 'materials', 'climate', 'genomics', 'vision'];
const CATEGORIES = ['sustainable', 'balanced', 'urgent'] as const;
/** Three jobs of each team, no two figures alike. */
const ROWS = TEAMS.flatMap((team, t) =>
  CATEGORIES.map((category, c) =>
    JobSeed.parse({
      id: `job-${team}-${c + 1}`,
      team,
      category,
      energyKwh: 20 + 13 * t + 7 * c,
      emissionsKg: 6 + 5 * t - 1.5 * c,
      savedKg: category === 'urgent' ? 0 : 1 + t / 4,
      durationHours: 2 + c,
    }),
  ),
);
type Row = (typeof ROWS)[number];
const sum = (of: (row: Row) => number, meant: (row: Row) => boolean = () => true) =>
  ROWS.filter(meant).reduce((total, row) => total + of(row), 0);
const kg = (team: string) =>
  sum(
    (r) => r.emissionsKg,
    (r) => r.team === team,
  );
const kwh = (team: string) =>
  sum(
    (r) => r.energyKwh,
    (r) => r.team === team,
  );
const START = instant('2025-06-02T00:00:00Z');

type Opened = Awaited<ReturnType<typeof openRoom>>;
type Answer = Awaited<ReturnType<Opened['ask']>>;
const has = (answer: Answer, unit: string, ...wanted: number[]) => {
  const told = answer.figures.filter((f) => f.unit === unit).map((f) => f.value);
  for (const value of wanted) expect(told, answer.answer).toContainEqual(expect.closeTo(value, 6));
};
const declines = (answer: Answer, ...words: string[]) => {
  expect(answer.answered, answer.answer).toBe(false);
  for (const w of words) expect(answer.answer).toContain(w);
};
const EXPECTED: Readonly<Record<string, (answer: Answer, world: Opened['world']) => unknown>> = {
  "show me team fluids' jobs": (a) => {
    has(a, 'kWh', ...ROWS.filter((r) => r.team === 'fluids').map((r) => r.energyKwh));
    expect(a.answer).not.toContain('materials');
  },
  "which of team materials' jobs are the largest?": (a) => {
    has(a, 'kWh', ...ROWS.filter((r) => r.team === 'materials').map((r) => r.energyKwh));
    expect(a.answer).not.toContain('fluids');
  },
  'I have a 2 h render that has to be done before 05:00 UTC today, when do I start it?': async (a, world) => {
    for (const region of await world.grid.regions()) {
      const span = { start: START, end: plusHours(START, 5) };
      const { series } = await world.grid.carbon(region, span, 'forecast');
      const first = toEpoch(START);
      // Every step of the signal from which two hours end by 05:00; the first of the cleanest.
      const starts = Array.from(
        { length: (3 * 60) / series.stepMinutes + 1 },
        (_, i) => first + i * series.stepMinutes * 60,
      );
      const sums = starts.map((at) => integrate(series, at, at + 7200)!);
      const best = fromEpoch(starts[sums.indexOf(Math.min(...sums))]!).slice(11, 16);
      expect(a.answer).toMatch(new RegExp(`in ${region},[^\\n]*best start of 2 h: Mon 2 Jun ${best} UTC`));
    }
  },
  'how clean is the grid in Germany at the moment?': (a) => declines(a, 'Germany'),
  'how dear is power at 9 tonight?': async (a, world) => {
    const [from, to] = [plusHours(START, 21), plusHours(START, 22)];
    const prices = await Promise.all(
      (await world.grid.regions()).map(async (region) => {
        const { series } = await world.grid.price(region, { start: START, end: to }, 'forecast');
        return series.values[Math.floor((toEpoch(from) - toEpoch(series.start)) / (series.stepMinutes * 60))]!;
      }),
    );
    has(a, 'USD/MWh', ...prices);
    expect(a.figures.filter((f) => f.unit === 'USD/MWh')).toHaveLength(prices.length);
  },
  'how much did train-nlp-005007 really save?': (a) => declines(a, 'train-nlp-005007'),
  // The whole plan of the test is later than that midnight.
  'how many MWh does team climate need after midnight on 26 May?': (a) => has(a, 'kWh', kwh('climate')),
  'how much energy do the sustainable jobs take?': (a) =>
    has(
      a,
      'kWh',
      sum(
        (r) => r.energyKwh,
        (r) => r.category === 'sustainable',
      ),
    ),
  'what was the mean tariff we paid, pounds per MWh?': (a) => {
    // Each job's electricity costs 1 in the fixture.
    has(a, 'USD/MWh', (ROWS.length / sum((r) => r.energyKwh)) * 1000);
    expect(a.answer).toContain('no rate of exchange');
  },
  'genomics vs fluids: who emits more?': (a) => has(a, 'kg', kg('genomics'), kg('fluids')),
  "which team's work is dirtiest per kWh?": (a) =>
    has(a, 'g/kWh', Math.max(...TEAMS.map((t) => (kg(t) / kwh(t)) * 1000))),
  'how much embodied carbon is in this plan?': (a, world) =>
    has(a, 'kg', (sum((r) => 8 * r.durationHours) * world.method.embodiedGPerVcpuHour) / 1000),
  'what did we save before noon on Wednesday?': (a) => declines(a),
  'how much will we save next week?': (a) => declines(a),
  'did team vision emit more yesterday than today?': (a) => declines(a),
  'How much did we save in London?': (a) => declines(a, 'London'),
  'how much power may hpc-2 draw?': (a) => declines(a, 'hpc-2'),
};

describe('questions that went wrong', () => {
  it.skipIf(QUESTIONS === undefined)('are right or declined', async () => {
    const sets = JSON.parse(readFileSync(caseFile(QUESTIONS!), 'utf8')) as { q: string[] }[];
    const { ask, world } = await openRoom([plan('p1', { jobs: ROWS, decided: 'approved' })]);
    for (const [i, question] of sets.flatMap((s) => s.q).entries()) {
      const check = EXPECTED[question];
      expect(check, `nothing is worked out for “${question}”`).toBeDefined();
      await check!(await ask(question, `T${i}`), world);
    }
  });
});
