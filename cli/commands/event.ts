/** `event`: flexibility events, asked for and answered, or run on a simulated hall. */
import type { Command } from 'commander';
import { registerAsked } from './event-asked.js';
import { registerKept } from './event-kept.js';
import { registerRun } from './event-run.js';

export const register = (program: Command) => {
  const event = program.command('event').description('flexibility events: requests to draw another power for a while');
  registerAsked(event);
  registerKept(event);
  registerRun(event);
};
