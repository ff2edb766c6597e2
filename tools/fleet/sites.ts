/** The tool that imports sites: their caps and tariffs stand in for the scenario's from the next call on. */
import { z } from 'zod';
import { Fault, invalid } from '../../domain/fault.js';
import { SITES, type Site } from '../../domain/site.js';
import { defineTool } from '../tool.js';
import { type SiteProblem, type SiteRow, siteOf, siteRows } from './site-rows.js';
import { openText } from './source.js';

const LARGEST = 16 * 1024 * 1024;

export const importSites = defineTool({
  name: 'import_sites',
  title: 'Import sites',
  description:
    'Takes in sites with their power caps, capacities and tariffs, from a JSON, YAML or CSV file or inline. A site of the same id is replaced; planning and accounting use them from the next call on.',
  toolset: 'fleet',
  // What a site can take, and what power was bought, is a person's word: plans and proofs rest on it.
  effect: 'decides',
  input: z.strictObject({
    path: z.string().min(1).optional().describe('file of sites (command line only)'),
    sites: z.array(z.record(z.string(), z.unknown())).min(1).max(10_000).optional().describe('the sites themselves'),
  }),
  output: z.strictObject({
    accepted: z.number().int(),
    replaced: z.number().int().describe('of them, sites that were known before'),
    sites: z
      .array(z.strictObject({ id: z.string(), region: z.string(), clusterId: z.string().nullable() }))
      .describe('the first 200'),
    rejected: z.array(
      z.strictObject({ line: z.number().int(), field: z.string(), message: z.string(), remedy: z.string() }),
    ),
    assumed: z.array(z.strictObject({ field: z.string(), value: z.string(), count: z.number().int() })),
    warnings: z.array(z.string()),
  }),
  run: async (input, world, call) => {
    if ((input.path === undefined) === (input.sites === undefined))
      throw invalid('give either path or sites', 'Name the file, or give the sites themselves.');
    if (input.path !== undefined && call.actor.via !== 'cli')
      throw new Fault(
        'forbidden',
        'only the command line reads files of this machine',
        'Send the sites themselves in the member sites, or run `caco site import FILE`.',
      );
    const rows: SiteRow[] =
      input.path === undefined
        ? await siteRows(JSON.stringify(input.sites))
        : await siteRows(await textOf(input.path, call.signal));
    const counts = new Map<string, number>();
    const rejected: SiteProblem[] = [];
    const sites = new Map<string, Site>();
    const known = await world.fleet.sites();
    const neighbour = ({ id, region }: Site) =>
      [...known, ...sites.values()].find((other) => other.region === region && other.id !== id);
    for (const row of rows) {
      const noted: string[] = [];
      const site = siteOf(row, world.setting.currency, (field, value) => noted.push(`${field}\t${value}`));
      if (Array.isArray(site)) rejected.push(...site);
      else if (sites.has(site.id))
        rejected.push({
          line: row.line,
          field: 'id',
          message: `site ${site.id} stands here twice`,
          remedy: 'Keep one of them.',
        });
      else if (neighbour(site)) {
        const { id } = neighbour(site)!;
        rejected.push({
          line: row.line,
          field: 'region',
          message: `${site.region} has the site ${id} already, and a region is planned as one place`,
          remedy: `Give it the id ${id} to take its place, or a region of its own.`,
        });
      } else {
        sites.set(site.id, site);
        for (const key of noted) counts.set(key, (counts.get(key) ?? 0) + 1);
      }
    }
    let replaced = 0;
    const collection = world.store.collection(SITES);
    for (const id of sites.keys()) if (await collection.get(id)) replaced++;
    call.commit(async (tx) => {
      for (const site of sites.values()) await tx.collection(SITES).put(site.id, site);
    });
    return {
      accepted: sites.size,
      replaced,
      sites: [...sites.values()].slice(0, 200).map(({ id, region, clusterId }) => ({ id, region, clusterId })),
      rejected: rejected.slice(0, 1000),
      assumed: [...counts].map(([key, count]) => {
        const [field = '', value = ''] = key.split('\t');
        return { field, value, count };
      }),
      warnings: await unseen(world.grid.regions(), [...sites.values()]),
    };
  },
  tell: (o) =>
    `${o.accepted} sites imported, ${o.replaced} of them replaced${o.rejected.length > 0 ? `; ${o.rejected.length} problems left others out` : ''}.`,
});

const unseen = async (regions: Promise<string[]>, sites: readonly Site[]): Promise<string[]> => {
  const known = new Set(await regions);
  return [...new Set(sites.map((site) => site.region))]
    .filter((region) => !known.has(region))
    .slice(0, 20)
    .map((region) => `The grid has no signal for ${region}; jobs there cannot be planned or accounted until it has.`);
};

const textOf = async (path: string, signal: AbortSignal): Promise<string> => {
  const { pieces } = await openText(path, signal);
  const parts: string[] = [];
  let length = 0;
  for await (const piece of pieces) {
    length += piece.length;
    if (length > LARGEST) throw invalid(`${path} is larger than 16 MiB`, 'Give the sites alone.');
    parts.push(piece);
  }
  return parts.join('');
};
