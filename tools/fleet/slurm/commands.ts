/** Slurm's own commands, run one at a time: what they say, and when that means that Slurm does not answer. */
import { type ChildProcess, spawn } from 'node:child_process';
import { Fault } from '../../../domain/fault.js';
import { oneLine } from '../../../domain/text.js';

export interface Said {
  readonly code: number;
  readonly out: string;
  readonly err: string;
}

export interface Slurm {
  /** Throws Fault `unavailable` where the command is missing, hangs, or the controller does not answer; else it says what came. */
  run(command: string, args: readonly string[]): Promise<Said>;
  /**
   * The same of a command that reads its orders, words each, from its standard input. Once the controller does not answer one of them,
   * the rest is not told.
   */
  tell(command: string, orders: readonly (readonly string[])[]): Promise<Said>;
  /** Standard output as it comes, of a command that must succeed. Throws Fault `unavailable` where it does not. */
  stream(command: string, args: readonly string[]): AsyncGenerator<string>;
}

/** Slurm gives up by itself after its MessageTimeout and some tries, which is well within this. */
const LONGEST_MS = 180_000;
/** For each order more that one process is told. */
const LONGER_MS = 10_000;

/** A word of an order: nothing that would begin another word or order. */
const WORD = /^[\w=:.,[\]%+-]+$/;

/** What Slurm says when the controller, the accounts or the keys cannot be reached, rather than of one job. */
const SILENT =
  /unable to contact|connect(ion)? (failure|refused|timed out)|timed out|unexpected message|zero bytes|communication (connection )?failure|munge|protocol authentication|in standby mode|unable to (connect|establish)/i;

/** Such variables would narrow or reshape what we ask for. */
const RESHAPING = /^(SQUEUE|SACCT|SINFO|SCONTROL)_|^SLURM_TIME_FORMAT$|^SLURM_(BITSTR_LEN|YAML|JSON)/;

/** `cluster`: of several that the accounts know, the one that is meant. `env`: the program's own when left out. */
export const slurmCommands = (cluster: string | undefined, env: NodeJS.ProcessEnv = process.env): Slurm => {
  const own: NodeJS.ProcessEnv = {};
  for (const [name, value] of Object.entries(env)) if (!RESHAPING.test(name)) own[name] = value;
  // Slurm reads and tells times in the zone of whoever calls it, and takes neither Z nor an offset.
  Object.assign(own, { TZ: 'UTC', LC_ALL: 'C' }, cluster === undefined ? {} : { SLURM_CLUSTERS: cluster });

  const start = (command: string, args: readonly string[], lines: readonly string[] = []) => {
    // Seconds since 1970 in text forms; sacct's JSON cannot be asked for under it.
    const process = spawn(command, args, {
      env: { ...own, SLURM_TIME_FORMAT: '%s' },
      stdio: ['pipe', 'pipe', 'pipe'],
    });
    const limit = setTimeout(() => process.kill('SIGKILL'), LONGEST_MS + LONGER_MS * lines.length);
    // What ends before it has read all of it says so by its exit.
    process.stdin.on('error', () => {});
    process.stdin.end(lines.map((line) => `${line}\n`).join(''));
    process.stdout.setEncoding('utf8');
    process.stderr.setEncoding('utf8');
    let err = '';
    process.stderr.on('data', (text: string) => {
      if (err.length < 100_000) err += text;
    });
    return { process, code: ended(command, process, limit), err: () => err };
  };

  return {
    run: async (command, args) => {
      const started = start(command, args);
      let out = '';
      started.process.stdout.on('data', (text: string) => {
        out += text;
      });
      const said = { code: await started.code, out, err: started.err() };
      if (said.code !== 0 && SILENT.test(`${said.err} ${said.out}`)) throw silent(command, said.err || said.out);
      return said;
    },
    tell: async (command, orders) => {
      const odd = orders.flat().find((word) => !WORD.test(word));
      if (odd !== undefined) throw new Error(`no word of an order to ${command}: ${JSON.stringify(odd)}`);
      const lines = orders.map((words) => words.join(' '));
      const started = start(command, [], lines);
      let out = '';
      let isSilent = false;
      started.process.stdout.on('data', (text: string) => {
        out += text;
      });
      started.process.stderr.on('data', () => {
        if (isSilent || !SILENT.test(started.err())) return;
        isSilent = true;
        started.process.kill('SIGKILL');
      });
      const code = await started.code.catch((error: unknown) => {
        if (isSilent) return 1;
        throw error;
      });
      if (isSilent) throw silent(command, started.err());
      return { code, out, err: started.err() };
    },
    stream: async function* (command, args) {
      const started = start(command, args);
      // Told below; a process that could not be started has no output to wait for.
      started.code.catch(() => {});
      try {
        for await (const text of started.process.stdout) yield text as string;
      } finally {
        started.process.kill();
      }
      if ((await started.code) !== 0) throw silent(command, started.err());
    },
  };
};

const ended = (command: string, process: ChildProcess, limit: NodeJS.Timeout): Promise<number> =>
  new Promise((resolve, reject) => {
    process.once('error', (error: NodeJS.ErrnoException) => {
      clearTimeout(limit);
      reject(
        new Fault(
          'unavailable',
          error.code === 'ENOENT' ? `there is no ${command} here` : `${command} could not be run: ${error.message}`,
          'Run CACO where Slurm’s commands are (a login node), or install slurm-client.',
        ),
      );
    });
    process.once('close', (code, signal) => {
      clearTimeout(limit);
      if (code !== null) resolve(code);
      else reject(new Fault('unavailable', `${command} was ended by ${signal} after it gave no answer`, LOOK));
    });
  });

const LOOK =
  'Look whether the controller is up: scontrol ping. Then do the same again; what was done is not done twice.';

const silent = (command: string, text: string) =>
  new Fault('unavailable', `Slurm does not answer ${command}: ${oneLine(text.trim() || 'it said nothing', 300)}`, LOOK);
