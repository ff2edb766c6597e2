/** `event`: flexibility events. */
import type { Command } from 'commander';
import { registerRun } from './event-run.js';

export const register = (program: Command) => {
  registerRun(program.command('event').description('flexibility events: requests to draw another power for a while'));
};
