/** The mean of several models: their errors differ, and half of what differs goes. */
import type { Model, Recipe, State } from '../model.js';

export const meanOf = (name: string, parts: readonly Recipe[]): Recipe => ({
  name,
  about: `the mean of ${parts.map((part) => part.name).join(', ')}`,
  learns: true,
  priced: parts.some((part) => part.priced),
  parts,
  fit: (frame, options) => {
    const tell = (k: number) => (done: number) => options.tell?.((k + done) / parts.length);
    return combined(
      name,
      parts.map((part, k) => part.fit(frame, { ...options, tell: tell(k) })),
    );
  },
  load: (state) =>
    combined(
      name,
      parts.map((part) => part.load(state.parts![part.name]!)),
    ),
});

/** The same mean of models that were fitted already. */
export const combined = (name: string, models: readonly Model[]): Model => ({
  name,
  state: {
    arrays: {},
    parts: Object.fromEntries(models.map((model) => [model.name, model.state as State])),
  },
  predict: (frame, origin, steps) => {
    const sum = new Float64Array(steps);
    for (const model of models)
      model.predict(frame, origin, steps).forEach((value, h) => {
        sum[h]! += value / models.length;
      });
    return sum;
  },
});
