/** The gates, as `caco eval` plays them, and the examiner itself: it has to notice what is wrong. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { boardOf, withBoard } from './board.js';
import { Case, scenarioOf } from './cases.js';
import { evalText, runEvals, shippedScenarios } from './evals.js';
import { judge, lateness } from './judge.js';
import type { Seen } from './play.js';
import { kindsOf, rateOf } from './report.js';
import { Scenario } from './scenario.js';
import { judgeStatement } from './statements.js';

const shipped = join(import.meta.dirname, 'cases', 'eval-cases.open.json');

describe('the gates', () => {
  it('all pass, without a model and with the scripted one', async () => {
    const report = await runEvals();
    expect(report.cases.length).toBeGreaterThanOrEqual(60);
    expect(report.cases.filter((c) => !c.passed).map((c) => `${c.id}: ${c.why}`)).toEqual([]);
    expect(report.ok).toBe(true);
    // The board of docs/evals.md is what was just played.
    const page = join(import.meta.dirname, '../docs/evals.md');
    const board = boardOf(shippedScenarios(), report.cases);
    await expect(withBoard(readFileSync(page, 'utf8'), board)).toMatchFileSnapshot(page);
  });

  it('pass for cases in prose, and every sentence of them is judged', async () => {
    const report = await runEvals({ cases: shipped });
    expect(report.cases.filter((c) => !c.passed).map((c) => `${c.id}: ${c.why}`)).toEqual([]);
    expect(report.cases.flatMap((c) => c.notJudged)).toEqual([]);
    expect(report.cases[0]).toMatchObject({ id: 'E-O1', gate: 'deterministic', passed: true, why: null });
    expect(evalText(report)).toMatch(/12 of 12 gates passed/);
  });

  it('cover every area', () => {
    const areas = new Set(shippedScenarios().map((s) => s.area));
    expect([...areas].sort()).toEqual(
      [
        'approvals',
        'failures',
        'injections',
        'memory',
        'policies',
        'queries',
        'questions',
        'summaries',
        'tickets',
      ].sort(),
    );
  });
});

const seen = (over: Partial<Seen> = {}): Seen => ({
  answers: [],
  events: [],
  fault: null,
  texts: [],
  seconds: 0,
  log: [],
  asked: [],
  openSockets: 0,
  approvals: [],
  decisions: 0,
  inForce: 0,
  reading: null,
  entries: [],
  ...over,
});
const answer = (text: string, figures: Seen['answers'][number]['figures'] = []): Seen['answers'][number] => ({
  threadId: 'T',
  answer: text,
  figures,
  usedModel: true,
  model: 'm',
  rejected: [],
  answered: true,
  sources: [],
  lookups: [],
  proposals: [],
  notice: null,
  prompt: null,
});
const asked = (must: object) => Scenario.parse({ id: 'X', area: 'questions', title: 'x', do: [{ ask: 'q' }], must });
const done = (a: Seen['answers'][number]) =>
  seen({ answers: [a], texts: [a.answer], events: [{ type: 'done', answer: a as never }] });

describe('the examiner', () => {
  it('notices a figure without a source, an amount outside the figures, and a journalled question', () => {
    expect(judge(asked({}), done(answer('It is 12 kg.')))).toEqual(['“12 kg” is in the answer and in no figure']);
    const sourceless = { text: '12 kg', value: 12, unit: 'kg', source: '' };
    expect(judge(asked({}), done(answer('It is 12 kg.', [sourceless])))).toEqual(['figure 12 kg has no source']);
    expect(judge(asked({}), { ...done(answer('Yes.')), entries: ['place_jobs'] })).toEqual([
      'answering was journalled as place_jobs',
    ]);
  });

  it('notices a missing or second terminal event, an open socket and a placeholder', () => {
    const a = answer('So it is.');
    expect(judge(asked({}), seen({ answers: [a] }))).toEqual(['1 questions ended in 0 terminal events']);
    expect(judge(asked({}), { ...done(a), openSockets: 1 })).toEqual(['1 sockets to the model stayed open']);
    expect(judge(asked({}), done(answer('It is {{f1}}.')))).toEqual(['a placeholder was left in the answer']);
  });

  it('reports how long it took, and fails nothing for it', () => {
    const scenario = asked({ withinS: 1.6 });
    const slow = { ...done(answer('So it is.')), seconds: 90 };
    expect(judge(scenario, slow)).toEqual([]);
    expect(lateness(scenario, slow)).toBe('90.0 s instead of 1.6 s');
    expect(lateness(scenario, { ...slow, seconds: 1 })).toBeNull();
  });

  it('does not judge a sentence that no rule reads, and finds 99 only where it stands alone', () => {
    const of = Case.parse({ id: 'c', area: 'x', gate: 'deterministic', input: 'q', must: ['m'], mustNot: ['99'] });
    const { scenario } = scenarioOf(of, new Map());
    const ground = (text: string) => ({ of, scenario, seen: done(answer(text)) });
    expect(judgeStatement('the moon is full', 'must', ground('x'))).toBeNull();
    expect(judgeStatement('99', 'mustNot', ground('It was 1990.'))).toEqual({ holds: true });
    expect(judgeStatement('99', 'mustNot', ground('It was 99 kg.'))).toEqual({ holds: false });
  });

  it('does not let a case pass of which an outcome was not judged', async () => {
    const folder = mkdtempSync(join(tmpdir(), 'caco-cases-'));
    try {
      const path = join(folder, 'cases.json');
      const one = {
        id: 'u',
        area: 'x',
        gate: 'deterministic',
        input: 'help',
        must: ['the moon is full', 'what waits'],
        mustNot: ['it rains'],
      };
      writeFileSync(path, JSON.stringify({ cases: [one] }));
      const report = await runEvals({ cases: path });
      expect(report.ok).toBe(false);
      expect(report.cases[0]?.why).toBe('no rule reads 1 of the 2 outcomes that it must have');
      expect(report.cases[0]?.notJudged).toEqual(['must: the moon is full']);
      writeFileSync(path, '{"cases": 7}');
      await expect(runEvals({ cases: path })).rejects.toMatchObject({ code: 'invalid-input' });
      await expect(runEvals({ cases: join(folder, 'none.json') })).rejects.toMatchObject({ code: 'invalid-input' });
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  it('counts rates with their interval and failures by kind', () => {
    const { low, high } = rateOf(8, 10);
    expect(low).toBeCloseTo(0.49, 2);
    expect(high).toBeCloseTo(0.943, 2);
    const failed = {
      id: 'a',
      area: 'x',
      gate: 'deterministic' as const,
      passed: false,
      notJudged: [],
      model: 'none',
      seconds: 0,
      late: null,
    };
    expect(kindsOf([{ ...failed, why: '“9 kg” is in the answer and in no figure; jobs were placed' }])).toEqual([
      { kind: 'effect or leave', count: 1, cases: ['a'] },
      { kind: 'ungrounded figure or word', count: 1, cases: ['a'] },
    ]);
  });
});
