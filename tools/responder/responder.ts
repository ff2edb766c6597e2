/**
 * Front door: answers flexibility events with the work that runs now. `respondOnce` is one decision of the loop with its commands, and is
 * called every ten seconds and whenever an event arrives; what it remembers is in the store before a command leaves.
 */
import type { Acknowledged, Command, Look, RespondingFleet } from '../../domain/flexibility/running.js';
import type { Cheapest } from './cheapest.js';
import { decide, type LoopSettings } from './loop.js';
import { freshState, type Goal, type LoopState } from './state.js';

export { LEVER_PRICES, type LeverPrices } from '../../domain/flexibility/lever-prices.js';
export { boundAt, Certificate, type Cheapest, cheapest } from './cheapest.js';
export { type Firm, firmOf } from './firm.js';
export { decide, type LoopSettings } from './loop.js';
export { freshState, Goal, LoopState, RESPONSES } from './state.js';

/** Where the loop’s memory is kept: a document of the store, or a variable. */
export interface Memory {
  read(): Promise<LoopState | null>;
  write(state: LoopState): Promise<void>;
}

export interface Responded {
  readonly state: LoopState;
  readonly acknowledged: readonly Acknowledged[];
  readonly cheapest: Cheapest | null;
  readonly said: readonly string[];
  /** seconds that the decision itself took, on the system’s clock */
  readonly decisionSeconds: number;
}

/** Others take the part of who refuses, and may refuse too; after so many tries the next decision goes on. */
const TRIES = 3;
const REFUSED_SECONDS = 120;

/** `goals`: every event that was confirmed and is not over; ones that are over or far ahead do no harm. */
export const respondOnce = async (
  fleet: RespondingFleet,
  memory: Memory,
  goals: readonly Goal[],
  settings: Omit<LoopSettings, 'can'>,
): Promise<Responded> => {
  let state = (await memory.read()) ?? freshState();
  const acknowledged: Acknowledged[] = [];
  const said: string[] = [];
  let found: Cheapest | null = null;
  let decisionSeconds = 0;
  for (let tries = 0; tries < TRIES; tries++) {
    const [look, readings] = [asAcknowledged(await fleet.look(), acknowledged), await fleet.readings()];
    const begun = process.hrtime.bigint();
    const decided = decide(state, { look, readings, goals }, { ...settings, can: fleet.can });
    decisionSeconds += Number(process.hrtime.bigint() - begun) / 1e9;
    state = decided.state;
    found = decided.cheapest;
    said.push(...decided.said);
    await memory.write(state);
    // What lowers power goes first: nothing is raised in the hope of a cut that may be refused.
    const raises = decided.commands.filter((command) => isRaise(command, look));
    const answers = await send(
      fleet,
      decided.commands.filter((command) => !raises.includes(command)),
    );
    const refused = answers.filter(({ outcome }) => outcome === 'refused');
    if (refused.length === 0) answers.push(...(await send(fleet, raises)));
    acknowledged.push(...answers);
    const all = answers.filter(({ outcome }) => outcome === 'refused');
    if (all.length === 0) break;
    for (const { command, why } of all) said.push(`${nameOf(command)} was refused: ${why}`);
    state = withRefusals(state, all, look.at);
    await memory.write(state);
  }
  return { state, acknowledged, cheapest: found, said: [...new Set(said)], decisionSeconds };
};

const send = async (fleet: RespondingFleet, commands: readonly Command[]): Promise<Acknowledged[]> =>
  commands.length === 0 ? [] : fleet.command(commands);

const isRaise = (command: Command, look: Look): boolean => {
  if (command.do === 'uncap' || command.do === 'resume') return true;
  if (command.do !== 'cap') return false;
  const capW = look.jobs.find(({ id }) => id === command.jobId)?.capW ?? null;
  return capW !== null && command.capW > capW;
};

/** A look may be older than what was acknowledged since: what is on its way counts as done. */
const asAcknowledged = (look: Look, answers: readonly Acknowledged[]): Look => {
  const jobs = new Map(look.jobs.map((job) => [job.id, job]));
  for (const { command, outcome } of answers) {
    if (outcome === 'refused' || !('jobId' in command)) continue;
    const job = jobs.get(command.jobId);
    if (job === undefined) continue;
    if (command.do === 'cap') jobs.set(job.id, { ...job, capW: command.capW });
    else if (command.do === 'uncap') jobs.set(job.id, { ...job, capW: null });
    else if (command.do === 'pause') jobs.set(job.id, { ...job, state: 'pausing' });
    else if (command.do === 'resume') jobs.set(job.id, { ...job, state: 'resuming', capW: command.capW });
    else if (command.do === 'serve')
      jobs.set(job.id, { ...job, serving: { batch: command.batch, replicas: command.replicas } });
  }
  return { ...look, jobs: [...jobs.values()] };
};

const nameOf = (command: Command): string => ('jobId' in command ? `${command.do} ${command.jobId}` : command.do);

const withRefusals = (state: LoopState, refused: readonly Acknowledged[], at: number): LoopState => {
  const jobs = { ...state.jobs };
  for (const { command } of refused) {
    if (!('jobId' in command)) continue;
    const known = jobs[command.jobId];
    if (known !== undefined)
      jobs[command.jobId] = { ...known, refused: { ...known.refused, [command.do]: at + REFUSED_SECONDS } };
  }
  return { ...state, jobs };
};
