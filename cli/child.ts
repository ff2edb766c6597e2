/** Programs of others that a command runs in its own place. */
import { spawn } from 'node:child_process';
import { accessSync, constants, statSync } from 'node:fs';
import { delimiter, join } from 'node:path';
import { notFound } from '../domain/fault.js';

/** Fault `not-found`. Asked before anything is waited for: nobody wants to learn in nine hours that a name was misspelt. */
export const requireProgram = (program: string) => {
  const places = program.includes('/')
    ? [program]
    : (process.env.PATH ?? '').split(delimiter).map((p) => join(p, program));
  const found = places.some((path) => {
    try {
      accessSync(path, constants.X_OK);
      return statSync(path).isFile();
    } catch {
      return false;
    }
  });
  if (!found)
    throw notFound(`there is no program ${program}`, 'Check its name and PATH; shell syntax needs sh -c "…".');
};

/** How a command ended: its exit code, or the signal that ended it. */
export interface Ending {
  readonly code: number | null;
  readonly by: NodeJS.Signals | null;
}

/** `quiet`: what it says goes to standard error, since standard output is for our one document. */
export const execute = (command: readonly string[], quiet: boolean, signal: AbortSignal) =>
  new Promise<Ending>((resolve, reject) => {
    const child = spawn(command[0]!, command.slice(1), { stdio: quiet ? ['inherit', 2, 2] : 'inherit' });
    // A terminal sends Ctrl-C to the command too; elsewhere it is passed on.
    const pass = () => {
      if (!process.stdin.isTTY) child.kill('SIGINT');
    };
    signal.addEventListener('abort', pass, { once: true });
    child.once('error', reject);
    child.once('close', (code, by) => {
      signal.removeEventListener('abort', pass);
      resolve({ code, by });
    });
  });

const SIGNALS: Readonly<Record<string, number>> = { SIGHUP: 1, SIGINT: 2, SIGQUIT: 3, SIGKILL: 9, SIGTERM: 15 };

/** As a shell says it. */
export const exitCodeOf = ({ code, by }: Ending): number => code ?? 128 + (SIGNALS[by ?? ''] ?? 1);
