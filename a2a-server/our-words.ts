/** Failures in our words: a Fault's own, and of a defect only that it happened. */
import type { StreamResponse } from '@a2a-js/sdk';
import { A2AError, RequestMalformedError, TaskNotFoundError } from '@a2a-js/sdk/errors';
import type { JsonRpcTransportHandler } from '@a2a-js/sdk/server';
import { Fault } from '../domain/fault.js';

/** The methods of the protocol, as the SDK calls them. */
export type Handler = ConstructorParameters<typeof JsonRpcTransportHandler>[0];

/** What a failure is to whoever asked: a Fault's own words, and none of a defect's. */
export const toldOf = (error: unknown): { text: string; data: object } => {
  if (error instanceof Fault) return { text: `${error.message}. ${error.remedy}`, data: { error: error.toJSON() } };
  const words = { code: 'defect', message: 'a defect of CACO', remedy: 'Ask again, or report it with the task’s id.' };
  return { text: `${words.message}. ${words.remedy}`, data: { error: words } };
};

/** Errors of the protocol pass; a Fault becomes one; of anything else only that it happened is told. */
const worded = (error: unknown, trouble: (error: unknown) => void): unknown => {
  if (error instanceof A2AError) return error;
  const { text } = toldOf(error);
  if (!(error instanceof Fault)) trouble(error);
  else if (error.code === 'invalid-input') return new RequestMalformedError(text);
  else if (error.code === 'not-found') return new TaskNotFoundError(text);
  return new A2AError(text);
};

export const inOurWords = (methods: Handler, trouble: (error: unknown) => void): Handler => {
  const streaming = new Set<string>(['sendMessageStream', 'resubscribe']);
  const wrapped = Object.entries(methods).map(([name, method]) => {
    const call = method as (...given: unknown[]) => unknown;
    if (streaming.has(name))
      return [
        name,
        async function* (...given: unknown[]) {
          try {
            yield* call(...given) as AsyncGenerator<StreamResponse>;
          } catch (error) {
            throw worded(error, trouble);
          }
        },
      ];
    return [
      name,
      async (...given: unknown[]) => {
        try {
          return await call(...given);
        } catch (error) {
          throw worded(error, trouble);
        }
      },
    ];
  });
  return Object.fromEntries(wrapped) as Handler;
};
