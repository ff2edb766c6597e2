/**
 * How this program speaks HTTP: one client for trackers, models, witnesses and every source of data. It limits time and size, can be
 * stopped at any moment, asks again only where a caller says that a second arrival does no harm, follows no redirect to another
 * origin, keeps strangers' URLs away from private networks, and says of each failure what became of the request.
 */
import type { Answer, Ask, Flow } from './ask.js';

export type { Fate } from '../domain/fate.js';
export type { Answer, Ask, Flow, Tls } from './ask.js';
export { jsonIfAny, jsonOf } from './json.js';
export { LIMITS, type Limits } from './limits.js';
export { requirePublic } from './stranger.js';
export { machineTimer, type Timer } from './timer.js';
export { fateOf, retryAfterS, trouble, type WireTrouble } from './trouble.js';

/**
 * Sends a request and gives its answer, whatever its status, to `take`, which reads the body within the call's limits; a body that
 * breaks off is tried again like the rest. Throws Fault with WireTrouble in `details`: fate `not-sent` when no byte can have arrived;
 * `refused` for a URL that may not be asked, or a redirect that is not followed; `unknown` for whatever fails after the request left.
 * Rejects with the reason of the caller's signal when that aborts.
 */
export const receive = async <T>(ask: Ask, take: (flow: Flow) => Promise<T>): Promise<T> => {
  const { beginCall } = await import('./call.js');
  const call = await beginCall(ask);
  try {
    return await call.tries(take);
  } finally {
    call.end();
  }
};

/** As `receive`, with the whole answer as text. */
export const send = (ask: Ask): Promise<Answer> =>
  receive(ask, async (flow) => {
    const { status, headers, from } = flow;
    return { status, headers, from, text: await flow.text() };
  });

/**
 * As `send`, but answers once status and headers are there, while the body is still coming: for streams. It is tried again up to that
 * point only. Whoever gets a Flow closes it.
 */
export const open = async (ask: Ask): Promise<Flow> => {
  const { beginCall } = await import('./call.js');
  const call = await beginCall(ask);
  try {
    const flow = await call.tries(async (opened) => opened);
    return { ...flow, close: call.end };
  } catch (error) {
    call.end();
    throw error;
  }
};
