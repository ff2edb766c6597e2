/**
 * How a command is written: it gets a Context and answers with the JSON document and the text for people; everything else
 * (settings as flags, --json, faults, exit codes, Ctrl-C, closing the store) happens here.
 */
import { userInfo } from 'node:os';
import { type Command, Option } from 'commander';
import type { App, CallBy, Progress, Tool, ToolAnswer, ToolInput, ToolName } from '../app.js';
import { type Config, readConfig, SETTINGS, type Setting, type SettingName } from '../config.js';
import type { Actor } from '../domain/decision.js';
import { Fault } from '../domain/fault.js';
import { EXIT, failureOf } from './exit.js';
import { progressLine } from './terminal.js';

/** What a command answers. `json` is the one document of `--json`; `text` is for people; both without a final newline. */
export interface Answer {
  readonly json: unknown;
  readonly text: string;
  readonly exitCode?: number;
}

export interface Context {
  readonly config: Config;
  readonly settings: readonly Setting[];
  readonly json: boolean;
  /** Aborts at Ctrl-C. */
  readonly signal: AbortSignal;
  /** The world, opened at the first call and closed when the command ends. */
  app(): Promise<App>;
  /** Who acts: the owner of CACO_TOKEN, whose scope must allow it, else the operating-system user. */
  actor(needed: Scope): Promise<Actor>;
  /** Calls a tool as this person, with progress shown. */
  call<N extends ToolName>(tool: N, input: ToolInput<N>, by?: Partial<CallBy>): Promise<ToolAnswer<N>>;
  /** The same for a tool whose name was typed. */
  callNamed(tool: string, input: unknown, by?: Partial<CallBy>): Promise<unknown>;
  /** A tool's answer in its own words. */
  tell<N extends ToolName>(tool: N, answer: ToolAnswer<N>): Promise<string>;
  /** Progress of a long computation, on a terminal only. */
  progress(step: Progress): void;
  /** One line to standard error. */
  warn(text: string): void;
}

/** Nothing is answered by a command that speaks for itself, such as a server or a stream of lines. */
export type Action = (
  context: Context,
  args: string[],
  options: Record<string, unknown>,
) => Promise<Answer | undefined>;

const flagOf = (name: SettingName) => `--${name.replace(/[A-Z]/g, (c) => `-${c.toLowerCase()}`)}`;
const SETTING_NAMES = Object.keys(SETTINGS) as SettingName[];

/** Commands whose flags are not made yet: flags that come from a tool load it, and one command is run at a time. */
const unshaped = new WeakMap<Command, () => Promise<void>>();

/** Gives their flags to the commands that are wanted by name, and to those inside them. */
export const shapeCommands = async (command: Command, wanted: (name: string) => boolean): Promise<void> => {
  await unshaped.get(command)?.();
  unshaped.delete(command);
  for (const inner of command.commands) if (wanted(inner.name())) await shapeCommands(inner, wanted);
};

/**
 * Makes a leaf command. `shape` adds its flags; `--json` and every setting as a flag come with it. Options that the command
 * defines itself win.
 */
export const addCommand = (
  parent: Command,
  nameAndArgs: string,
  summary: string,
  shape: (command: Command) => unknown,
  action: Action,
): Command => {
  const command = parent.command(nameAndArgs).description(summary);
  let own: ReadonlySet<string> = new Set();
  unshaped.set(command, async () => {
    await shape(command);
    command.option('--json', 'print one JSON document on standard output');
    own = new Set(command.options.map((o) => o.attributeName()));
    for (const name of SETTING_NAMES)
      if (!own.has(name))
        command.addOption(new Option(`${flagOf(name)} <value>`, SETTINGS[name].description).hideHelp());
    if (!own.has('column')) command.addOption(new Option('--column <name>', 'the same as --grid-column').hideHelp());
    command.addHelpText('after', '\nEvery setting is a flag too, such as --home DIR or --now T: caco config show');
  });
  command.action(async () => {
    const args = command.processedArgs.flatMap((a) => (a === undefined ? [] : Array.isArray(a) ? a : [a])) as string[];
    await run(command, action, args, own);
  });
  return command;
};

/** A run belongs to the world that it was started in; whoever answers or resumes it need not say again which that was. */
const worldIn = (error: unknown): { scenario: string; seed: number } | undefined => {
  if (!(error instanceof Fault)) return undefined;
  return (error.details as { world?: { scenario: string; seed: number } } | undefined)?.world;
};

const run = async (command: Command, action: Action, args: string[], own: ReadonlySet<string>) => {
  // `grid` is a command and holds commands: what stands behind `grid now` is taken in by the parent.
  const options = command.optsWithGlobals<Record<string, unknown>>();
  const json = options.json === true;
  const abort = new AbortController();
  const interrupt = () => abort.abort(Object.assign(new Error('interrupted'), { name: 'AbortError' }));
  process.once('SIGINT', interrupt);
  process.once('SIGTERM', interrupt);
  let app: Promise<App> | undefined;
  try {
    const flags: Partial<Record<SettingName, unknown>> = {};
    for (const name of SETTING_NAMES) if (!own.has(name) && options[name] !== undefined) flags[name] = options[name];
    if (!own.has('column') && flags.gridColumn === undefined && options.column !== undefined)
      flags.gridColumn = options.column;
    // A command's own option of a setting's name (such as launch --scenario) is that setting.
    for (const name of ['scenario', 'seed', 'host', 'port', 'model'] as const)
      if (own.has(name) && options[name] !== undefined) flags[name] = options[name];
    const bar = progressLine();
    const contextOf = ({ config, settings }: ReturnType<typeof readConfig>): Context => {
      const open = () => {
        app ??= import('../app.js').then(({ openApp }) => openApp(config, settings));
        return app;
      };
      const actor = (needed: Scope) => actorOf(config, open, needed);
      const callNamed: Context['callNamed'] = async (tool, input, by = {}) => {
        const opened = await open();
        const effect = (await opened.tool(tool))?.effect ?? 'reads';
        const caller = { actor: await actor(NEEDED[effect]), signal: abort.signal, progress: bar.show };
        return opened.call(tool, input, { ...caller, ...by });
      };
      return {
        config,
        settings,
        json,
        signal: abort.signal,
        app: open,
        actor,
        call: callNamed as Context['call'],
        callNamed,
        tell: async (tool, answer) => (await (await open()).tool(tool))!.tell(answer),
        progress: bar.show,
        warn: (text) => void process.stderr.write(`${text}\n`),
      };
    };
    const first = contextOf(readConfig(flags));
    const answer = await action(first, args, options).catch(async (error: unknown) => {
      const world = worldIn(error);
      if (world === undefined || flags.scenario !== undefined) throw error;
      await app?.then((opened) => opened.close());
      app = undefined;
      const there = contextOf(readConfig({ ...flags, ...world }));
      // A scenario of somebody's own is known by its path only, so its name does not open it.
      await there.app().catch(() => {
        throw error;
      });
      return action(there, args, options);
    });
    bar.clear();
    if (answer) {
      await print(json ? JSON.stringify(answer.json, null, 2) : answer.text);
      process.exitCode = answer.exitCode ?? EXIT.done;
    }
  } catch (error) {
    progressLine().clear();
    const failure = failureOf(abort.signal.aborted ? abort.signal.reason : error);
    if (!failure) throw error;
    process.exitCode = failure.exitCode;
    if (json) await print(JSON.stringify({ error: failure.error }, null, 2));
    else process.stderr.write(`${failure.error.message}\n  ${failure.error.remedy}\n`);
  } finally {
    process.off('SIGINT', interrupt);
    process.off('SIGTERM', interrupt);
    await app?.then((opened) => opened.close()).catch(() => {});
  }
};

/** Waits until the text has left: a pipe that is slower than the process would lose its end otherwise. */
const print = (text: string) =>
  new Promise<void>((resolve) => process.stdout.write(text.endsWith('\n') ? text : `${text}\n`, () => resolve()));

const RANK = { read: 0, operate: 1, approve: 2 } as const;
export type Scope = keyof typeof RANK;
const NEEDED: Record<Tool['effect'], Scope> = {
  reads: 'read',
  records: 'operate',
  acts: 'operate',
  decides: 'approve',
};

/** Without a token the operating system has said who this is; a token's owner may do what its scope says. */
const actorOf = async (config: Config, open: () => Promise<App>, needed: Scope): Promise<Actor> => {
  if (config.token === undefined) return { id: userInfo().username, via: 'cli' };
  const token = await (await open()).tokens.verify(config.token);
  if (!token)
    throw new Fault(
      'forbidden',
      'CACO_TOKEN is not a token that is known here, or it has expired',
      'Make one: caco token create --scope operate --for NAME.',
    );
  if (RANK[token.scope] < RANK[needed])
    throw new Fault(
      'forbidden',
      `the token of ${token.owner} has the scope ${token.scope}; this needs ${needed}`,
      `Make one: caco token create --scope ${needed} --for ${token.owner}.`,
    );
  return { id: token.owner, via: 'cli' };
};
