/** A deed of the chain that happens once: the chain is asked for it before anything is sent, and again whenever somebody came between. */
import { Fault } from '../../domain/fault.js';
import type { Running } from '../tool.js';
import type { ContractEvent } from './contract.js';
import type { Place } from './place.js';
import { type Sending, sendAndWait } from './send.js';

/** Another transaction of this account took the number: the chain is asked again and it is sent with the next one, so often. */
const ATTEMPTS = 4;

export interface Once {
  /** the deed as the chain has it; undefined: it has none */
  readonly find: () => Promise<ContractEvent | undefined>;
  /** name of the event that tells it */
  readonly event: string;
  /** name of the contract’s refusal of a deed that was done before; null: it refuses none */
  readonly doneBy: string | null;
}

const detailsOf = (error: unknown) =>
  (error instanceof Fault ? error.details : undefined) as { reason?: string; refusal?: string } | undefined;

/** Faults of `sendAndWait`. `gasUsed` null: it was there before. */
export const once = async (
  { chain, rpc }: Place,
  sending: Sending,
  { find, event, doneBy }: Once,
  call: Running,
): Promise<{ found: ContractEvent; gasUsed: number | null }> => {
  for (let attempt = 1; ; attempt++) {
    const before = await find();
    if (before !== undefined) return { found: before, gasUsed: null };
    try {
      const { gasUsed, events } = await sendAndWait(chain, rpc, sending, {
        signal: call.signal,
        tell: (note) => call.progress({ done: attempt, note }),
      });
      const done = events.find(({ name }) => name === event);
      if (done !== undefined) return { found: done, gasUsed };
      throw new Fault('conflict', `the transaction was mined without its ${event}`, 'See contracts/KWhSave.sol.');
    } catch (error) {
      const { reason, refusal } = detailsOf(error) ?? {};
      const isBetween = reason === 'number-taken' || (refusal !== undefined && refusal === doneBy);
      if (attempt >= ATTEMPTS || !isBetween) throw error;
    }
  }
};
