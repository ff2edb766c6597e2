/** How an adapter asks a meter over HTTP: an operator's address, short answers, and credentials that no message shows. */
import { invalid } from '../../../domain/fault.js';
import { type Answer, type Ask, jsonOf, type Limits, receive, send } from '../../../wire/wire.js';
import type { MeterGround, MeterSettings } from './ground.js';

/** A person may be waiting; exporters of a busy node answer some MB. */
const LIMITS: Partial<Limits> = { connectMs: 5_000, idleMs: 10_000, wholeMs: 30_000, bodyBytes: 16 * 2 ** 20 };

export interface Asking {
  readonly who: string;
  text(path: string, signal?: AbortSignal): Promise<string>;
  /** The body as it is, whatever the status says of it. */
  bytes(path: string, signal?: AbortSignal): Promise<Omit<Answer, 'text'> & { readonly bytes: Uint8Array }>;
  json(path: string, signal?: AbortSignal): Promise<unknown>;
  /** As json, but null where the peer has no such thing (404). */
  jsonIfThere(path: string, signal?: AbortSignal): Promise<unknown>;
}

/** Fault `invalid-input` without an address. */
export const asking = (who: string, settings: MeterSettings, { timer }: Pick<MeterGround, 'timer'>): Asking => {
  const { meterUrl, meterToken, meterUser, meterPassword } = settings;
  if (meterUrl === undefined)
    throw invalid(`nobody has said where ${who} is`, 'Set CACO_METER_URL, for example https://bmc-1.example.org.');
  const base = meterUrl.replace(/\/+$/, '');
  const basic = meterUser && `Basic ${Buffer.from(`${meterUser}:${meterPassword ?? ''}`).toString('base64')}`;
  const authorization = meterToken ? `Bearer ${meterToken}` : basic;
  const asked = (path: string, signal: AbortSignal | undefined): Ask => ({
    ...{ who, url: `${base}${path}`, chosenBy: 'operator', limits: LIMITS, signal },
    ...(authorization ? { headers: { authorization } } : {}),
    ...(timer ? { timer } : {}),
    again: { tries: 3, longestWaitS: 5 },
    redirects: 'same-origin',
    remedies: { 'not-allowed': 'Set CACO_METER_TOKEN, or CACO_METER_USER and CACO_METER_PASSWORD.' },
  });
  const ask = (path: string, signal?: AbortSignal): Promise<Answer> => send(asked(path, signal));
  return {
    who,
    json: async (path, signal) => jsonOf(await ask(path, signal)),
    jsonIfThere: async (path, signal) => {
      const answer = await ask(path, signal);
      return answer.status === 404 || answer.status === 405 || answer.status === 501 ? null : jsonOf(answer);
    },
    bytes: (path, signal) =>
      receive(asked(path, signal), async ({ status, headers, from, pieces }) => {
        const parts: Uint8Array[] = [];
        for await (const piece of pieces()) parts.push(piece);
        return { status, headers, from, bytes: Buffer.concat(parts) };
      }),
    text: async (path, signal) => {
      const answer = await ask(path, signal);
      // jsonOf has the words for a status that is none.
      if (answer.status >= 300) jsonOf(answer);
      return answer.text;
    },
  };
};
