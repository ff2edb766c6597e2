/** How many tokens an examination takes: every call of a model takes them from a budget, which is looked at before and after. */
import type { App } from '../app.js';
import type { Model, ModelBudget } from '../domain/world.js';

export interface TokenCount {
  tokens: number;
}

const PLENTY: Omit<ModelBudget, 'secondsLeft'> = { tokensLeft: 24_576, retriesLeft: 1 };

/** The same program, whose model is counted. */
export const counting = <P extends Pick<App, 'world'>>(app: P, count: TokenCount): P => {
  const { model } = app.world;
  if (model === null) return app;
  const spent = async <R>(budget: ModelBudget, call: () => Promise<R>): Promise<R> => {
    const before = budget.tokensLeft;
    try {
      return await call();
    } finally {
      count.tokens += before - budget.tokensLeft;
    }
  };
  const { converse } = model;
  const counted: Model = {
    ...model,
    words: (prompt, facts, options = {}) => {
      const budget = options.budget ?? { secondsLeft: model.secondsPerAnswer ?? 30, ...PLENTY };
      return spent(budget, () => model.words(prompt, facts, { ...options, budget }));
    },
    ...(converse === undefined
      ? {}
      : { converse: (prompt, messages, options) => spent(options.budget, () => converse(prompt, messages, options)) }),
  };
  // The examiner's own world: whoever answers in it reads the model from here at each question.
  Object.assign(app.world, { model: counted });
  return app;
};
