/**
 * Work that one process may do at a time, though several share a store. Whoever takes a lease gets a token larger than every one
 * before it. What is written under the lease is written only while its token is the one in force, in one transaction with that look:
 * a process that hung until another took over wakes up, and nothing of what it writes then is kept.
 */
import { AsyncLocalStorage } from 'node:async_hooks';
import { Fault } from './fault.js';

export interface Lease {
  readonly name: string;
  readonly token: number;
}

/** A lease in hand; it is renewed until it is let go. */
export interface HeldLease extends Lease {
  /** Aborted once a renewal has found that another process holds it. */
  readonly lost: AbortSignal;
  /** What the work writes to the store, and whatever it calls writes, is written under the lease. */
  under<R>(work: () => Promise<R>): Promise<R>;
  /** False when another process has taken it. */
  renew(): Promise<boolean>;
  /** Another may have it from now on; no trouble where it is lost, or the store cannot be reached: then it ends by itself. */
  release(): Promise<void>;
}

const held = new AsyncLocalStorage<readonly Lease[]>();

/** Those that the work at hand is done under. */
export const leasesHeld = (): readonly Lease[] => held.getStore() ?? [];

export const underLease = <R>(lease: Lease, work: () => Promise<R>): Promise<R> =>
  held.run([...leasesHeld(), lease], work);

/** Such as a renewal: of what goes on besides, nothing is held up by what is lost. */
export const underNone = <R>(work: () => R): R => held.run([], work);

const LOST = 'lease lost';

export const lostFault = ({ name, token }: Lease): Fault =>
  new Fault(
    'conflict',
    `another process has taken over ${name}: this one was not heard of for too long, and nothing that it wrote since was kept`,
    'Nothing is lost: the other one goes on. Start this one again if it should stand by.',
    { details: { reason: LOST, name, token } },
  );

export const isLost = (error: unknown): boolean =>
  error instanceof Fault && (error.details as { reason?: unknown } | undefined)?.reason === LOST;
