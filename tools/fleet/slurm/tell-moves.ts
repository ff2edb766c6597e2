/**
 * Moves, told to `scontrol` on its standard input, many to one process: starting it takes ten times longer than what it then does for a
 * job. It goes on after a command that fails, and says of which job that was.
 */
import { moveArgs, type QueueMove } from '../../../domain/slurm-moves.js';
import type { Slurm } from './commands.js';

/** Commands to one process; what was not told yet is left when the controller falls silent. */
const AT_ONCE = 100;

/** In their order. What Slurm said of targets that it did not move, by target. Throws Fault `unavailable`; some may be moved then. */
export const tellMoves = async (slurm: Slurm, moves: readonly QueueMove[]): Promise<ReadonlyMap<string, string>> => {
  const said = new Map<string, string>();
  for (let from = 0; from < moves.length; from += AT_ONCE) {
    const part = moves.slice(from, from + AT_ONCE);
    const { code, err } = await slurm.tell('scontrol', part.map(moveArgs));
    if (code === 0) continue;
    const wordsOf = byJob(err);
    for (const { targets } of part)
      for (const target of targets) {
        const words = wordsOf(target);
        if (words !== '') said.set(target, words);
      }
  }
  return said;
};

/** `Invalid job id specified for job 999`, and of an array `73_1: Job is no longer pending execution`. */
const NAMED = /\bfor job (\d+)|^(\d+)_\S*:/;

/** Lines that name no job are about whichever has none of its own. */
const byJob = (err: string): ((target: string) => string) => {
  const named = new Map<string, string[]>();
  const unnamed: string[] = [];
  for (const line of err.split('\n')) {
    if (line.trim() === '') continue;
    const [, job, array] = NAMED.exec(line) ?? [];
    const number = job ?? array;
    if (number === undefined) unnamed.push(line);
    else named.set(number, [...(named.get(number) ?? []), line]);
  }
  return (target) => (named.get(target.split('_')[0]!) ?? unnamed).join(' ');
};
