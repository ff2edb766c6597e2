/** The board of models: the same questions with none and with one, rates, seconds, tokens, cost and failures, and earlier ones beside. */
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';
import { boardText, runEvals, withEarlier } from './evals.js';
import { startScriptedModel } from './scripted-model.js';

it('puts a model beside none over the same questions, with what it took and what went wrong', async () => {
  const folder = mkdtempSync(join(tmpdir(), 'caco-board-'));
  const server = await startScriptedModel({
    script: [{ mode: 'text', text: 'Nothing waits for you.' }],
    fallback: { mode: 'eof', text: 'one two three four' },
  });
  try {
    const cases = join(folder, 'cases.json');
    const of = { area: 'questions', gate: 'deterministic', world: '', model: 'off', must: [], mustNot: [] };
    writeFileSync(cases, JSON.stringify({ cases: [{ id: 'B-1', ...of, input: 'What waits for me?' }] }));
    const report = await runEvals({
      ...{ cases, model: 'openai/scripted', runs: 2, pricePerMillion: 2 },
      settings: { openaiBaseUrl: `${server.url}/v1`, modelTimeoutS: 20 },
    });
    const { board } = report;
    expect(board.rows.map(({ model, questions, runs }) => [model, questions, runs])).toEqual([
      ['no model', 1, 1],
      ['openai/scripted', 1, 2],
    ]);
    expect(board.rows[1]).toMatchObject({ failures: { 'model gave nothing': 1 } });
    const { tokens, cost } = board.rows[1]!;
    expect(tokens).toBeGreaterThan(0);
    expect(cost).toBeCloseTo((tokens! * 2) / 1e6, 12);
    const beside = withEarlier(board, [
      { name: 'x.json', value: { board: { ...board, rows: [{ ...board.rows[1]!, model: 'ollama/other' }] } } },
    ]);
    const text = boardText(beside);
    for (const name of ['no model', 'openai/scripted', 'ollama/other']) expect(text).toContain(`| ${name} |`);
    expect(() => withEarlier(board, [{ name: 'y.json', value: [] }])).toThrow(/y\.json holds no caco-eval-board/);
  } finally {
    await server.close();
    rmSync(folder, { recursive: true, force: true });
  }
});
