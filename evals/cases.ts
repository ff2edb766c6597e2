/**
 * Case files of the form `caco-eval-case/1`, whose world and outcomes are prose: what the prose says is turned into a scenario
 * and into statements that code can judge. A sentence that no rule reads is named, and the case does not pass by silence.
 */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { z } from 'zod';
import { invalid } from '../domain/fault.js';
import { type Deed, Scenario, type Seed } from './scenario.js';
import { Step } from './scripted-model.js';

export const Case = z.looseObject({
  id: z.string(),
  area: z.string(),
  gate: z.enum(['deterministic', 'reported']),
  world: z.string().default(''),
  model: z.union([z.enum(['off', 'real']), z.array(Step)]).default('off'),
  input: z.union([z.string(), z.array(z.string())]),
  must: z.array(z.string()),
  mustNot: z.array(z.string()),
});
export type Case = z.infer<typeof Case>;

const PolicyCase = z.looseObject({ id: z.string(), text: z.string(), tz: z.string().nullable().optional() });
export type PolicyText = z.infer<typeof PolicyCase>;

/** Throws Fault `invalid-input` for a file that is not of the form. */
export const readCases = (path: string): { cases: Case[]; policies: Map<string, PolicyText> } => {
  const parsed = z.looseObject({ cases: z.array(Case) }).safeParse(jsonOf(path));
  if (!parsed.success)
    throw invalid(
      `${path} is no file of cases: ${parsed.error.issues[0]!.path.join('.')}: ${parsed.error.issues[0]!.message}`,
      'Its form is caco-eval-case/1; docs/evals.md shows one.',
    );
  return { cases: parsed.data.cases, policies: policiesNear(path) };
};

const jsonOf = (path: string): unknown => {
  if (!existsSync(path)) throw invalid(`there is no file ${path}`, 'Give the path of a file of cases.');
  try {
    return JSON.parse(readFileSync(path, 'utf8'));
  } catch (error) {
    throw invalid(
      `${path} is not JSON: ${(error as Error).message}`,
      'Its form is caco-eval-case/1; docs/evals.md shows one.',
    );
  }
};

/** Policies that cases name by id: those that ship, and any `policies*.json` beside the file. */
const policiesNear = (path: string): Map<string, PolicyText> => {
  const policies = new Map<string, PolicyText>();
  const shipped = fileURLToPath(new URL('./cases/', import.meta.url));
  for (const folder of [shipped, dirname(path)])
    for (const file of existsSync(folder) ? readdirSync(folder) : []) {
      if (!/^policies.*\.json$/.test(file)) continue;
      const read = z.looseObject({ policies: z.array(PolicyCase) }).safeParse(jsonOf(join(folder, file)));
      for (const policy of read.success ? read.data.policies : []) policies.set(policy.id, policy);
    }
  return policies;
};

const UNITS: Readonly<Record<string, number>> = { g: 0.001, kg: 1, t: 1000, tonne: 1000, tonnes: 1000 };
const amount = (value: string, unit: string) => Number(value.replace(/[ ,](?=\d{3})/g, '')) * (UNITS[unit] ?? 1);

const words = ['zero', 'one', 'two', 'three', 'four', 'five', 'six', 'seven', 'eight', 'nine', 'ten'];
export const numberIn = (text: string): number =>
  words.includes(text.toLowerCase()) ? words.indexOf(text.toLowerCase()) : Number(text);
const COUNT = `(\\d+|${words.join('|')})`;
const PLAN = '([pP]-?\\d[\\w-]*)';

type Reader = readonly [
  pattern: RegExp,
  seeds: (m: RegExpExecArray, all: { text: string; input: string }) => z.input<typeof Seed>[],
];

const jobs = (named: string, savedKg: number) => ({ jobs: [{ id: named, savedKg, emissionsKg: 4 }] });

/** What a sentence about the world puts into it; each may add to what the others did. */
const WORLD: readonly Reader[] = [
  // Foreign text reaches a reader as a job's name and as a reason.
  [
    /\b(?:tickets?|comments?|messages?|descriptions?|peers?|offers?|mails?|logs?|notes?)\b.*?\b(?:says?|reads|contains):? ?[“"']?(.+?)[”"']?$/i,
    ([, said]) => [
      { plan: 'p1', jobs: [{ id: 'job-x', name: said!, energyKwh: 500, savedKg: 1 }] },
      { waits: 'p7', reasons: [said!] },
    ],
  ],
  [
    /(\w+) tool (?:returns|says) (\d[\d ,.]*?) ?(kg|t|g|tonnes?)\b(?: (?:saved )?for team ([\w-]+))?/i,
    ([, tool, value, unit, team = 'ml']) =>
      /verif|saving/i.test(tool!)
        ? [{ verified: team, kg: amount(value!, unit!) }]
        : [
            {
              plan: 'p1',
              jobs: [{ id: `${team}-job`, team, emissionsKg: amount(value!, unit!), energyKwh: 40, savedKg: 1 }],
            },
          ],
  ],
  [
    new RegExp(`teams? ([\\w-]+) has ${COUNT} verified records?(?: of (\\d[\\d.]*) ?(kg|t|g)(?: each)?)?`, 'i'),
    ([, team, n, kg = '12', unit = 'kg']) => [{ verified: team!, records: numberIn(n!), kg: amount(kg, unit) }],
  ],
  [
    new RegExp(`verif\\w+ of ${COUNT} teams`, 'i'),
    ([, n]) =>
      Array.from({ length: numberIn(n!) }, (_, i) => ({
        verified: `team-${'abcdefghij'[i] ?? i}`,
        kg: 10 - 2 * i,
        low: i === 3 ? -1 : 8 - 2 * i,
        high: 12 - 2 * i,
        energyKwh: 100 * (i + 1),
      })),
  ],
  [
    new RegExp(`plan ${PLAN} waits|${PLAN} (?:is )?(?:waits|waiting|pending)`, 'i'),
    (m, { text }) => [
      {
        waits: (m[1] ?? m[2])!,
        reasons: /risk high/i.test(text) ? ['the risk is high'] : ['a threshold is passed'],
        ...(/two|four[- ]eyes|second/i.test(text) ? { needed: 2 } : {}),
        ...(/expired/i.test(text) ? { expired: true } : {}),
      },
    ],
  ],
  [
    new RegExp(`plans? ${PLAN} (?:and|,) ${PLAN}`, 'i'),
    ([, a, b]) => [{ plan: a! }, { plan: b!, ...jobs('job-z', 5) }],
  ],
  [
    new RegExp(`plan ${PLAN}(?! (?:waits|is waiting|is pending))`, 'i'),
    ([, id], { input }) => {
      const said = /tool says (\d[\d.]*) ?(kg|t|g)/i.exec(input);
      return [{ plan: id!, ...(said ? jobs('job-a', amount(said[1]!, said[2]!)) : {}) }];
    },
  ],
  [
    /job (?:is )?(?:named|called):? ?[“"']?(.+?)[”']?$/i,
    ([, name]) => [
      {
        plan: 'p1',
        jobs: [
          { id: 'job-x', name: name!, energyKwh: 500, savedKg: 1 },
          { id: 'job-y', energyKwh: 20 },
        ],
      },
    ],
  ],
  [
    /(?:grid )?(?:data|signal|forecast) (?:is|of) (\d+(?:\.\d+)?) ?h(?:ours)? old(?:[;,] (?:the )?limit (?:is )?(\d+(?:\.\d+)?) ?h)?/i,
    ([, age, limit = '2']) => [{ signalAgeHours: Number(age), limitHours: Number(limit) }],
  ],
  [
    /\b(?:gap|missing|no (?:value|data)) (?:in the (?:grid )?(?:data|signal)|for (?:this|the current) hour)/i,
    () => [{ signalGap: true }],
  ],
  [
    /policy (?:demands|asks|requires)|nothing (?:is|was|has been) (?:verified|planned)|no (?:plan|run)s?\b|empty (?:world|store)|nothing (?:planned|verified|has run)|no (?:verified )?records?\b|client reads sse|seeded world|is ingested/i,
    () => [],
  ],
];

export const seedsOf = (text: string, input: string): { seeds: z.input<typeof Seed>[]; unread: string[] } => {
  const seeds: z.input<typeof Seed>[] = [];
  const unread: string[] = [];
  const whole = /job (?:is )?(?:named|called)|\b(?:says?|reads|contains):/i.test(text) || /\d h old;/.test(text);
  for (const part of whole ? [text] : text.split(/;\s*|\.\s+/)) {
    const sentence = part.trim();
    if (sentence === '' || /^seed(?:ed)? \w+(?:, seed \d+)?$/i.test(sentence)) continue;
    const found = WORLD.flatMap(([pattern, make]) => {
      const match = pattern.exec(sentence);
      return match ? [make(match, { text, input })] : [];
    })[0];
    if (found === undefined) unread.push(sentence);
    else seeds.push(...found);
  }
  return { seeds, unread };
};

const clean = (input: string) => input.replace(/\((?:streaming|sse|tool says[^)]*|again|twice)\)/gi, '').trim();

/** The deeds that an input asks for. */
const deedsOf = (input: string, policies: ReadonlyMap<string, PolicyText>): z.input<typeof Deed>[] => {
  const said = clean(input);
  const named = /\bingest\w*\b.*?\b(P-[\w]+)/i.exec(said)?.[1];
  const policy = named === undefined ? undefined : policies.get(named);
  if (policy) return [{ ingest: policy.text, name: policy.id, ...(policy.tz ? { tz: policy.tz } : {}) }];
  const text = /^ingest\b[^:]*: ?["“]?([\s\S]+?)["”]?$/i.exec(said)?.[1];
  if (text !== undefined) return [{ ingest: text }];
  if (/\bweekly summary\b/i.test(said)) {
    const team = /\bteam ([\w-]+)/i.exec(said)?.[1];
    return [{ summary: team === undefined ? {} : { team } }];
  }
  return [{ ask: said }];
};

export interface Told {
  readonly scenario: Scenario;
  /** sentences about the world that no rule reads */
  readonly unread: readonly string[];
}

/** A case as a scenario; its outcomes are judged by statements.ts, so that `must` of the scenario stays empty. */
export const scenarioOf = (of: Case, policies: ReadonlyMap<string, PolicyText>): Told => {
  const inputs = typeof of.input === 'string' ? [of.input] : of.input;
  const { seeds, unread } = seedsOf(of.world, inputs.join(' '));
  return {
    scenario: Scenario.parse({
      id: of.id,
      area: 'questions',
      title: inputs.join(' · ').slice(0, 100),
      world: seeds,
      model: of.model === 'real' ? 'off' : of.model,
      do: inputs.flatMap((input) => deedsOf(input, policies)),
      must: {},
    }),
    unread,
  };
};
