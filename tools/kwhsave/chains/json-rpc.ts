/** A node that speaks JSON-RPC over HTTP. Reads are tried again; what is sent is not: whether it arrived is asked of the chain. */
import { z } from 'zod';
import { ChainRefusal, type Eip1193 } from '../../../domain/chain.js';
import { Fault } from '../../../domain/fault.js';
import { jsonIfAny, jsonOf, send, type Timer } from '../../../wire/wire.js';

const Reply = z.object({
  id: z.union([z.number(), z.string(), z.null()]),
  result: z.unknown().optional(),
  error: z.object({ code: z.number(), message: z.string(), data: z.unknown().optional() }).optional(),
});

const LIMITS = { connectMs: 5_000, idleMs: 20_000, wholeMs: 30_000, bodyBytes: 32 * 2 ** 20 };

/** Nodes put a revert's bytes into `data`, or into an object there. */
const revertData = (data: unknown): string | null => {
  if (typeof data === 'string' && /^0x[0-9a-f]*$/i.test(data)) return data;
  const inner = (data as { data?: unknown } | null | undefined)?.data;
  return typeof inner === 'string' && /^0x[0-9a-f]*$/i.test(inner) ? inner : null;
};

export const jsonRpc = (url: string, timer?: Timer): Eip1193 => {
  let id = 0;
  const who = 'the chain’s node';
  return {
    request: async ({ method, params = [] }, signal) => {
      const isSending = method.startsWith('eth_send');
      id += 1;
      const answer = await send({
        ...{ who, url, chosenBy: 'operator', method: 'POST', what: method, limits: LIMITS, signal },
        json: { jsonrpc: '2.0', id, method, params },
        ...(isSending ? {} : { again: { tries: 3, longestWaitS: 5 }, repeatable: true }),
        ...(timer ? { timer } : {}),
        remedies: { 'not-sent': 'Check RPC_URL, and that the node is up.' },
      });
      // A revert comes with 200 from most nodes and with 4xx or 5xx from some: what the body says counts first.
      const read = Reply.safeParse(jsonIfAny(answer.text) ?? jsonOf(answer));
      if (!read.success || (read.data.error === undefined && read.data.id !== id)) {
        jsonOf(answer);
        throw new Fault('unavailable', `${answer.from} answered what is no JSON-RPC`, 'Check RPC_URL.', {
          details: { fate: 'unknown', reason: 'shape' },
        });
      }
      const { error, result } = read.data;
      if (error !== undefined) throw new ChainRefusal(error.code, error.message.slice(0, 500), revertData(error.data));
      return result;
    },
  };
};
