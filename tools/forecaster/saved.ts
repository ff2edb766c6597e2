/** A model as it is kept: a card that says what it is and how it was made, its numbers, and forecasts that its intervals begin with. */
import { createHash } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { Instant } from '../../domain/time.js';
import type { Model, State } from './model.js';
import { recipeOf } from './models/models.js';

export const ModelCard = z.strictObject({
  format: z.literal('caco-forecast-1'),
  model: z.string().describe('which of the forecasting models'),
  about: z.string(),
  region: z.string(),
  quantity: z.enum(['carbon', 'price']),
  unit: z.string(),
  timeZone: z.string().describe('whose clock people there live by'),
  stepMinutes: z.number(),
  horizonSteps: z.number(),
  span: z
    .strictObject({ from: Instant, to: Instant })
    .describe('history that was learned from; nothing at or after `to`'),
  features: z.array(z.string()).describe('what it looks at'),
  mae: z
    .number()
    .nullable()
    .describe('mean absolute error on the last quarter of the span, of a model fitted on the rest'),
  realisedShare: z.number().nullable().describe('part of the possible saving that it realised there'),
  why: z.string().describe('why this one was chosen'),
  tried: z.array(z.strictObject({ model: z.string(), mae: z.number(), realisedShare: z.number().nullable() })),
  seed: z.number(),
  hash: z.string().describe('SHA-256 of the numbers'),
});
export type ModelCard = z.infer<typeof ModelCard>;

/** Forecasts that were issued before the model's span ended, by one that had not seen what came: origins and values, one behind the other. */
export interface Trial {
  /** epoch seconds */
  readonly origins: Float64Array;
  readonly values: Float64Array;
}

export interface SavedModel {
  readonly card: ModelCard;
  readonly state: State | null;
  readonly trial: Trial;
}

/** SHA-256 over names and bytes of all numbers, in the order of their names. */
export const hashOf = (state: State | null): string => {
  const hash = createHash('sha256');
  const feed = ({ arrays, parts = {} }: State): void => {
    for (const name of Object.keys(arrays).sort()) {
      const { buffer, byteOffset, byteLength } = arrays[name]!;
      hash.update(name).update(new Uint8Array(buffer, byteOffset, byteLength));
    }
    for (const name of Object.keys(parts).sort()) {
      hash.update(name);
      feed(parts[name]!);
    }
  };
  if (state !== null) feed(state);
  return hash.digest('hex');
};

const Numbers = z.strictObject({ type: z.enum(['f64', 'i16']), base64: z.string() });
export type Packed = { arrays: Record<string, z.infer<typeof Numbers>>; parts: Record<string, Packed> };
export const Packed: z.ZodType<Packed> = z.strictObject({
  arrays: z.record(z.string(), Numbers),
  parts: z.record(
    z.string(),
    z.lazy(() => Packed),
  ),
});
const File = z.strictObject({ card: ModelCard, state: Packed.nullable(), trial: Packed });

export const pack = ({ arrays, parts = {} }: State): Packed => ({
  arrays: Object.fromEntries(
    Object.entries(arrays).map(([name, a]) => [
      name,
      {
        type: a instanceof Int16Array ? ('i16' as const) : ('f64' as const),
        base64: Buffer.from(a.buffer, a.byteOffset, a.byteLength).toString('base64'),
      },
    ]),
  ),
  parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, pack(part)])),
});

export const unpack = ({ arrays, parts }: Packed): State => ({
  arrays: Object.fromEntries(
    Object.entries(arrays).map(([name, { type, base64 }]) => {
      const bytes = Uint8Array.from(Buffer.from(base64, 'base64'));
      return [name, type === 'i16' ? new Int16Array(bytes.buffer) : new Float64Array(bytes.buffer)];
    }),
  ),
  parts: Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, unpack(part)])),
});

/** One model for each region, quantity and step; a new one takes the place of the old. Answers the path. */
export const saveModel = (folder: string, { card, state, trial }: SavedModel): string => {
  mkdirSync(folder, { recursive: true });
  const name = `${card.region}-${card.quantity}-${card.stepMinutes}m`.replace(/[^\w-]/g, '_');
  const path = join(folder, `${name}.json`);
  const text = JSON.stringify({ card, state: state && pack(state), trial: pack({ arrays: { ...trial } }) });
  writeFileSync(`${path}.part`, text);
  renameSync(`${path}.part`, path);
  return path;
};

/** Throws Fault `invalid-input` for a file that is no model of ours, or whose numbers are not those of its card. */
export const loadModel = (path: string): SavedModel & { readonly model: Model } => {
  let given: unknown;
  try {
    given = JSON.parse(readFileSync(path, 'utf8'));
  } catch (cause) {
    throw new Fault('invalid-input', `${path} cannot be read as a forecasting model`, REMEDY, { cause });
  }
  const parsed = File.safeParse(given);
  if (!parsed.success) throw invalid(`${path} is not a forecasting model of this version`, REMEDY);
  const { card } = parsed.data;
  const state = parsed.data.state && unpack(parsed.data.state);
  if (hashOf(state) !== card.hash) throw invalid(`the numbers in ${path} are not those that its card names`, REMEDY);
  const trial = unpack(parsed.data.trial).arrays as unknown as Trial;
  const recipe = recipeOf(card.model);
  return { card, state, trial, model: recipe.load(state ?? { arrays: {} }) };
};

const REMEDY = 'Delete it and train anew: caco train --signal FILE.';

/** Paths of the models in a folder; none where there is no folder. */
export const modelsIn = (folder: string): string[] => {
  try {
    return readdirSync(folder)
      .filter((name) => name.endsWith('.json'))
      .sort()
      .map((name) => join(folder, name));
  } catch {
    return [];
  }
};
