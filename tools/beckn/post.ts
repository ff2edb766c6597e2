/**
 * Sends what lies in the outbox: signed anew at each try, with the same body while its ttl lasts, always under the same message
 * id. A peer that is busy, silent or not there is tried again later; one that refuses is not.
 */
import { Fault } from '../../domain/fault.js';
import type { Letter, Settled } from '../../domain/mail.js';
import type { Store, Tx } from '../../domain/store.js';
import { jsonIfAny, send } from '../../wire/wire.js';
import { durationMs } from './freshness.js';
import { openPump, type Pump } from './pump.js';
import type { MarketSettings } from './settings.js';
import { signatureHeader } from './signing.js';

const LONGEST_WAIT_MS = 300_000;
const AT_ONCE = 20;
const LONGEST_SIGNATURE_S = 3600;
/** The same body, stamped anew once its ttl is over. */
const restamped = (body: string, nowMs: number): string => {
  const value = JSON.parse(body) as { context: { timestamp: string; ttl: string } };
  if (nowMs <= Date.parse(value.context.timestamp) + durationMs(value.context.ttl)) return body;
  return JSON.stringify({ ...value, context: { ...value.context, timestamp: new Date(nowMs).toISOString() } });
};

type Outcome = { readonly is: 'arrived' } | { readonly is: 'refused' | 'again'; readonly why: string };

const WORTH_AGAIN = (status: number) => status === 408 || status === 425 || status === 429 || status >= 500;

const outcomeOf = (status: number, text: string): Outcome => {
  const body = jsonIfAny(text) as
    | {
        message?: { ack?: { status?: unknown } };
        ack_status?: unknown;
        status?: unknown;
        error?: { code?: unknown; message?: unknown; errorCode?: unknown; errorMessage?: unknown };
      }
    | undefined;
  const said = body?.message?.ack?.status ?? body?.ack_status ?? body?.status;
  const { code, errorCode = code, message, errorMessage = message } = body?.error ?? {};
  const why = body?.error === undefined ? '' : `: ${String(errorCode)} ${String(errorMessage ?? '')}`.slice(0, 500);
  if (said === 'NACK') return { is: 'refused', why: `NACK (${status})${why}` };
  // In 2.0 a request may be taken and have no answer.
  if (status === 409) return { is: 'refused', why: `taken, and no answer will follow (409)${why}` };
  if (WORTH_AGAIN(status)) return { is: 'again', why: `status ${status}${why}` };
  if (status >= 300) return { is: 'refused', why: `status ${status}${why}` };
  if (said === 'ACK') return { is: 'arrived' };
  return { is: 'again', why: `status ${status} without an acknowledgement that can be read` };
};

export interface Postman {
  readonly pump: Pump;
  /** Tries since the program started, by outcome. */
  readonly sent: ReadonlyMap<string, number>;
}

export const openPostman = (ground: {
  readonly store: Store;
  readonly settings: MarketSettings;
  readonly nowMs: () => number;
  readonly onTrouble: (error: unknown) => void;
  /** A letter that will not arrive: told in the transaction that gives it up. */
  readonly onDead: (tx: Tx, letter: Letter, why: string) => Promise<void>;
}): Postman => {
  const { store, settings, nowMs, onTrouble } = ground;
  const sent = new Map<string, number>();

  const deliver = async (letter: Letter, holder: string): Promise<void> => {
    const body = restamped(letter.body, nowMs());
    const { context } = JSON.parse(body) as { context: { ttl: string; bap_id: string } };
    const created = Math.floor(nowMs() / 1000);
    const seconds = Math.max(1, Math.min(LONGEST_SIGNATURE_S, Math.round(durationMs(context.ttl) / 1000)));
    const subscriberId = letter.action.startsWith('on_') ? settings.bppId : settings.bapId;
    const authorization = signatureHeader(
      settings.signingKey,
      { subscriberId, keyId: settings.keyId },
      { created, expires: created + seconds },
      body,
    );
    const headers = { 'content-type': 'application/json', authorization };
    const t = new Date(nowMs()).toISOString();
    let outcome: Outcome;
    let exchange: string | undefined;
    try {
      const answer = await send({
        who: letter.peer,
        url: letter.url!,
        chosenBy: settings.allowInsecureUrls ? 'operator' : 'stranger',
        method: 'POST',
        what: `POST /${letter.action}`,
        headers,
        body,
        // Whoever gets it twice knows it by its message id.
        repeatable: true,
        limits: {
          wholeMs: settings.timeoutMs,
          connectMs: settings.timeoutMs,
          idleMs: settings.timeoutMs,
          bodyBytes: 65_536,
        },
      });
      exchange = JSON.stringify({
        t,
        headers,
        status: answer.status,
        response: answer.text,
        response_headers: answer.headers,
      });
      outcome = outcomeOf(answer.status, answer.text);
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
      const { fate } = error.details as { fate: string };
      outcome = { is: fate === 'refused' ? 'refused' : 'again', why: error.message };
    }
    sent.set(outcome.is, (sent.get(outcome.is) ?? 0) + 1);
    await conclude(letter, holder, outcome, exchange, body);
  };

  const conclude = async (
    letter: Letter,
    holder: string,
    outcome: Outcome,
    exchange: string | undefined,
    body: string,
  ) => {
    const atMs = nowMs();
    const more = { ...(exchange === undefined ? {} : { exchange }), ...(body === letter.body ? {} : { body }) };
    const last = letter.attempts >= settings.maxAttempts;
    const settled: Settled =
      outcome.is === 'arrived'
        ? { state: 'done', atMs, ...more }
        : outcome.is === 'refused' || last
          ? { state: 'dead', atMs, reason: outcome.why, refused: outcome.is === 'refused', ...more }
          : { state: 'waiting', atMs, nextAtMs: atMs + waitMs(letter.attempts), reason: outcome.why, ...more };
    await store.transaction(async (tx) => {
      const mine = await tx.mail.settle(letter, holder, settled);
      if (mine && settled.state === 'dead') await ground.onDead(tx, letter, settled.reason ?? '');
    });
  };

  const waitMs = (attempts: number) =>
    Math.min(LONGEST_WAIT_MS, settings.firstRetryMs * 2 ** (attempts - 1)) * (0.75 + Math.random() / 2);

  const leaseMs = settings.timeoutMs * 2 + 5000;
  const pump = openPump({ store, box: 'out', leaseMs, atOnce: AT_ONCE, nowMs, handle: deliver, onTrouble });
  return { pump, sent };
};
