/** A place that runs work: its limits, and what it really pays for electricity and machines. */
import { z } from 'zod';
import { defineCollection, type Tx } from './store.js';
import { Currency } from './units.js';

/** Who pays for what, so that nothing is paid twice: a tenant pays instances and egress, an owner energy and demand. */
export const Payer = z.enum(['tenant', 'owner']);

export const TariffBand = z.strictObject({
  days: z
    .array(z.enum(['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun']))
    .min(1)
    .optional()
    .describe('every day when left out'),
  from: z.string().regex(/^\d{2}:\d{2}$/),
  to: z
    .string()
    .regex(/^\d{2}:\d{2}$/)
    .describe('exclusive; 00:00 means midnight'),
  pricePerMwh: z.number(),
});

export const Tariff = z.strictObject({
  energy: z.union([
    z.strictObject({ kind: z.literal('signal') }).describe('the grid port’s price series for the region'),
    z.strictObject({ kind: z.literal('flat'), pricePerMwh: z.number() }),
    z.strictObject({ kind: z.literal('bands'), timeZone: z.string(), bands: z.array(TariffBand).min(1) }),
  ]),
  levyPerMwh: z.number().default(0).describe('network charges, taxes and levies on top of energy'),
  demandChargePerKw: z.number().min(0).default(0).describe('money per kW of the highest slot in the planned period'),
});
export type Tariff = z.infer<typeof Tariff>;

export const Site = z.strictObject({
  id: z.string().min(1),
  region: z.string().min(1),
  clusterId: z.string().nullable().default(null),
  timeZone: z.string().default('UTC'),
  pue: z.number().min(1).default(1.1),
  powerCapKw: z.number().positive().nullable().default(null).describe('facility kW, every slot'),
  vcpuCapacity: z.number().positive().nullable().default(null),
  gpuCapacity: z.number().positive().nullable().default(null),
  payer: Payer.default('owner'),
  currency: Currency,
  tariff: Tariff,
  instancePricesPerHour: z
    .record(z.string(), z.number().min(0))
    .default({})
    .describe('money per hour by instance type'),
  egressPerGb: z.number().min(0).default(0).describe('money per GB of data that a job brings when it leaves its home'),
});
export type Site = z.infer<typeof Site>;

/** It pays what the grid's price signal says, so that a plan or account of it needs that signal. */
export const needsPrices = ({ payer, tariff }: Site): boolean => payer === 'owner' && tariff.energy.kind === 'signal';

/** Sites that a person imported; they stand in for a scenario's site of the same id. */
export const SITES = defineCollection('sites', Site);

/** Every imported site, the newest first. */
export const importedSites = async (store: Pick<Tx, 'collection'>): Promise<Site[]> => {
  const sites: Site[] = [];
  for (let after: string | undefined; ; ) {
    const page = await store.collection(SITES).list({ after, limit: 1000 });
    for (const { value } of page) sites.push(value);
    if (page.length < 1000) return sites;
    after = page.at(-1)!.id;
  }
};

/** A world's own sites with the imported ones in their place: same id stands in, new ids come after, in order of id. */
export const overlaySites = (own: readonly Site[], imported: Iterable<Site>): Site[] => {
  const byId = new Map([...imported].map((site) => [site.id, site]));
  const known = new Set(own.map((site) => site.id));
  const added = [...byId.values()].filter((site) => !known.has(site.id));
  return [...own.map((site) => byId.get(site.id) ?? site), ...added.sort((a, b) => (a.id < b.id ? -1 : 1))];
};
