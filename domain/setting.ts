/** What a world is, whoever says so: a scenario that ships, a file, or the configuration of a place that really exists. */
import { z } from 'zod';
import { Thresholds } from './decision.js';
import { invalid } from './fault.js';
import { Site } from './site.js';
import { Instant } from './time.js';
import { Currency } from './units.js';

export const Setting = z.strictObject({
  name: z.string().regex(/^[a-z0-9-]+$/, 'must be lower-case letters, digits and dashes'),
  title: z.string().min(1),
  currency: Currency.describe('of every amount; each site counts in it'),
  start: Instant.nullable().describe('the instant at which this world starts; null: nobody has said'),
  seed: z.number().int().min(0),
  dataNote: z.string().min(1).describe('what is real and what is simulated, for people'),
  sites: z.array(Site).describe('its own sites; imported ones of the same id stand in for them'),
  thresholds: Thresholds,
});
export type Setting = z.output<typeof Setting>;

/** As a person writes it in caco.yaml: a place that exists has no seed, and its sites are imported. */
const Described = Setting.extend({
  title: Setting.shape.title.optional(),
  start: Setting.shape.start.default(null),
  seed: Setting.shape.seed.default(0),
  dataNote: Setting.shape.dataNote.default('Sites as imported, work as taken in.'),
  sites: Setting.shape.sites.default([]),
});

/** Throws Fault `invalid-input` that lists every problem. `from` names the document in the message. */
export const parseSetting = (document: unknown, from: string): Setting => {
  const { data, error } = Described.safeParse(document);
  const problems = (error?.issues ?? []).map((i) => ({ field: i.path.join('.') || '(all)', message: i.message }));
  for (const [i, site] of (data?.sites ?? []).entries())
    if (site.currency !== data?.currency)
      problems.push({ field: `sites.${i}.currency`, message: `is ${site.currency}, must be ${data?.currency}` });
  if (data && problems.length === 0) return { ...data, title: data.title ?? data.name };
  throw invalid(
    `${from} does not describe a world: ${problems.map((p) => `${p.field}: ${p.message}`).join('; ')}`,
    'Mend the named fields; docs/scenarios.md has an example under "A place of your own".',
    problems,
  );
};
