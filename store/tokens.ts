/**
 * Tokens: what a program shows instead of a person's name. Only a SHA-256 of the secret is kept. A plain hash is enough,
 * unlike for passwords: the secret is 256 random bits, so there is no list of likely ones to try, and a slow hash would only
 * slow down every request.
 */
import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { z } from 'zod';
import { invalid, notFound } from '../domain/fault.js';
import { misnamed } from '../domain/role.js';
import { defineCollection, type Store } from '../domain/store.js';
import { Instant } from '../domain/time.js';

/** read: looks. operate: also records and acts. approve: also a person's answers. */
export const TokenScope = z.enum(['read', 'operate', 'approve']);
export type TokenScope = z.infer<typeof TokenScope>;

export const Token = z.strictObject({
  id: z.string(),
  owner: z.string().describe('whom the token stands for'),
  scope: TokenScope,
  createdAt: Instant,
  expiresAt: Instant.nullable().describe('null: it does not expire'),
});
export type Token = z.infer<typeof Token>;

const TOKENS = defineCollection('tokens', Token.extend({ hash: z.string().describe('SHA-256 of the secret, hex') }));

export interface TokenBook {
  /** The secret is in this answer and nowhere else. Fault `invalid-input` for an empty owner or a time that has passed. */
  create(token: {
    scope: TokenScope;
    owner: string;
    expiresAt?: Instant | undefined;
  }): Promise<{ token: Token; secret: string }>;
  /** undefined for a secret that is unknown, revoked or expired. */
  verify(secret: string): Promise<Token | undefined>;
  /** Newest first. */
  list(): Promise<Token[]>;
  /** Fault `not-found` for an unknown id. Counts from the next call on, in every process. */
  revoke(id: string): Promise<void>;
}

/** `caco_` id `_` secret: the id finds the record, so that secrets are compared with one hash and in constant time. */
const SECRET = /^caco_([0-9a-f]{16})_([A-Za-z0-9_-]{43})$/;

const hashOf = (secret: string): Buffer => createHash('sha256').update(secret).digest();

/** `now` is the system's clock: a simulated world must not prolong a token. */
export const openTokens = (store: Pick<Store, 'collection'>, now: () => Instant): TokenBook => {
  const tokens = store.collection(TOKENS);
  return {
    async create({ scope, owner, expiresAt }) {
      const why = misnamed(owner);
      if (why !== null)
        throw invalid(
          `a token cannot stand for ${JSON.stringify(owner.trim().slice(0, 100))}: ${why}`,
          'Say whom it stands for: `caco token create --for NAME --scope read`.',
        );
      if (expiresAt !== undefined && expiresAt <= now())
        throw invalid(`a token that expires at ${expiresAt} is of no use: it is ${now()}`, 'Give a later time.');
      const id = randomBytes(8).toString('hex');
      const secret = `caco_${id}_${randomBytes(32).toString('base64url')}`;
      const token: Token = { id, owner: owner.trim(), scope, createdAt: now(), expiresAt: expiresAt ?? null };
      await tokens.insert(id, { ...token, hash: hashOf(secret).toString('hex') });
      return { token, secret };
    },
    async verify(secret) {
      const id = SECRET.exec(secret)?.[1];
      if (id === undefined) return undefined;
      const kept = (await tokens.get(id))?.value;
      if (!kept) return undefined;
      const { hash, ...token } = kept;
      if (!timingSafeEqual(hashOf(secret), Buffer.from(hash, 'hex'))) return undefined;
      return token.expiresAt !== null && token.expiresAt <= now() ? undefined : token;
    },
    async list() {
      const all: Token[] = [];
      for (let after: string | undefined; ; ) {
        const page = await tokens.list({ after });
        all.push(...page.map(({ value: { hash: _, ...token } }) => token));
        after = page.at(-1)?.id;
        if (after === undefined) return all;
      }
    },
    async revoke(id) {
      if (!(await tokens.get(id)))
        throw notFound(`there is no token ${id}`, '`caco token list` shows those there are.');
      await tokens.delete(id);
    },
  };
};
