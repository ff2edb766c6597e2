/** What can be read by address: `caco://…`. Nothing is listed here that a tool does not also tell; long rows are read in pages. */
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Resource, ResourceTemplate } from '@modelcontextprotocol/sdk/types.js';
import type { App } from '../app.js';
import { VERIFICATIONS } from '../domain/evidence/verification.js';
import { invalid, notFound } from '../domain/fault.js';
import { JOBS, WORKLOADS } from '../domain/job.js';
import { PLACEMENTS, PLANS } from '../domain/plan.js';
import { ACTIVE_POLICIES, ACTIVE_POLICY, POLICY_SETS } from '../domain/policy/policy.js';
import { RUNS } from '../domain/run.js';
import { ANSWERS } from './answer.js';
import type { Caller, Menu } from './caller.js';

const PAGE = 100;
const CSV_PAGE = 1000;
const JSON_TYPE = 'application/json';
/** Ids as they stand in addresses: no slash, no dots in a row, so that none leads elsewhere. */
const ID = /^[A-Za-z0-9][A-Za-z0-9._:@-]{0,199}$/;

type Parts = Readonly<Record<string, string>>;
interface Address {
  readonly template: string;
  readonly name: string;
  readonly description: string;
  readonly mimeType: string;
  read(app: App, parts: Parts, query: URLSearchParams, caller: Caller): Promise<unknown>;
  /** Values that a part may take, newest first. */
  complete?(app: App): Promise<string[]>;
}

const one = async <T>(found: Promise<{ value: T } | undefined>, what: string, remedy: string): Promise<T> => {
  const document = await found;
  if (!document) throw notFound(`there is no ${what}`, remedy);
  return document.value;
};
const ids = async (documents: Promise<readonly { id: string }[]>) => (await documents).map((d) => d.id);
const reader = (caller: Caller) => ({ actor: { id: caller.id, via: 'mcp' as const } });
const from = (query: URLSearchParams) => {
  const start = Number(query.get('from') ?? 0);
  if (!Number.isInteger(start) || start < 0)
    throw invalid('from must be a row number from 0', 'Leave it out for the first page.');
  return start;
};

const ADDRESSES: readonly Address[] = [
  {
    template: 'caco://grid/{region}/forecast',
    name: 'Grid forecast',
    description: 'carbon intensity and price of a region over the next 48 hours, per step',
    mimeType: JSON_TYPE,
    read: (app, { region = '' }, _, caller) =>
      app.call('get_grid_forecast', { region, horizonHours: 48 }, reader(caller)),
    complete: (app) => app.world.grid.regions(),
  },
  {
    template: 'caco://runs/{id}',
    name: 'Run',
    description: 'one run: status, plan, decision and its story in words',
    mimeType: JSON_TYPE,
    read: (app, { id = '' }) =>
      one(app.world.store.collection(RUNS).get(id), `run ${id}`, 'get_status names the newest runs.'),
    complete: (app) => ids(app.world.store.collection(RUNS).list({ limit: PAGE })),
  },
  {
    template: 'caco://plans/{id}',
    name: 'Plan',
    description: 'totals before and after, bound, binding limits and signals of a plan',
    mimeType: JSON_TYPE,
    read: (app, { id = '' }) =>
      one(app.world.store.collection(PLANS).get(id), `plan ${id}`, 'make_plan makes one; get_status names the newest.'),
    complete: (app) => ids(app.world.store.collection(PLANS).list({ limit: PAGE })),
  },
  {
    template: 'caco://plans/{id}/schedule.csv',
    name: 'Schedule of a plan',
    description:
      'job_id, region, start, end, energy_kwh, emissions_kg, energy_cost per piece; ?after= goes on after 1000 rows',
    mimeType: 'text/csv',
    read: async (app, { id = '' }, query) => {
      await one(app.world.store.collection(PLANS).get(id), `plan ${id}`, 'get_status names the newest plans.');
      const after = query.get('after') ?? undefined;
      const { items, next } = await app.world.store.rows(PLACEMENTS).page(id, { after, limit: CSV_PAGE });
      const rows = items.map((p) =>
        [p.jobId, p.region, p.start, p.end, p.energyKwh, p.emissionsKg, p.energyCost].map(cell).join(','),
      );
      const text = ['job_id,region,start,end,energy_kwh,emissions_kg,energy_cost', ...rows, ''].join('\n');
      return { text, next: next === null ? null : `caco://plans/${id}/schedule.csv?after=${encodeURIComponent(next)}` };
    },
    complete: (app) => ids(app.world.store.collection(PLANS).list({ limit: PAGE })),
  },
  {
    template: 'caco://jobs/{id}',
    name: 'Job',
    description: 'one job of the newest workload that has it',
    mimeType: JSON_TYPE,
    read: async (app, { id = '' }) => {
      for (const workload of await app.world.store.collection(WORKLOADS).list({ limit: 50 })) {
        const job = await app.world.store.rows(JOBS).find(workload.id, id);
        if (job) return { workloadId: workload.id, job };
      }
      throw notFound(`there is no job ${id}`, 'list_jobs lists those that wait.');
    },
    complete: async (app) => {
      const [newest] = await app.world.store.collection(WORKLOADS).list({ limit: 1 });
      if (!newest) return [];
      const { items } = await app.world.store.rows(JOBS).page(newest.id, { limit: PAGE });
      return items.map((job) => job.id);
    },
  },
  {
    template: 'caco://evidence/{id}',
    name: 'Evidence of a saving',
    description:
      'claimed against verified saving, each cause of the difference, and the method; by id of the verification, its evidence or its plan',
    mimeType: JSON_TYPE,
    read: async (app, { id = '' }) => {
      const all = await app.world.store.collection(VERIFICATIONS).list({ limit: 1000 });
      const found = all.find(({ value: v }) => v.id === id || v.evidenceId === id || v.planId === id);
      if (!found)
        throw notFound(`there is no evidence ${id}`, 'verify_savings makes it once the plan’s window has closed.');
      return found.value;
    },
    complete: (app) => ids(app.world.store.collection(VERIFICATIONS).list({ limit: PAGE })),
  },
  {
    template: 'caco://ledger/{seq}',
    name: 'Ledger entry',
    description: 'one entry of the append-only ledger with its hashes',
    mimeType: JSON_TYPE,
    read: async (app, { seq = '' }) => {
      const at = Number(seq);
      const [entry] = Number.isSafeInteger(at) && at >= 0 ? await app.world.ledger.read(at, 1) : [];
      if (entry?.seq !== at)
        throw notFound(
          `there is no ledger entry ${seq}`,
          `Entries go from 0 to ${(await app.world.ledger.size()) - 1}.`,
        );
      return entry;
    },
  },
  {
    template: 'caco://tickets/{id}',
    name: 'Ticket',
    description: 'the words of a ticket that was filed',
    mimeType: 'text/markdown',
    read: async (app, { id = '' }, _, caller) => {
      const { markdown } = await app.call('list_tickets', { id }, reader(caller));
      return { text: markdown ?? '', next: null };
    },
  },
  {
    template: 'caco://policies/{id}',
    name: 'Policy',
    description: 'a set of constraints with the sentences they came from; `active` is the one in force',
    mimeType: JSON_TYPE,
    read: async (app, { id = '' }) => {
      const { store } = app.world;
      const active = (await store.collection(ACTIVE_POLICIES).get(ACTIVE_POLICY))?.value;
      if (id === 'active' && !active) return { active: null, note: 'no policy is in force' };
      return one(
        store.collection(POLICY_SETS).get(id === 'active' ? active!.setId : id),
        `policy ${id}`,
        '`caco policy list` lists them.',
      );
    },
    complete: async (app) => ['active', ...(await ids(app.world.store.collection(POLICY_SETS).list({ limit: PAGE })))],
  },
  {
    template: 'caco://docs/{topic}',
    name: 'Documentation',
    description: 'how figures are computed and what fields mean',
    mimeType: 'text/markdown',
    read: async (_, { topic = '' }) => {
      if (!topics().includes(topic)) throw notFound(`there is no page ${topic}`, `There are: ${topics().join(', ')}.`);
      return { text: readFileSync(join(docs()!, `${topic}.md`), 'utf8'), next: null };
    },
    complete: async () => topics(),
  },
  {
    template: 'caco://answers/{id}/{field}',
    name: 'Rest of an answer',
    description: 'rows of a list that an answer cut short; ?from= is the first row',
    mimeType: JSON_TYPE,
    read: async (app, { id = '', field = '' }, query) => {
      const { answer } = await one(
        app.world.store.collection(ANSWERS).get(id),
        `answer ${id}`,
        'Only the newest 200 are kept: call the tool again.',
      );
      const rows = field
        .split('.')
        .reduce<unknown>((at, key) => (at as Record<string, unknown> | null | undefined)?.[key], answer);
      if (!Array.isArray(rows))
        throw notFound(`answer ${id} has no list ${field}`, 'Take the uri from `more` of the tool’s answer.');
      const start = from(query);
      const end = start + PAGE;
      return {
        field,
        total: rows.length,
        from: start,
        rows: rows.slice(start, end),
        next: end < rows.length ? `caco://answers/${id}/${field}?from=${end}` : null,
      };
    },
  },
];

const FIXED: readonly Resource[] = [
  {
    uri: 'caco://status',
    name: 'Status',
    description: 'world, data age, newest runs and what waits',
    mimeType: JSON_TYPE,
  },
  {
    uri: 'caco://policies/active',
    name: 'Policy in force',
    description: 'confirmed constraints and their sentences',
    mimeType: JSON_TYPE,
  },
];

export const resourcesOf = (
  app: () => Promise<App>,
  caller: Caller,
): Pick<Menu, 'resources' | 'templates' | 'read' | 'completeResource'> => ({
  async resources() {
    const { world } = await app();
    const plans = await world.store.collection(PLANS).list({ limit: 10 });
    const runs = await world.store.collection(RUNS).list({ limit: 10 });
    return [
      ...FIXED,
      ...topics().map((topic) => ({
        uri: `caco://docs/${topic}`,
        name: `Documentation: ${topic}`,
        mimeType: 'text/markdown',
      })),
      ...runs.map(({ value: r }) => ({
        uri: `caco://runs/${r.id}`,
        name: `Run ${r.id}`,
        description: `${r.status}, ${r.scenario}, started ${r.startedAt}`,
        mimeType: JSON_TYPE,
      })),
      ...plans.map(({ value: p }) => ({
        uri: `caco://plans/${p.id}`,
        name: `Plan ${p.id}`,
        description: `${p.jobs.moved} of ${p.jobs.total} jobs move, made ${p.madeAt}`,
        mimeType: JSON_TYPE,
      })),
    ];
  },
  templates: async (): Promise<ResourceTemplate[]> =>
    ADDRESSES.map(({ template, name, description, mimeType }) => ({
      uriTemplate: template,
      name,
      description,
      mimeType,
    })),
  async read(uri) {
    const [path = '', search = ''] = uri.split('?', 2);
    const opened = await app();
    if (path === 'caco://status') return json(uri, await opened.call('get_status', {}, reader(caller)));
    for (const address of ADDRESSES) {
      const parts = match(address.template, path);
      if (!parts) continue;
      const found = await address.read(opened, parts, new URLSearchParams(search), caller);
      if (address.mimeType === JSON_TYPE) return json(uri, found);
      const { text, next } = found as { text: string; next: string | null };
      return { contents: [{ uri, mimeType: address.mimeType, text, ...(next === null ? {} : { _meta: { next } }) }] };
    }
    throw notFound(
      `there is no resource ${uri.slice(0, 200)}`,
      'resources/list and resources/templates/list name those there are.',
    );
  },
  async completeResource(template, argument) {
    const address = ADDRESSES.find((a) => a.template === template);
    if (!address?.complete || !template.includes(`{${argument}}`)) return [];
    return address.complete(await app());
  },
});

const json = (uri: string, value: unknown) => ({
  contents: [{ uri, mimeType: JSON_TYPE, text: JSON.stringify(value) }],
});

/** The parts of an address, decoded; undefined when it is another one or a part is no id. */
const match = (template: string, path: string): Parts | undefined => {
  const wanted = template.split('/');
  const given = path.split('/');
  if (wanted.length !== given.length) return undefined;
  const parts: Record<string, string> = {};
  for (const [i, part] of wanted.entries()) {
    const name = /^\{(.+)\}$/.exec(part)?.[1];
    if (name === undefined) {
      if (part !== given[i]) return undefined;
      continue;
    }
    let value: string;
    try {
      value = decodeURIComponent(given[i]!);
    } catch {
      return undefined;
    }
    if (!ID.test(value)) return undefined;
    parts[name] = value;
  }
  return parts;
};

const cell = (value: string | number) => {
  const text = String(value);
  return /[",\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
};

/** Beside the sources and beside dist/ alike. */
const docs = (): string | undefined => {
  const here = dirname(fileURLToPath(import.meta.url));
  return [join(here, '..', 'docs'), join(here, '..', '..', 'docs')].find((folder) => existsSync(folder));
};
const topics = (): string[] => {
  const folder = docs();
  if (folder === undefined) return [];
  return readdirSync(folder)
    .filter((name) => /^[a-z0-9-]+\.md$/.test(name))
    .map((name) => name.slice(0, -3))
    .sort();
};
