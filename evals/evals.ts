/**
 * The examination's front door. Scenarios without a model and with a scripted one are gates: all of them have to pass.
 * With a real model the same questions are a report: pass rates with their interval, and what kind of failure how often.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Config } from '../app.js';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { invalid } from '../domain/fault.js';
import { type Case, readCases, scenarioOf } from './cases.js';
import { judge, lateness } from './judge.js';
import { type ModelBoard, modelBoard } from './model-board.js';
import { type Open, play, type Seen } from './play.js';
import { type CaseResult, type EvalReport, kindsOf, rateOf } from './report.js';
import { Scenario } from './scenario.js';
import { judgeStatement } from './statements.js';
import { counting } from './token-count.js';

export { boardText, type ModelBoard, withEarlier } from './model-board.js';
export type { Open } from './play.js';
export { type CaseResult, type EvalReport, evalText } from './report.js';

export interface EvalOptions {
  /** opens the program; the shipped one when left out */
  readonly open?: Open;
  /** a file of the form caco-eval-case/1 instead of the shipped scenarios */
  readonly cases?: string | undefined;
  /** as CACO_MODEL names it: a report with that model beside the gates */
  readonly model?: string | undefined;
  /** where that model is reached, and how long it may take */
  readonly settings?: Partial<Config>;
  /** runs of each question with a real model */
  readonly runs?: number;
  /** money per million tokens, for the board's cost */
  readonly pricePerMillion?: number | undefined;
  readonly signal?: AbortSignal;
  readonly onCase?: (result: CaseResult, done: number, total: number) => void;
}

const OWN = fileURLToPath(new URL('.', import.meta.url));

const openShipped: Open = (settings) => {
  const { config } = readConfig({}, {}, OWN);
  return openApp({ ...config, ...settings });
};

/** Every scenario that ships, in order of file and place. Throws Error for a file that is not of the form: it is ours. */
export const shippedScenarios = (): Scenario[] => {
  const folder = join(OWN, 'scenarios');
  return readdirSync(folder)
    .filter((file) => file.endsWith('.json'))
    .sort()
    .flatMap((file) => Scenario.array().parse(JSON.parse(readFileSync(join(folder, file), 'utf8'))));
};

/** Loads what a first answer loads, so that no case pays for it with its time. */
const WARM_UP = Scenario.parse({
  id: 'warm-up',
  area: 'questions',
  title: 'loads the program',
  model: [{ mode: 'text', text: 'Nothing waits.' }],
  do: [{ ask: 'What waits for me?' }],
  must: {},
});

interface Item {
  readonly id: string;
  readonly area: string;
  readonly gate: 'deterministic' | 'reported';
  readonly scenario: Scenario;
  readonly judged: (seen: Seen) => { failures: string[]; notJudged: string[] };
}

/** Throws Fault `invalid-input` for a file of cases that cannot be read. */
export const runEvals = async (options: EvalOptions = {}): Promise<EvalReport & { readonly board: ModelBoard }> => {
  const { open = openShipped, signal } = options;
  const count = { tokens: 0 };
  const counted: Open = async (settings) => counting(await open(settings), count);
  const began = performance.now();
  const items = options.cases === undefined ? shippedScenarios().map(ofScenario) : ofFile(options.cases);
  const twice = items.find((item, i) => items.findIndex((other) => other.id === item.id) !== i);
  if (twice) throw invalid(`the id ${twice.id} stands twice among the cases`, 'Give each case an id of its own.');
  const real = options.model === undefined ? undefined : { ...options.settings, model: options.model };
  const results: CaseResult[] = [];
  const todo: { item: Item; real: boolean }[] = [
    ...items.filter((i) => i.gate === 'deterministic' || real === undefined).map((item) => ({ item, real: false })),
    ...(real === undefined ? [] : items.filter((i) => !usesScript(i) && asks(i)).map((item) => ({ item, real: true }))),
  ];
  await play(WARM_UP, { open });
  for (const { item, real: withReal } of todo) {
    signal?.throwIfAborted();
    const result = withReal ? await report(item, counted, real!, options.runs ?? 5, signal) : await gate(item, open);
    results.push(result);
    options.onCase?.(result, results.length, todo.length);
  }
  const gates = results.filter((r) => r.runs === undefined);
  const found: EvalReport = {
    model: options.model ?? 'none',
    cases: results,
    passed: results.filter((r) => r.passed).length,
    failed: results.filter((r) => !r.passed).length,
    kinds: kindsOf(results),
    seconds: (performance.now() - began) / 1000,
    ok: gates.every((r) => r.passed || r.gate === 'reported'),
  };
  const asked = new Set(items.filter((i) => !usesScript(i) && asks(i)).map(({ id }) => id));
  const { pricePerMillion = null } = options;
  return { ...found, board: modelBoard(found, asked, { tokens: count.tokens, pricePerMillion }) };
};

const usesScript = ({ scenario }: Item) => scenario.model !== 'off';
const asks = ({ scenario }: Item) => scenario.do.some((d) => 'ask' in d || 'summary' in d);

const gate = async (item: Item, open: Open): Promise<CaseResult> => {
  const seen = await play(item.scenario, { open });
  const { failures, notJudged } = item.judged(seen);
  return {
    id: item.id,
    area: item.area,
    gate: item.gate,
    passed: failures.length === 0,
    why: failures.length === 0 ? null : failures.join('; '),
    notJudged,
    model: usesScript(item) ? 'scripted' : 'none',
    seconds: seen.seconds,
    late: lateness(item.scenario, seen),
  };
};

/** The same with a real model, several times: what it may not do is judged, not what words it finds. */
const report = async (
  item: Item,
  open: Open,
  model: Partial<Config>,
  of: number,
  signal: AbortSignal | undefined,
): Promise<CaseResult> => {
  let passed = 0;
  let seconds = 0;
  const why = new Set<string>();
  let notJudged: string[] = [];
  for (let run = 0; run < of; run++) {
    signal?.throwIfAborted();
    const seen = await play(item.scenario, { open, model });
    const judged = item.judged(seen);
    // Whether its words stood is a finding of its own, not a failure of the answer.
    const failures = judged.failures.filter((f) => !/words were (?:not )?used/.test(f));
    if (!seen.answers.some((a) => a.usedModel)) failures.push(seen.answers.at(-1)?.notice ?? 'the template spoke');
    notJudged = judged.notJudged;
    seconds += seen.seconds;
    if (failures.length === 0) passed += 1;
    for (const failure of failures) why.add(failure);
  }
  return {
    id: `${item.id}/model`,
    area: item.area,
    gate: 'reported',
    passed: passed === of,
    why: passed === of ? null : [...why].join('; '),
    notJudged,
    model: String(model.model),
    seconds: seconds / of,
    late: null,
    runs: { of, passed, ...rateOf(passed, of) },
  };
};

const ofScenario = (scenario: Scenario): Item => ({
  id: scenario.id,
  area: scenario.area,
  gate: 'deterministic',
  scenario,
  judged: (seen) => ({ failures: judge(scenario, seen), notJudged: [] }),
});

const ofFile = (path: string): Item[] => {
  const { cases, policies } = readCases(path);
  return cases.map((of) => ofCase(of, scenarioOf(of, policies)));
};

const ofCase = (of: Case, { scenario, unread }: ReturnType<typeof scenarioOf>): Item => ({
  id: of.id,
  area: of.area,
  gate: of.gate,
  scenario,
  judged: (seen) => {
    const failures = judge(scenario, seen);
    const notJudged = unread.map((sentence) => `world: ${sentence}`);
    for (const kind of ['must', 'mustNot'] as const)
      for (const sentence of of[kind]) {
        const judged = judgeStatement(sentence, kind, { of, scenario, seen });
        if (judged === null) notJudged.push(`${kind}: ${sentence}`);
        else if (!judged.holds) failures.push(kind === 'must' ? `not so: ${sentence}` : `it happened: ${sentence}`);
      }
    const judgedMusts = of.must.length - notJudged.filter((n) => n.startsWith('must:')).length;
    if (judgedMusts < of.must.length)
      failures.push(
        `no rule reads ${of.must.length - judgedMusts} of the ${of.must.length} outcomes that it must have`,
      );
    return { failures, notJudged };
  },
});
