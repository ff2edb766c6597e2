/** Filing a ticket, the one message that must not be sent twice: its key is looked up before each attempt. */
import type { Versioned } from '../../domain/store.js';
import { plusSeconds } from '../../domain/time.js';
import type { FoundTicket } from '../../domain/world.js';
import { arrived, died, later, lost, MAX_ATTEMPTS, type Round, rest, troubleOf, write } from './round.js';
import { FOUND_CLOSED, type OutboxRow } from './ticket.js';

/** True when the ticket is at the tracker. */
export const create = async (round: Round, row: Versioned<OutboxRow>): Promise<boolean> => {
  const { payload, state, lookups } = row.value;
  if (payload.action !== 'create') throw new Error('not a creation');
  let hits: FoundTicket[];
  try {
    hits = await round.tracker.find(row.value.ticketId);
  } catch (error) {
    return rest(round, row, error, {});
  }
  if (hits.length > 0) return adopt(round, row, hits);
  if (state === 'unknown' && lookups + 1 < round.tracker.lookupDelaysS.length) {
    const next = plusSeconds(row.value.sentAt ?? round.tracker.now(), round.tracker.lookupDelaysS[lookups + 1]!);
    await write(round, row, { lookups: lookups + 1, notBefore: later(next, row.value.notBefore) });
    return false;
  }
  if (row.value.attempts >= MAX_ATTEMPTS)
    return died(round, row, `given up after ${row.value.attempts} attempts: ${row.value.reason ?? 'no answer'}`, {
      state: 'failed',
    });
  const at = round.tracker.now();
  const sending = await write(round, row, {
    state: 'sending',
    attempts: row.value.attempts + 1,
    lookups: 0,
    notBefore: null,
    sentAt: at,
  });
  if (!sending) return false;
  try {
    const { ref, url, dropped } = await round.tracker.file(payload.draft);
    return await arrived(round, sending, { state: 'open', ref, url, dropped: dropped ?? [] });
  } catch (error) {
    const trouble = troubleOf(error);
    if (trouble.fate === 'refused')
      return died(round, sending, trouble.message, { state: 'failed', reason: trouble.message });
    if (trouble.fate === 'not-allowed')
      return rest(round, sending, error, { state: 'pending', attempts: row.value.attempts });
    if (trouble.fate === 'throttled') return rest(round, sending, error, { state: 'waiting' });
    if (trouble.fate === 'not-sent') return rest(round, sending, error, { state: 'pending' });
    await write(round, sending, { ...lost(round, at, trouble.retryAfterS), reason: trouble.message });
    if (trouble.retryAfterS !== null) {
      await round.held.update({ notBefore: plusSeconds(at, trouble.retryAfterS) });
      round.stopped = true;
    }
    return false;
  }
};

const adopt = async (round: Round, row: Versioned<OutboxRow>, hits: readonly FoundTicket[]) => {
  const hit = hits.find((h) => h.open) ?? hits[0]!;
  if (hit.open) return arrived(round, row, { state: 'open', ref: hit.ref, url: hit.url, assigned: hit.assigned });
  const state = hit.declined ? ('declined' as const) : ('closed' as const);
  return died(round, row, `its key is on ${hit.ref}, which is ${hit.declined ? 'declined' : 'closed'}`, {
    state,
    reason: FOUND_CLOSED,
    ref: hit.ref,
    url: hit.url,
  });
};
