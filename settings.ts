/** What can be set: each setting's name, schema, default and description. How they are read is `config.ts`'s. */
import { homedir } from 'node:os';
import { join } from 'node:path';
import { z } from 'zod';
import { CHOICES, readChoice, SOURCE_SETTINGS } from './tools/grid/sources/sources.js';
import { CHAIN_SETTINGS } from './tools/kwhsave/chains/chains.js';

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

/** A switch as environments spell it. */
const onOff = z.preprocess((value) => {
  if (['true', '1', 'on', 'yes'].includes(value as string)) return true;
  return ['false', '0', 'off', 'no'].includes(value as string) ? false : value;
}, z.boolean());
const words = (text: string) => text.split(',').map((word) => word.trim());
const httpUrl = z.url({ protocol: /^https?$/ });

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
  durations: setting(
    z.enum(['asked', 'foretold']).default('asked'),
    'how long a job that says only its time limit is taken to run: asked (the limit) | foretold (by the model that `caco train --jobs` made from a history)',
  ),
  simulate: setting(
    z.enum(['queue', 'all']).default('queue'),
    'queue: only the queue of a simulated fleet is played to its end at once; all: work that you brought too, so that its run is told as if it had happened',
  ),
  now: setting(
    z.string().optional(),
    'what now is (ISO 8601 with Z or offset; `present` is the machine’s clock, which moves on); a recorded or simulated world starts at its scenario’s instant, one over a signal file where the newest workload that it covers starts, and a live one uses the system’s clock',
  ),
  grid: setting(
    z
      .string()
      .refine((text) => readChoice(text) !== null, `must be ${CHOICES.join(', ')}, live, or a list of these by region`)
      .optional(),
    `where signals come from: ${CHOICES.join(' | ')} | live (every live source without a key), or a list such as FR=file:fr.csv,live; the scenario’s choice when left out`,
  ),
  ...SOURCE_SETTINGS,
  fleet: setting(
    z.enum(['sim', 'files', 'slurm', 'kubernetes']).default('sim'),
    'sim | files (jobs come by ingest only) | slurm (the cluster whose commands are here, docs/slurm.md) | kubernetes (the cluster of KUBECONFIG, docs/kubernetes.md)',
  ),
  dryRun: setting(
    onOff.default(true),
    'on: no job of a real scheduler is changed, `caco changes` lists what would be run',
  ),
  observe: setting(
    onOff.default(false),
    'on: a pilot; plans are made and decided, nothing is placed anywhere, and `caco pilot report` says what it would have come to (docs/pilot.md)',
  ),
  slurmPartitions: setting(z.string().optional(), 'partitions to plan, each with its site’s id: main=hpc-1,gpu=hpc-2'),
  slurmAccounts: setting(z.string().optional(), 'accounts whose jobs are planned, parted by commas; all when left out'),
  slurmConsent: setting(
    z.enum(['comment', 'all']).default('comment'),
    'whose jobs may be moved: those whose comment says so (caco:flex=MINUTES), or all but those that say caco:move=no',
  ),
  slurmCluster: setting(z.string().optional(), 'the cluster that is meant where the accounts know several'),
  kubernetesContext: setting(z.string().optional(), 'context of the kubeconfig; its current one when left out'),
  kubernetesNamespaces: setting(
    z.string().optional(),
    'namespaces whose Jobs are planned, parted by commas; all when left out',
  ),
  kubernetesSites: setting(
    z.string().optional(),
    'values of the nodes’ site label, each with its site’s id: zone-a=hpc-1,zone-b=hpc-2; all nodes at the cluster’s site when left out',
  ),
  kubernetesSiteLabel: setting(
    z.string().default('topology.kubernetes.io/zone'),
    'label of nodes that says at which site they stand',
  ),
  kubernetesConsent: setting(
    z.enum(['label', 'all']).default('label'),
    'whose Jobs may be held: those whose label says so (caco.dev/move=yes), or all but those that say no',
  ),
  kubernetesHome: setting(z.string().min(1).default('caco'), 'namespace of the leases, where the releaser runs'),
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
  ...CHAIN_SETTINGS,
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
      .regex(
        /^(none|ollama\/.+|openai\/.+|langchain\/[^:/]+:.+)$/,
        'must be none, ollama/NAME, openai/NAME or langchain/PROVIDER:NAME',
      )
      .default('none'),
    'language model for words: none | ollama/NAME | openai/NAME | langchain/PROVIDER:NAME',
  ),
  modelTimeoutS: setting(positive.default(30), 'seconds before the model is given up and templates speak'),
  tracing: setting(
    z.enum(['off', 'otel', 'langsmith']).default('off'),
    'off: no traces, whatever LangChain’s variables say | otel: spans of runs, nodes, tools and models to OTEL_EXPORTER_OTLP_ENDPOINT | langsmith: LangChain’s packages send theirs, with LANGSMITH_API_KEY',
  ),
  tracingContents: setting(
    onOff.default(false),
    'on: prompts, answers, states and what tools are given go with the traces',
  ),
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
  a2aUrl: setting(
    httpUrl.optional(),
    'public base of the three agents, which their cards name; the address that `caco serve` listens on when left out',
  ),
  computeAgent: setting(
    httpUrl.optional(),
    'card of another compute agent (A2A), whose jobs and sites coordination plans instead of its own',
  ),
  computeAgentToken: setting(z.string().optional(), 'bearer token for it'),
  gridAgent: setting(
    httpUrl.optional(),
    'card of another grid agent (A2A), whose forecast coordination plans with instead of its own',
  ),
  gridAgentToken: setting(z.string().optional(), 'bearer token for it'),
  agentTimeoutS: setting(positive.default(60), 'seconds that another agent may take for an answer'),
  a2aOrigins: setting(
    z.preprocess(
      (text) => (typeof text === 'string' ? words(text).filter((word) => word !== '') : text),
      z.array(httpUrl.refine((text) => new URL(text).origin === text, 'must be SCHEME://HOST[:PORT]')).default([]),
    ),
    'origins, joined by commas, that A2A may lead to beside public ones over https: push addresses of clients, and endpoints that another agent’s card names',
  ),
  logLevel: setting(
    z.enum(['silent', 'error', 'warn', 'info', 'debug']).default('warn'),
    'log level, to standard error',
  ),
  becknBppId: setting(z.string().default('bpp.caco.example'), 'our subscriber id as a seller', 'BECKN_BPP_ID'),
  becknBppUri: setting(
    httpUrl.optional(),
    'public base of our seller, under which each action lies; the address that the program listens on, with /beckn, when left out',
    'BECKN_BPP_URI',
  ),
  becknBapId: setting(z.string().default('bap.caco.example'), 'our subscriber id as a buyer', 'BECKN_BAP_ID'),
  becknBapUri: setting(
    httpUrl.optional(),
    'public base of our buyer, under which callbacks come in; as the seller’s when left out',
    'BECKN_BAP_URI',
  ),
  becknKeyId: setting(z.string().default('k1'), 'name of our signing key, the second part of keyId', 'BECKN_KEY_ID'),
  becknSigningPrivateKey: setting(
    z.string().optional(),
    'Ed25519 key, base64 of a seed, of seed and public half, or PKCS#8; made once in CACO_HOME when left out',
    'BECKN_SIGNING_PRIVATE_KEY',
  ),
  becknSigningPrivateKeyFile: setting(
    z.string().optional(),
    'file that holds it instead',
    'BECKN_SIGNING_PRIVATE_KEY_FILE',
  ),
  becknEncryptionPrivateKey: setting(
    z.string().optional(),
    'X25519 key for the challenge of a registry; made once when left out',
    'BECKN_ENCRYPTION_PRIVATE_KEY',
  ),
  becknRegistryEncryptionPublicKey: setting(
    z.string().optional(),
    'X25519 key of the registry, which its challenge is made with',
    'BECKN_REGISTRY_ENCRYPTION_PUBLIC_KEY',
  ),
  becknRegistryUrl: setting(
    httpUrl.optional(),
    'registry: keys and addresses of participants by POST URL/lookup',
    'BECKN_REGISTRY_URL',
  ),
  becknTrustFile: setting(z.string().optional(), 'or a JSON list of registry rows; works offline', 'BECKN_TRUST_FILE'),
  becknDomains: setting(
    z
      .string()
      .default(
        'deg:demand-flexibility,deg:flexibility,beckn.one:DEG:compute-energy:1.0,beckn.one:DEG:demand-flexibility:1.0',
      ),
    'domains that we trade in, joined by commas; the first is what we send',
    'BECKN_DOMAINS',
  ),
  becknDialects: setting(
    z
      .string()
      .default('1.1,0.9.4')
      .refine(
        (text) => words(text).length > 0 && words(text).every((word) => ['1.1', '0.9.4', '2.0-draft'].includes(word)),
        'must be of 1.1, 0.9.4 and 2.0-draft',
      ),
    'dialects that are answered, joined by commas (2.0-draft is bought in, and not answered); the first is what we send',
    'BECKN_DIALECTS',
  ),
  becknAllowInsecureUrls: setting(
    onOff.default(false),
    'true: peers may have http addresses and private ones; else https and public ones only',
    'BECKN_ALLOW_INSECURE_URLS',
  ),
  becknClockSkewS: setting(notNegative.default(5), 'seconds that a peer’s clock may be ahead', 'BECKN_CLOCK_SKEW_S'),
  becknDefaultTtl: setting(z.string().default('PT30S'), 'how long our requests hold, ISO 8601', 'BECKN_DEFAULT_TTL'),
  becknMaxBodyBytes: setting(
    z.coerce.number().int().min(1024).default(1_048_576),
    'largest message that is read',
    'BECKN_MAX_BODY_BYTES',
  ),
  becknCallbackTimeoutMs: setting(
    positive.default(10_000),
    'milliseconds that a peer may take to acknowledge',
    'BECKN_CALLBACK_TIMEOUT_MS',
  ),
  becknCallbackMaxAttempts: setting(
    z.coerce.number().int().min(1).default(8),
    'tries before a message is put aside for a person',
    'BECKN_CALLBACK_MAX_ATTEMPTS',
  ),
  becknCallbackFirstRetryMs: setting(
    positive.default(1000),
    'wait before the second try; doubles up to five minutes',
    'BECKN_CALLBACK_FIRST_RETRY_MS',
  ),
  becknCallbackMessageId: setting(
    z.enum(['echo', 'fresh']).default('echo'),
    'echo: a callback has the message id of its request; fresh: one of its own',
    'BECKN_CALLBACK_MESSAGE_ID',
  ),
  becknRequireSignature: setting(
    onOff.default(true),
    'false: unsigned messages are taken, on loopback only and said at each start',
    'BECKN_REQUIRE_SIGNATURE',
  ),
  marketStandingKw: setting(
    notNegative.default(20_000),
    'orders up to this many kW are taken by the standing rule where the policy allows; larger ones wait for a person',
  ),
  marketMarginPerMwh: setting(notNegative.default(25), 'money per MWh on top of what putting work off costs'),
  marketNoticeMinutes: setting(notNegative.default(5), 'minutes before a window until which it is sold'),
  marketPlace: setting(
    z
      .string()
      .regex(/^-?\d+(\.\d+)?, ?-?\d+(\.\d+)?$/, 'must be latitude,longitude')
      .default('52.2053,0.1218'),
    'where our sites are, latitude,longitude',
  ),
  marketPhone: setting(z.string().optional(), 'whom buyers may call'),
  marketEmail: setting(z.string().optional(), 'whom buyers may write to'),
  carbonPricePerTonne: setting(notNegative.default(75), 'carbon price in the objective, money per tonne CO2e'),
  kwPerVcpu: setting(positive.default(0.005), 'kW per vCPU, vCPU-linear power model'),
  kwPerGpu: setting(positive.default(0.4), 'kW per whole GPU under load'),
  uncertaintyRatio: setting(share.default(0.2), 'half-width of an emissions interval, as a share'),
  confidence: setting(z.coerce.number().gt(0).lt(1).default(0.95), 'stated coverage of intervals'),
  slotMinutes: setting(z.coerce.number().int().min(5).max(60).default(30), 'grid of the plan in minutes'),
  embodiedGPerVcpuHour: setting(notNegative.default(0.9), 'embodied emissions for SCI, g per vCPU-hour'),
} as const;

export type SettingName = keyof typeof SETTINGS;

/** Never shown: `config show` says only that they are set. */
export const SECRETS: ReadonlySet<SettingName> = new Set([
  ...([
    'becknSigningPrivateKey',
    'becknEncryptionPrivateKey',
    'jiraToken',
    'githubToken',
    'openaiApiKey',
    'meterToken',
    'computeAgentToken',
    'gridAgentToken',
    'meterPassword',
    'token',
    'databaseUrl',
  ] as const),
  ...(Object.keys(SETTINGS) as SettingName[]).filter(
    (name) => (SETTINGS[name] as { readonly secret?: true }).secret === true,
  ),
]);
