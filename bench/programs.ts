/** Programs as they were built, each a process of its own that prints lines of JSON; for benches and tests that end them at will. */
import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const MAIN = fileURLToPath(new URL('../dist/cli/main.js', import.meta.url));

export interface Line {
  readonly step?: string;
  readonly [name: string]: unknown;
}
export interface Started {
  readonly lines: readonly Line[];
  /** The first line that fits, as soon as it was printed. */
  line(when: (line: Line) => boolean): Promise<Line>;
  readonly ended: Promise<number | null>;
  /** What it said beside its lines, the end of it. */
  said(): string;
  kill(signal: NodeJS.Signals): Promise<unknown>;
  /** CPU time of all its threads so far, in ms; null where the system does not tell it (Linux does). */
  cpuMs(): number | null;
}

/** Linux counts in hundredths of a second; what stands before the last bracket is the program's name. */
const cpuMsOf = (pid: number | undefined): number | null => {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ');
    return (Number(fields[11]) + Number(fields[12])) * 10;
  } catch {
    return null;
  }
};

/** A folder in which programs live; each has a home of its own in it. */
export const programsIn = (folder: string) => {
  const children = new Set<ChildProcess>();
  const envOf = (home: string, more: object) => ({
    PATH: process.env.PATH,
    HOME: folder,
    CACO_HOME: join(folder, home),
    CACO_LOG_LEVEL: 'silent',
    BECKN_ALLOW_INSECURE_URLS: 'true',
    ...more,
  });

  const start = (home: string, args: readonly string[], more: object = {}): Started => {
    const child = spawn(process.execPath, [MAIN, ...args], { cwd: folder, env: envOf(home, more) });
    children.add(child);
    const lines: Line[] = [];
    let said = '';
    let rest = '';
    const looking = new Set<() => void>();
    child.stderr.on('data', (part) => {
      said = (said + part).slice(-4000);
    });
    child.stdout.on('data', (part) => {
      const whole = (rest + part).split('\n');
      rest = whole.pop()!;
      for (const text of whole)
        if (text.startsWith('{"')) lines.push(JSON.parse(text) as Line);
        else said = `${said}${text}\n`.slice(-4000);
      for (const look of looking) look();
    });
    const ended = new Promise<number | null>((resolve) => {
      child.once('exit', (code) => {
        children.delete(child);
        resolve(code);
      });
    });
    return {
      lines,
      ended,
      said: () => said,
      line: (when) =>
        new Promise((resolve, reject) => {
          const look = () => {
            const found = lines.find(when);
            if (found === undefined) return;
            looking.delete(look);
            resolve(found);
          };
          looking.add(look);
          look();
          void ended.then((code) => {
            look();
            reject(new Error(`caco ${args.join(' ')} ended with ${code}: ${said}`));
          });
        }),
      kill(signal) {
        child.kill(signal);
        return ended;
      },
      cpuMs: () => cpuMsOf(child.pid),
    };
  };

  /** Runs to its end and answers what it printed; throws where it failed. */
  const caco = (home: string, args: readonly string[], more: object = {}): string => {
    const { stdout, stderr, status } = spawnSync(process.execPath, [MAIN, ...args], {
      cwd: folder,
      env: envOf(home, more),
      encoding: 'utf8',
      maxBuffer: 1e9,
    });
    if (status !== 0) throw new Error(`caco ${args.join(' ')} ended with ${status}: ${stderr}`);
    return stdout;
  };

  const end = () => {
    for (const child of children) child.kill('SIGKILL');
  };
  return { start, caco, end };
};

/** Below those that systems hand out by themselves: a program that is ended and started again finds its port still free. */
const [LEAST_PORT, PORTS] = [20_000, 10_000];

export const freePort = (): Promise<number> =>
  new Promise((resolve, reject) => {
    const port = LEAST_PORT + Math.floor(Math.random() * PORTS);
    const probe = createServer();
    probe.once('error', () => freePort().then(resolve, reject));
    probe.listen(port, '127.0.0.1', () => probe.close(() => resolve(port)));
  });
