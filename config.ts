/** Every setting, read once from flags, environment, caco.yaml, the user's file and defaults, in that order of strength, and frozen. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import { z } from 'zod';
import { CHOICES, readChoice, SOURCE_SETTINGS } from './tools/grid/sources/sources.js';

const port = z.coerce.number().int().min(0).max(65535);
const positive = z.coerce.number().positive();
const notNegative = z.coerce.number().min(0);
const share = z.coerce.number().min(0).max(1);

/** A mapping as it stands in caco.yaml, or the same as JSON where only text can be given. */
const mapping = (value: unknown): unknown => {
  if (typeof value !== 'string') return value;
  try {
    return JSON.parse(value);
  } catch {
    return value;
  }
};

const setting = <S extends z.ZodType>(schema: S, description: string, env?: string) => ({ schema, description, env });

/** Name in caco.yaml → schema, description, and the environment variable where it is not CACO_ + upper snake case. */
export const SETTINGS = {
  home: setting(
    z.string().min(1).default(join(homedir(), '.caco')),
    'the one folder that holds state: store, keys, tickets',
  ),
  databaseUrl: setting(
    z
      .string()
      .regex(/^postgres(ql)?:/, 'must be a postgres:// URL')
      .optional(),
    'Postgres instead of the SQLite file',
    'DATABASE_URL',
  ),
  scenario: setting(z.string().default('gb-hpc'), 'name of a shipped scenario or path of a scenario file'),
  setting: setting(
    z.preprocess(mapping, z.record(z.string(), z.unknown()).optional()),
    'a place of your own instead of a scenario: a mapping in caco.yaml with name, currency and thresholds (docs/scenarios.md)',
  ),
  seed: setting(
    z.coerce.number().int().min(0).optional(),
    'seed of the simulated world; the scenario’s own when left out',
  ),
  forecaster: setting(
    z.enum(['auto', 'profile']).default('auto'),
    'who forecasts where a source has no forecast: auto takes the model that `caco train` made for the region, the 7-day profile where there is none',
  ),
  simulate: setting(
    z.enum(['queue', 'all']).default('queue'),
    'queue: only the queue of a simulated fleet is played to its end at once; all: work that you brought too, so that its run is told as if it had happened',
  ),
  now: setting(
    z.string().optional(),
    'what now is (ISO 8601 with Z or offset); a recorded or simulated world starts at its scenario’s instant, one over a signal file where the newest workload that it covers starts, and a live one uses the system’s clock',
  ),
  grid: setting(
    z
      .string()
      .refine((text) => readChoice(text) !== null, `must be ${CHOICES.join(', ')}, live, or a list of these by region`)
      .optional(),
    `where signals come from: ${CHOICES.join(' | ')} | live (every live source without a key), or a list such as FR=file:fr.csv,live; the scenario’s choice when left out`,
  ),
  ...SOURCE_SETTINGS,
  fleet: setting(z.enum(['sim', 'files']).default('sim'), 'sim | files (jobs come by ingest only)'),
  meter: setting(
    z.enum(['none', 'rapl', 'sim', 'redfish', 'kepler', 'scaphandre', 'prometheus']).default('none'),
    'what energy is measured with: none (what was imported is used) | rapl (the daemon of this machine) | sim | redfish | kepler | scaphandre | prometheus',
  ),
  meterUrl: setting(
    z.url().optional(),
    'where the meter answers: management controller, exporter or Prometheus server',
  ),
  meterUser: setting(z.string().optional(), 'account at the meter'),
  meterPassword: setting(z.string().optional(), 'its password'),
  meterToken: setting(z.string().optional(), 'bearer token at the meter, instead of an account'),
  meterSocket: setting(z.string().optional(), 'socket of caco rapl-daemon; /run/caco/rapl.sock when left out'),
  meterWallRatio: setting(
    z.coerce.number().min(1).max(10).optional(),
    'kWh at a machine’s power supplies per kWh that counters of its parts tell; without it such counters replace no model',
  ),
  tickets: setting(z.enum(['files', 'jira', 'github']).default('files'), 'where tickets go: files | jira | github'),
  deployment: setting(
    z.string().min(1).default('main'),
    'which installation this is; part of every ticket key, so two that share a Jira project or repository must differ',
  ),
  jiraUrl: setting(z.url().optional(), 'Jira site, for links'),
  jiraApiUrl: setting(z.url().optional(), 'Jira API base; the site when left out, the gateway for scoped tokens'),
  jiraEmail: setting(z.string().optional(), 'Jira account'),
  jiraToken: setting(z.string().optional(), 'Jira API token'),
  jiraProject: setting(z.string().optional(), 'Jira project key'),
  jiraIssueType: setting(z.string().default('Task'), 'Jira issue type, by name'),
  githubApiUrl: setting(z.url().default('https://api.github.com'), 'GitHub API base'),
  githubRepo: setting(
    z
      .string()
      .regex(/^[^/\s]+\/[^/\s]+$/, 'must be owner/name')
      .optional(),
    'GitHub repository, owner/name',
  ),
  githubToken: setting(z.string().optional(), 'GitHub token'),
  model: setting(
    z
      .string()
      .regex(/^(none|ollama\/.+|openai\/.+)$/, 'must be none, ollama/NAME or openai/NAME')
      .default('none'),
    'language model for words: none | ollama/NAME | openai/NAME',
  ),
  modelTimeoutS: setting(positive.default(30), 'seconds before the model is given up and templates speak'),
  ollamaHost: setting(z.string().default('http://127.0.0.1:11434'), 'Ollama server', 'OLLAMA_HOST'),
  openaiBaseUrl: setting(
    z.string().default('https://api.openai.com/v1'),
    'OpenAI-compatible endpoint',
    'OPENAI_BASE_URL',
  ),
  openaiApiKey: setting(z.string().optional(), 'key of that endpoint', 'OPENAI_API_KEY'),
  token: setting(
    z.string().optional(),
    'token whose owner acts at the command line instead of the operating-system user',
  ),
  mcpDialog: setting(
    z.enum(['on', 'off']).default('on'),
    'on: an assistant’s program may show an approval to the person at it and return their answer; off: answers come by `caco approve` and HTTP only',
  ),
  host: setting(
    z.string().default('127.0.0.1'),
    'address that `caco serve` listens on; another than loopback needs tokens',
  ),
  port: setting(port.default(8080), 'port of `caco serve`'),
  logLevel: setting(
    z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('warn'),
    'log level, to standard error',
  ),
  carbonPricePerTonne: setting(notNegative.default(75), 'carbon price in the objective, money per tonne CO2e'),
  kwPerVcpu: setting(positive.default(0.005), 'kW per vCPU, vCPU-linear power model'),
  kwPerGpu: setting(positive.default(0.4), 'kW per whole GPU under load'),
  uncertaintyRatio: setting(share.default(0.2), 'half-width of an emissions interval, as a share'),
  confidence: setting(z.coerce.number().gt(0).lt(1).default(0.95), 'stated coverage of intervals'),
  slotMinutes: setting(z.coerce.number().int().min(5).max(60).default(30), 'grid of the plan in minutes'),
  embodiedGPerVcpuHour: setting(notNegative.default(0.9), 'embodied emissions for SCI, g per vCPU-hour'),
} as const;

export type SettingName = keyof typeof SETTINGS;
export type Config = { readonly [K in SettingName]: z.output<(typeof SETTINGS)[K]['schema']> };
/** The strongest first. */
const ORIGINS = ['flag', 'environment', 'caco.yaml', 'user file', 'default'] as const;
export type Origin = (typeof ORIGINS)[number];

/** A setting as `config show` lists it. Secrets are masked. */
export interface Setting {
  readonly name: string;
  readonly value: unknown;
  readonly origin: Origin;
  readonly env: string;
  readonly description: string;
}

/** Carries every problem at once; the CLI shows it as bad usage. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  constructor(readonly problems: readonly { setting: string; origin: Origin; message: string }[]) {
    super(problems.map((p) => `${p.setting} (${p.origin}): ${p.message}`).join('\n'));
  }
}

export const envName = (name: SettingName): string =>
  (SETTINGS[name] as { readonly env?: string | undefined }).env ??
  `CACO_${name.replace(/[A-Z]/g, (c) => `_${c}`).toUpperCase()}`;

const names = Object.keys(SETTINGS) as SettingName[];
const SECRETS: ReadonlySet<SettingName> = new Set([
  ...(['jiraToken', 'githubToken', 'openaiApiKey', 'meterToken', 'meterPassword', 'token', 'databaseUrl'] as const),
  ...names.filter((name) => (SETTINGS[name] as { readonly secret?: true }).secret === true),
]);

const readYaml = (path: string, origin: Origin, problems: { setting: string; origin: Origin; message: string }[]) => {
  if (!existsSync(path)) return {};
  // Loaded where there is a file to read: most starts have none, and a start is what people wait for.
  const { parse } = createRequire(import.meta.url)('yaml') as typeof import('yaml');
  try {
    const document: unknown = parse(readFileSync(path, 'utf8')) ?? {};
    if (typeof document !== 'object' || Array.isArray(document)) throw new Error('must be a mapping of settings');
    for (const key of Object.keys(document as object))
      if (!(key in SETTINGS))
        problems.push({ setting: key, origin, message: `unknown setting; \`caco config show\` lists them` });
    return document as Record<string, unknown>;
  } catch (error) {
    problems.push({ setting: path, origin, message: (error as Error).message });
    return {};
  }
};

/** Throws ConfigError with every problem listed. Reads nothing but its arguments and the two files. */
export const readConfig = (
  flags: Partial<Record<SettingName, unknown>> = {},
  env: NodeJS.ProcessEnv = process.env,
  folder: string = process.cwd(),
): { config: Config; settings: Setting[] } => {
  const problems: { setting: string; origin: Origin; message: string }[] = [];
  const folderFile = readYaml(join(folder, 'caco.yaml'), 'caco.yaml', problems);
  const userFile = readYaml(
    join(env.XDG_CONFIG_HOME ?? join(homedir(), '.config'), 'caco', 'caco.yaml'),
    'user file',
    problems,
  );
  const config: Record<string, unknown> = {};
  const settings: Setting[] = [];
  for (const name of names) {
    const variable = env[envName(name)];
    const sources: [Origin, unknown][] = [
      ['flag', flags[name]],
      ['environment', variable === '' ? undefined : variable],
      ['caco.yaml', folderFile[name]],
      ['user file', userFile[name]],
      ['default', undefined],
    ];
    const [origin, raw] = sources.find(([from, value]) => value !== undefined || from === 'default')!;
    const parsed = SETTINGS[name].schema.safeParse(raw);
    if (parsed.success) {
      const value = name === 'home' ? resolve(folder, String(parsed.data)) : parsed.data;
      config[name] = value;
      settings.push({
        name,
        value: SECRETS.has(name) && value !== undefined ? '(set)' : value,
        origin,
        env: envName(name),
        description: SETTINGS[name].description,
      });
    } else for (const issue of parsed.error.issues) problems.push({ setting: name, origin, message: issue.message });
  }
  // Whichever of the two was said more strongly is the world: `--scenario` over a place of one's own in caco.yaml.
  const strength = (name: SettingName) => ORIGINS.indexOf(settings.find((s) => s.name === name)?.origin ?? 'default');
  if (strength('scenario') < strength('setting')) config.setting = undefined;
  if (problems.length > 0) throw new ConfigError(problems);
  return { config: Object.freeze(config) as Config, settings };
};

/** The text of `.env.example`; `npm run docs` writes it. */
export const envExample = (): string =>
  [
    '# Settings of CACO. Flags beat the environment, which beats caco.yaml in the working folder, the user file and these defaults.',
    ...names.flatMap((name) => {
      const parsed = SETTINGS[name].schema.safeParse(undefined);
      const value =
        name === 'home' ? '~/.caco' : parsed.success && parsed.data !== undefined ? String(parsed.data) : '';
      return ['', `# ${SETTINGS[name].description}`, `# ${envName(name)}=${value}`];
    }),
    '',
  ].join('\n');
