/** What everything behind the door stands on. */
import type { App } from '../app.js';
import type { TaskBook } from './book.js';
import type { KeptTask, Worker } from './kept.js';

export interface Ground {
  readonly app: App;
  readonly book: TaskBook;
  /** Where an agent is reached: https://host/a2a/grid */
  readonly at: (agent: KeptTask['agent']) => string;
  /** Hears of defects; what a client is told names none. */
  readonly trouble: (error: unknown) => void;
  /** As which worker this door works. */
  readonly me: Worker;
  /** Aborts when the door closes. */
  readonly closing: AbortSignal;
}
