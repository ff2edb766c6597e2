/**
 * Sites as people write them: JSON, YAML or CSV, snake_case or camelCase, with the plainest tariffs on one line:
 *
 *     id,region,cluster_id,power_cap_kw,pue,energy_price_per_mwh
 *     hpc-1,GB,hpc-1,9000,1.2,90
 */
import { createRequire } from 'node:module';
import { invalid } from '../../domain/fault.js';
import { Site } from '../../domain/site.js';
import { isTimeZone } from '../../domain/time.js';
import { csvRows, decimal, separatorOf } from './formats/formats.js';

export interface SiteProblem {
  readonly line: number;
  readonly field: string;
  readonly message: string;
  readonly remedy: string;
}

export interface SiteRow {
  readonly line: number;
  readonly value: Record<string, unknown>;
}

const camel = (name: string): string => name.trim().replace(/[_\s-]+([a-z0-9])/gi, (_, c: string) => c.toUpperCase());

/** Member names only; instance types and other keys of people's own stay as they are. */
const OPEN = new Set(['instancePricesPerHour']);
const camelKeys = (value: unknown): unknown => {
  if (Array.isArray(value)) return value.map(camelKeys);
  if (value === null || typeof value !== 'object') return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => {
      const name = camel(key);
      return [name, OPEN.has(name) ? inner : camelKeys(inner)];
    }),
  );
};

/** Throws Fault `invalid-input` for a text that is none of the three, or holds no sites. */
export const siteRows = async (text: string): Promise<SiteRow[]> => {
  const trimmed = text.trimStart();
  const firstLine = trimmed.split('\n', 1)[0] ?? '';
  const isCsv = !/^[{[]/.test(trimmed) && !/^[\w-]+\s*:/.test(firstLine) && !/^(-|#)/.test(firstLine);
  const rows = isCsv ? await fromCsv(text) : fromDocument(text);
  if (rows.length === 0)
    throw invalid('the file holds no sites', 'Give a list of sites; docs/methods/fleet.md has one.');
  return rows;
};

/** JSON is YAML; a document is a list, `{sites: […]}` or one site. */
const fromDocument = (text: string): SiteRow[] => {
  // Loaded where there is something to read: every start would pay for it otherwise.
  const { parseDocument } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  const document = parseDocument(text, { uniqueKeys: true });
  const [error] = document.errors;
  if (error) throw invalid(`the file is neither JSON nor YAML: ${error.message.split('\n')[0]}`, 'Mend the file.');
  const root: unknown = document.toJS({ maxAliasCount: 100 });
  const list = Array.isArray(root) ? root : (root as { sites?: unknown } | null)?.sites;
  const items = Array.isArray(list) ? list : typeof root === 'object' && root !== null ? [root] : [];
  return items.map((item, i) => {
    if (typeof item !== 'object' || item === null || Array.isArray(item))
      throw invalid(`site ${i + 1} is not an object`, 'Give each site as an object with at least id and region.');
    return { line: i + 1, value: camelKeys(item) as Record<string, unknown> };
  });
};

const NUMBERS = new Set([
  'pue',
  'powerCapKw',
  'vcpuCapacity',
  'gpuCapacity',
  'egressPerGb',
  'energyPricePerMwh',
  'levyPerMwh',
  'demandChargePerKw',
]);

const fromCsv = async (text: string): Promise<SiteRow[]> => {
  const separator = separatorOf(text.split('\n', 1)[0] ?? '');
  const pieces = async function* () {
    yield text;
  };
  const rows: SiteRow[] = [];
  let header: string[] | undefined;
  for await (const batch of csvRows(pieces(), separator))
    for (const { line, cells } of batch) {
      if (header === undefined) {
        header = cells.map(camel);
        continue;
      }
      const value: Record<string, unknown> = {};
      header.forEach((name, i) => {
        const cell = cells[i]?.trim() ?? '';
        if (cell === '' || name === '') return;
        value[name] = NUMBERS.has(name) ? (decimal(cell, separator !== ',') ?? cell) : cell;
      });
      rows.push({ line, value });
    }
  return rows;
};

/** The plain spellings `energyPricePerMwh`, `levyPerMwh` and `demandChargePerKw` beside the tariff become one. */
const withTariff = (value: Record<string, unknown>, note: (field: string, value: string) => void) => {
  const { energyPricePerMwh, levyPerMwh, demandChargePerKw, ...site } = value;
  if (site.tariff !== undefined) return value;
  if (energyPricePerMwh === undefined || energyPricePerMwh === 'signal') {
    if (energyPricePerMwh === undefined) note('tariff.energy', 'the grid’s price signal');
    site.tariff = { energy: { kind: 'signal' } };
  } else site.tariff = { energy: { kind: 'flat', pricePerMwh: energyPricePerMwh } };
  const tariff = site.tariff as Record<string, unknown>;
  if (levyPerMwh !== undefined) tariff.levyPerMwh = levyPerMwh;
  if (demandChargePerKw !== undefined) tariff.demandChargePerKw = demandChargePerKw;
  return site;
};

/** A checked site, or what is wrong with the row. */
export const siteOf = (
  { line, value }: SiteRow,
  currency: string,
  note: (field: string, value: string) => void,
): Site | SiteProblem[] => {
  const given = withTariff(value, note);
  if (given.currency === undefined) note('currency', currency);
  if (given.pue === undefined) note('pue', '1.1');
  if (given.payer === undefined) note('payer', 'owner');
  if (given.powerCapKw === undefined) note('power_cap_kw', 'none');
  const parsed = Site.safeParse({ currency, ...given });
  if (!parsed.success)
    return parsed.error.issues.map((issue) => ({
      line,
      field: issue.path.join('.') || (issue.code === 'unrecognized_keys' ? issue.keys.join(', ') : '(site)'),
      message: issue.message,
      remedy: 'Mend the named member; docs/methods/fleet.md lists them all with their units.',
    }));
  const site = parsed.data;
  const zones = [site.timeZone, ...(site.tariff.energy.kind === 'bands' ? [site.tariff.energy.timeZone] : [])];
  const wrong = zones.find((zone) => !isTimeZone(zone));
  if (wrong !== undefined)
    return [
      {
        line,
        field: 'timeZone',
        message: `${wrong} is not a time zone`,
        remedy: 'Use an IANA name such as Europe/London.',
      },
    ];
  if (site.currency !== currency)
    return [
      {
        line,
        field: 'currency',
        message: `the site counts in ${site.currency}, this world in ${currency}`,
        remedy: `Convert its prices to ${currency}, or choose a scenario in ${site.currency}.`,
      },
    ];
  return site;
};
