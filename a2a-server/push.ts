/**
 * Push notifications: addresses that a client names for its task, and the letters that go there. An address is looked at when it is
 * given and again when it is asked; a letter is written together with what it tells of and is sent, in order, until it arrived
 * or was tried often enough. It may arrive twice, under one `Caco-Notification-Id`.
 */
import { randomUUID } from 'node:crypto';
import type { TaskPushNotificationConfig } from '@a2a-js/sdk';
import { RequestMalformedError, TaskNotFoundError } from '@a2a-js/sdk/errors';
import { Fault } from '../domain/fault.js';
import type { Store, Versioned } from '../domain/store.js';
import { fateOf, requirePublic, send } from '../wire/wire.js';
import { A2A_LETTERS, A2A_PUSH_CONFIGS, type Letter, type PushConfig } from './kept.js';
import type { Seal, Secrets } from './sealed.js';

const MOST_ADDRESSES = 10;
/** Until the second try, the third, …; after the last it is given up. */
const WAITS_MS = [1_000, 5_000, 30_000, 120_000, 600_000] as const;
/** For whoever sends: nobody else takes the letter meanwhile. */
const CLAIM_MS = 30_000;
const LIMITS = { connectMs: 5_000, idleMs: 10_000, wholeMs: 15_000, bodyBytes: 65_536 };
const LOOK_MS = 60_000;
const MASK = '***';

export interface PushBook {
  /** Throws for an address that may not be asked. Answers it with its credentials masked. */
  put(taskId: string, config: TaskPushNotificationConfig): Promise<TaskPushNotificationConfig>;
  list(taskId: string): Promise<TaskPushNotificationConfig[]>;
  /** Throws TaskNotFoundError. */
  get(taskId: string, id: string): Promise<TaskPushNotificationConfig>;
  remove(taskId: string, id: string): Promise<void>;
}

/** Throws for an address that is no public one over https, unless its origin is among `own`. */
const requireAddress = async (url: string, own: readonly string[]): Promise<void> => {
  try {
    const { protocol, origin } = await requirePublic({ who: 'the push address', url, own });
    if (protocol === 'https:' || own.includes(origin)) return;
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
    throw new RequestMalformedError(`${error.message}. ${error.remedy}`);
  }
  throw new RequestMalformedError('a push address must begin with https');
};

export const pushBook = (store: Store, seal: Seal, own: readonly string[]): PushBook => {
  const configs = store.collection(A2A_PUSH_CONFIGS);
  const shown = (taskId: string, { id, url, sealed }: PushConfig): TaskPushNotificationConfig => {
    const secrets = sealed === null ? null : seal.open(sealed);
    const authentication = secrets?.authentication ?? null;
    return {
      ...{ tenant: '', id, taskId, url, token: secrets !== null && secrets.token !== '' ? MASK : '' },
      authentication: authentication === null ? undefined : { scheme: authentication.scheme, credentials: MASK },
    };
  };
  const kept = async (taskId: string) => (await configs.get(taskId))?.value ?? [];
  return {
    async put(taskId, { id: asked, url, token, authentication }) {
      await requireAddress(url, own);
      const secrets: Secrets = {
        token,
        authentication: authentication === undefined || authentication.scheme === '' ? null : { ...authentication },
      };
      for (const text of [token, secrets.authentication?.scheme, secrets.authentication?.credentials])
        if (text !== undefined && !/^[\x20-\x7e]{0,4096}$/.test(text))
          throw new RequestMalformedError('token and credentials must be visible ASCII of at most 4096 characters');
      const id = asked === '' ? randomUUID() : asked.slice(0, 200);
      const none = secrets.token === '' && secrets.authentication === null;
      const config = { id, url, sealed: none ? null : seal.seal(secrets) };
      await store.transaction(async (tx) => {
        const before = (await tx.collection(A2A_PUSH_CONFIGS).get(taskId))?.value ?? [];
        const others = before.filter((one) => one.id !== id);
        if (others.length >= MOST_ADDRESSES)
          throw new RequestMalformedError(`a task has at most ${MOST_ADDRESSES} push addresses`);
        await tx.collection(A2A_PUSH_CONFIGS).put(taskId, [...others, config]);
      });
      return shown(taskId, config);
    },
    list: async (taskId) => (await kept(taskId)).map((config) => shown(taskId, config)),
    async get(taskId, id) {
      const found = (await kept(taskId)).find((config) => config.id === id);
      if (found === undefined) throw new TaskNotFoundError(`task ${taskId} has no push address ${id}`);
      return shown(taskId, found);
    },
    async remove(taskId, id) {
      await store.transaction(async (tx) => {
        const before = (await tx.collection(A2A_PUSH_CONFIGS).get(taskId))?.value ?? [];
        await tx.collection(A2A_PUSH_CONFIGS).put(
          taskId,
          before.filter((config) => config.id !== id),
        );
      });
    },
  };
};

export interface Postman {
  /** There may be letters. */
  look(): void;
  close(): Promise<void>;
}

/** `say` hears of a letter that was given up. */
export const postman = (store: Store, seal: Seal, own: readonly string[], say: (line: string) => void): Postman => {
  const letters = store.collection(A2A_LETTERS);
  let closed = false;
  let round: Promise<void> | undefined;
  let again = false;
  let timer: NodeJS.Timeout | undefined;

  const arrives = async ({ taskId, configId, n, body }: Letter): Promise<'yes' | 'no' | 'gone'> => {
    const config = ((await store.collection(A2A_PUSH_CONFIGS).get(taskId))?.value ?? []).find(
      (one) => one.id === configId,
    );
    if (config === undefined) return 'gone';
    const secrets = config.sealed === null ? null : seal.open(config.sealed);
    if (config.sealed !== null && secrets === null) {
      say(`push of task ${taskId}: its credentials were sealed with another key`);
      return 'gone';
    }
    const { token = '', authentication = null } = secrets ?? {};
    try {
      const answer = await send({
        ...{ who: 'the push address', url: config.url, chosenBy: 'stranger', own, method: 'POST', what: 'the push' },
        headers: {
          'content-type': 'application/a2a+json',
          'caco-notification-id': `${taskId}/${n}`,
          ...(token === '' ? {} : { 'x-a2a-notification-token': token }),
          ...(authentication === null
            ? {}
            : { authorization: `${authentication.scheme} ${authentication.credentials}` }),
        },
        body,
        limits: LIMITS,
      });
      return fateOf(answer.status) === null ? 'yes' : 'no';
    } catch (error) {
      if (error instanceof Fault) return 'no';
      throw error;
    }
  };

  /** One letter, taken so that no other process takes it. Answers whether the next one to this address may follow. */
  const deliver = async ({ id, version, value }: Versioned<Letter>): Promise<boolean> => {
    const claimed = { ...value, tries: value.tries + 1, nextAtMs: Date.now() + CLAIM_MS };
    if (!(await letters.replace(id, version, claimed))) return false;
    const outcome = await arrives(value);
    const wait = WAITS_MS[value.tries];
    if (outcome === 'no' && wait !== undefined) {
      await letters.put(id, { ...claimed, nextAtMs: Date.now() + wait });
      return false;
    }
    if (outcome === 'no') say(`push of task ${value.taskId} was given up after ${claimed.tries} tries`);
    await letters.delete(id);
    return true;
  };

  const lane = async (waiting: readonly Versioned<Letter>[]) => {
    for (const letter of waiting) if (closed || letter.value.nextAtMs > Date.now() || !(await deliver(letter))) return;
  };

  const turn = async () => {
    do {
      again = false;
      const lanes = new Map<string, Versioned<Letter>[]>();
      for (const letter of await letters.list({ limit: 1000 })) {
        const key = `${letter.value.taskId}/${letter.value.configId}`;
        lanes.set(key, [...(lanes.get(key) ?? []), letter]);
      }
      const inOrder = [...lanes.values()].map((waiting) => waiting.sort((a, b) => a.value.n - b.value.n));
      await Promise.all(inOrder.map(lane));
      // A letter that has to wait is looked at when its time has come.
      const next = (await letters.list({ limit: 1000 })).map(({ value }) => value.nextAtMs);
      clearTimeout(timer);
      if (!closed) timer = setTimeout(look, Math.min(LOOK_MS, Math.max(100, Math.min(...next) - Date.now()))).unref();
    } while (again && !closed);
  };
  const look = () => {
    again = true;
    if (closed || round !== undefined) return;
    round = turn()
      .catch((error: Error) => say(`push notifications: ${error.message}`))
      .finally(() => {
        round = undefined;
      });
  };
  return {
    look,
    async close() {
      closed = true;
      clearTimeout(timer);
      await round;
    },
  };
};
