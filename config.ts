/** Every setting, read once from flags, environment, caco.yaml, the user's file and defaults, in that order of strength, and frozen. */
import { existsSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { homedir } from 'node:os';
import { join, resolve } from 'node:path';
import type { z } from 'zod';
import { SECRETS, SETTINGS, type SettingName } from './settings.js';

export { SETTINGS, type SettingName } from './settings.js';

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
