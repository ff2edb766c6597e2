/** The examination: scenarios without a model and with a scripted one are gates; a real model gets a report. */
import type { Command } from 'commander';
import { invalid } from '../../domain/fault.js';
import { evalText, runEvals } from '../../evals/evals.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { EXIT } from '../exit.js';

const examine = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const model = options.model === undefined ? undefined : String(options.model);
  if (model !== undefined && !/^(ollama|openai)\/.+$/.test(model))
    throw invalid(`--model is "${model}"`, 'Give ollama/NAME or openai/NAME.');
  const runs = Number(options.runs);
  if (!Number.isInteger(runs) || runs < 1 || runs > 100)
    throw invalid(`--runs is "${String(options.runs)}"`, 'Give a whole number from 1 to 100.');
  const { ollamaHost, openaiBaseUrl, openaiApiKey, modelTimeoutS } = context.config;
  const report = await runEvals({
    cases: options.cases === undefined ? undefined : String(options.cases),
    model,
    runs,
    settings: { ollamaHost, openaiBaseUrl, openaiApiKey, modelTimeoutS },
    signal: context.signal,
    onCase: (result, done, total) => context.progress({ done, total, note: result.id }),
  });
  return { json: report, text: evalText(report), exitCode: report.ok ? EXIT.done : EXIT.defect };
};

export const register = (program: Command) => {
  addCommand(
    program,
    'eval',
    'examine answers, policies, approvals and tickets; a gate that fails is a defect',
    (c) =>
      c
        .option('--cases <file>', 'cases of the form caco-eval-case/1 instead of those that ship')
        .option('--model <model>', 'a report with this model beside the gates: ollama/NAME or openai/NAME')
        .option('--runs <n>', 'how often each question is asked of that model', '5'),
    examine,
  );
};
