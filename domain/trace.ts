/**
 * What goes on within a command, a run or a question, step by step, for whoever traces it: how long a step took, what it was about and
 * what became of it. Where nobody traces, a step is its work and nothing more.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Fault } from './fault.js';

/** Ids, names, counts and outcomes. What somebody wrote, asked or was answered is no attribute but contents. */
export type Attributes = Readonly<Record<string, string | number | boolean | null | undefined>>;

/** What a step says of itself while it goes on. */
export interface Step {
  set(attributes: Attributes): void;
  /** Told only where the operator has said that contents may go; else `make` is not called. */
  contents(make: () => Attributes): void;
  /** It failed, and answers all the same. `kind`: of a closed list, such as a Fault's code. */
  failed(kind: string): void;
  /** What it throws is no failure: it waits for somebody. */
  rests(): void;
}

/** Where steps can begin: at a tracer, each a trace of its own, or within another one. */
export interface Place {
  begin(name: string, attributes: Attributes): OpenStep;
}

export interface OpenStep extends Step, Place {
  /** null: it came to its end. */
  end(failure: string | null): void;
}

const place = new AsyncLocalStorage<Place>();
const untraced: Step = { set() {}, contents() {}, failed() {}, rests() {} };

const kindOf = (error: unknown): string => {
  if (error instanceof Fault) return error.code;
  return (error as Error | null)?.name === 'AbortError' ? 'aborted' : 'defect';
};

/** Does a step. Rejects as the work does. */
export const traced = async <R>(name: string, attributes: Attributes, work: (step: Step) => Promise<R>): Promise<R> => {
  const step = place.getStore()?.begin(name, attributes);
  if (step === undefined) return work(untraced);
  try {
    const value = await place.run(step, () => work(step));
    step.end(null);
    return value;
  } catch (error) {
    step.end(kindOf(error));
    throw error;
  }
};

/** Steps of the work are told at `at`, unless it is part of a step that is told already. */
export const tracedAt = <R>(at: Place | null, work: () => R): R =>
  at === null || place.getStore() !== undefined ? work() : place.run(at, work);
