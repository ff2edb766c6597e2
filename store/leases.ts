/** Lease rows: who holds which name, under which token, until when. */
import { randomUUID } from 'node:crypto';
import { hostname } from 'node:os';
import { type Kysely, sql } from 'kysely';
import { type HeldLease, type Lease, lostFault, underLease, underNone } from '../domain/lease.js';
import type { Flavour } from './dialect.js';
import type { Tables } from './tables.js';

/** After that long without a renewal the holder is taken for dead. */
const LEASE_MS = 30_000;
const RENEWALS = 6;

type Atomic = <R>(work: (on: Kysely<Tables>) => Promise<R>) => Promise<R>;

/** One clock for all who share the store: that of the database's server, or of the one machine that a file is on. */
const nowMs = async (on: Kysely<Tables>, flavour: Flavour): Promise<number> => {
  if (flavour === 'sqlite') return Date.now();
  const { rows } = await sql<{
    ms: string;
  }>`select (extract(epoch from clock_timestamp()) * 1000)::bigint as ms`.execute(on);
  return Number(rows[0]!.ms);
};

/** Leases that this process holds: the process itself is told by them, for in containers every process has the same number. */
const mine = new Set<string>();
/** Those that it let go of while the store could not be told so. */
const letGo = new Set<string>();

/** A process of this machine that is gone need not be waited for. Of one that another container sees under this number nobody can say. */
const isGone = (holder: string): boolean => {
  if (letGo.has(holder)) return true;
  const [host, pid] = holder.split('|');
  if (host !== hostname() || mine.has(holder) || Number(pid) === process.pid) return false;
  try {
    process.kill(Number(pid), 0);
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
};

/** Fault `conflict` unless each is in force. Until the transaction ends nobody can take them. */
export const requireLeases = async (on: Kysely<Tables>, leases: readonly Lease[]): Promise<void> => {
  const found = await on
    .selectFrom('leases')
    .select('token')
    .where(
      'token',
      'in',
      leases.map(({ token }) => token),
    )
    .execute();
  const inForce = new Set(found.map(({ token }) => Number(token)));
  for (const lease of leases) if (!inForce.has(lease.token)) throw lostFault(lease);
};

const take = async (
  on: Kysely<Tables>,
  flavour: Flavour,
  { name, holder, leaseMs }: { name: string; holder: string; leaseMs: number },
): Promise<Lease | null> => {
  const now = await nowMs(on, flavour);
  const before = await on.selectFrom('leases').select(['holder', 'until']).where('name', '=', name).executeTakeFirst();
  if (before !== undefined && Number(before.until) > now && !isGone(before.holder)) return null;
  // A new row has a token above all that ever were, and whoever held the old one finds it gone.
  await on.deleteFrom('leases').where('name', '=', name).execute();
  const { token } = await on
    .insertInto('leases')
    .values({ name, holder, until: now + leaseMs } as Tables['leases'])
    .returning('token')
    .executeTakeFirstOrThrow();
  return { name, token: Number(token) };
};

/** `atomic` runs work in a transaction of its own, alone among writers. null while another holds it. */
export const holdLease = async (
  db: Kysely<Tables>,
  flavour: Flavour,
  atomic: Atomic,
  name: string,
  leaseMs = LEASE_MS,
): Promise<HeldLease | null> => {
  const holder = `${hostname()}|${process.pid}|${randomUUID()}`;
  mine.add(holder);
  const lease = await atomic((on) => take(on, flavour, { name, holder, leaseMs })).catch((error: unknown) => {
    mine.delete(holder);
    throw error;
  });
  if (lease === null) {
    mine.delete(holder);
    return null;
  }
  const { token } = lease;
  const lost = new AbortController();
  const renew = async (): Promise<boolean> => {
    const until = (await nowMs(db, flavour)) + leaseMs;
    const row = await db.updateTable('leases').set({ until }).where('token', '=', token).executeTakeFirst();
    const isOurs = Number(row.numUpdatedRows) === 1;
    if (!isOurs) lost.abort(lostFault(lease));
    return isOurs;
  };
  // A store that cannot be reached for a moment is asked again; while it cannot be, nothing can be written either.
  const timer = underNone(() => setInterval(() => void renew().catch(() => {}), leaseMs / RENEWALS));
  timer.unref();
  return {
    ...lease,
    lost: lost.signal,
    under: (work) => underLease(lease, work),
    renew,
    async release() {
      clearInterval(timer);
      mine.delete(holder);
      await db
        .deleteFrom('leases')
        .where('token', '=', token)
        .execute()
        .catch(() => letGo.add(holder));
    },
  };
};
