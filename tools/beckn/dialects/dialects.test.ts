/** Both dialects read whole conversations into one model and write them again, as the official schemas have them. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { hasOfficial, officialErrors } from '../fixtures/official.js';
import { Refusal } from '../refusal.js';
import { dialectOf, recognise } from './dialects.js';

interface Message {
  context: Record<string, unknown> & { action: string };
  message?: unknown;
  error?: unknown;
}
const conversation = (name: string) =>
  readFileSync(new URL(`../fixtures/conversations/${name}.ndjson`, import.meta.url), 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Message);

const again = (message: Message): Message => {
  const dialect = dialectOf(recognise(message.context));
  const context = dialect.readContext(message.context);
  const { action } = context;
  const said = action.startsWith('on_')
    ? dialect.writeReply(action, dialect.readReply(action, message))
    : { message: dialect.writeRequest(dialect.readRequest(action, message.message)) };
  return { context: dialect.writeContext(context), ...said } as Message;
};
const read = (message: Message) => {
  const dialect = dialectOf(recognise(message.context));
  const { action } = message.context;
  return action.startsWith('on_') ? dialect.readReply(action, message) : dialect.readRequest(action, message.message);
};

describe.each([
  ['1.1', 'core-1.1.1'],
  ['1.1', 'core-1.1.0'],
  ['0.9.4', 'core-0.9.4'],
] as const)('a conversation in %s', (name, spec) => {
  const messages = conversation(name);
  const official = hasOfficial ? officialErrors(spec) : () => [];

  it('is read whole, and says the same when it was written again', () => {
    expect(messages.length).toBeGreaterThan(18);
    for (const message of messages) {
      const written = again(message);
      expect(written.context, message.context.action).toEqual(message.context);
      expect(read(written), message.context.action).toEqual(read(message));
    }
  });
  it.runIf(hasOfficial)(`is valid by ${spec}, closed, before and after`, () => {
    for (const message of messages) {
      expect(official(message), `theirs ${message.context.action}`).toEqual([]);
      expect(official(again(message)), `ours ${message.context.action}`).toEqual([]);
    }
  });
  it.runIf(hasOfficial)('is refused by the official schema where we add a member, so the check can fail', () => {
    expect(official({ ...messages[0]!, invented: 1 } as never)).not.toEqual([]);
  });
});

describe('what is not a message', () => {
  const [search, , select] = conversation('1.1') as [Message, Message, Message];
  const [search09] = conversation('0.9.4') as [Message];
  const refusal = (message: unknown) => {
    try {
      const { context, ...body } = message as Message;
      const dialect = dialectOf(recognise(context));
      dialect.readContext(context);
      dialect.readRequest(context.action, body.message);
      return null;
    } catch (error) {
      if (error instanceof Refusal) return `${error.code} ${error.paths}: ${error.message}`;
      throw error;
    }
  };
  const with_ = (message: Message, context: object, body: object = {}) => ({
    ...message,
    context: { ...message.context, ...context },
    ...body,
  });
  it.each([
    ['a context of both versions', with_(search, { core_version: '1.0.0' }), '/context/core_version'],
    ['a context of both spellings', with_(search, { bapId: 'x' }), '/context'],
    ['no version', with_(search, { version: undefined }), 'neither'],
    ['version 3', with_(search, { version: '3.0.0' }), '3.0.0'],
    ['2.0 under snake case', with_(search, { version: '2.0.0' }), '2.0-draft'],
    ['an unknown member of the context', with_(search, { colour: 'red' }), '/context/colour'],
    [
      'an unknown member of the message',
      with_(search, {}, { message: { intent: { colour: 1 } } }),
      '/message/intent/colour',
    ],
    ['no message', with_(search, {}, { message: undefined }), '/message'],
    ['a transaction id that is no UUID', with_(search, { transaction_id: 'txn-1' }), '/context/transaction_id'],
    ['a bap_uri that is no URL', with_(search, { bap_uri: 'javascript:alert(1)' }), '/context/bap_uri'],
    [
      '0.9 shapes in 1.1',
      with_(select, {}, { message: { order: { fulfillment: { id: 'f' } } } }),
      '/message/order/fulfillment',
    ],
    ['1.1 tags in 0.9', with_(search09, {}, { message: { intent: { tags: [] } } }), '/message/intent/tags'],
    ['1.1 shapes in 0.9', with_(search09, {}, { message: { intent: { fulfillment: { stops: [] } } } }), 'stops'],
    ['an action that is none', with_(search, { action: 'destroy' }), 'destroy'],
    [
      'a power that is no number',
      with_(search09, {}, { message: { intent: { tags: { power_kw: '1e3' } } } }),
      'power_kw',
    ],
    ['a negative power', with_(search09, {}, { message: { intent: { tags: { power_kw: '-5' } } } }), 'above 0'],
    [
      'a duration without its P',
      with_(search09, {}, { message: { intent: { tags: { duration: '30' } } } }),
      'duration',
    ],
    [
      '__proto__',
      JSON.parse(JSON.stringify(search).replace('"intent":{', '"intent":{"__proto__":{"a":1},')),
      '__proto__',
    ],
  ])('%s', (_, message, says) => expect(refusal(message)).toContain(says));

  it('is taken with members that the official schema has and we have no use for', () => {
    const order = {
      ...(select.message as { order: object }).order,
      xinput: { required: false },
      add_ons: [{ id: 'a' }],
    };
    expect(refusal(with_(select, {}, { message: { order } }))).toBeNull();
  });
});
