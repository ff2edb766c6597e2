/** The examination: scenarios without a model and with a scripted one are gates; a real model gets a report. */
import { readFileSync, writeFileSync } from 'node:fs';
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import { boardText, evalText, runEvals, withEarlier } from '../../evals/evals.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';

/** Fault `invalid-input` for what is no JSON file. */
const documentIn = (name: string): { name: string; value: unknown } => {
  try {
    return { name, value: JSON.parse(readFileSync(name, 'utf8')) };
  } catch (error) {
    throw invalid(`${name} cannot be read: ${(error as Error).message}`, 'Give what `caco eval --json` printed.');
  }
};

const examine = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const model = options.model === undefined ? undefined : String(options.model);
  if (model !== undefined && !/^(ollama\/.+|openai\/.+|langchain\/[^:/]+:.+)$/.test(model))
    throw invalid(`--model is "${model}"`, 'Give ollama/NAME, openai/NAME or langchain/PROVIDER:NAME.');
  const pricePerMillion = options.price === undefined ? undefined : Number(options.price);
  if (pricePerMillion !== undefined && !(pricePerMillion >= 0))
    throw invalid(`--price is "${String(options.price)}"`, 'Give money per million tokens, 0 or more.');
  const earlier = [options.beside ?? []].flat().map((file) => documentIn(String(file)));
  const runs = Number(options.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100)
    throw invalid(`--runs is "${String(options.runs)}"`, 'Give a whole number from 1 to 100.');
  const { ollamaHost, openaiBaseUrl, openaiApiKey, modelTimeoutS } = context.config;
  const report = await runEvals({
    cases: options.cases === undefined ? undefined : String(options.cases),
    model,
    runs,
    pricePerMillion,
    settings: { ollamaHost, openaiBaseUrl, openaiApiKey, modelTimeoutS },
    signal: context.signal,
    onCase: (result, done, total) => context.progress({ done, total, note: result.id }),
  });
  const board = withEarlier(report.board, earlier);
  const markdown = boardText(board);
  if (options.board !== undefined) writeFileSync(String(options.board), `${markdown}\n`);
  const text = model === undefined && earlier.length === 0 ? evalText(report) : `${evalText(report)}\n\n${markdown}`;
  return { json: { ...report, board }, text, exitCode: report.ok ? EXIT.done : EXIT.defect };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'eval',
    'examine answers, policies, approvals and tickets; a gate that fails is a defect',
    (c) =>
      c
        .option('--cases <file>', 'cases of the form caco-eval-case/1 instead of those that ship')
        .option('--model <model>', 'a report with this model beside the gates, named as CACO_MODEL names it')
        .option('--runs <n>', 'how often each question is asked of that model', '5')
        .option('--price <money>', 'of a million tokens, for the cost on the board')
        .option('--beside <file...>', 'reports of earlier runs (--json), whose models stand on the board too')
        .option('--board <file>', 'write the board there as Markdown'),
    examine,
  );
};
