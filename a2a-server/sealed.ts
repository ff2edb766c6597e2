/** Credentials of push addresses as they are kept: encrypted with a key that lies in the home, never in the store beside them. */
import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { existsSync, linkSync, mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';

/** What goes with a push: a token of the receiver's own choice, and credentials for its door. */
export const Secrets = z.strictObject({
  token: z.string(),
  authentication: z.strictObject({ scheme: z.string(), credentials: z.string() }).nullable(),
});
export type Secrets = z.infer<typeof Secrets>;

export interface Seal {
  seal(secrets: Secrets): string;
  /** null: it was sealed with another key, or damaged. */
  open(sealed: string): Secrets | null;
}

const KEY_BYTES = 32;
const NONCE_BYTES = 12;
const TAG_BYTES = 16;

/** Made once; of two processes that make it at the same moment, one is first and both use it. */
const keyIn = (home: string): Buffer => {
  const file = join(home, 'a2a-push.key');
  if (!existsSync(file)) {
    mkdirSync(home, { recursive: true });
    const own = `${file}.${process.pid}.${randomBytes(4).toString('hex')}`;
    writeFileSync(own, randomBytes(KEY_BYTES).toString('base64'), { mode: 0o600 });
    try {
      linkSync(own, file);
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') throw error;
    } finally {
      rmSync(own);
    }
  }
  return Buffer.from(readFileSync(file, 'utf8'), 'base64');
};

/** AES-256-GCM: nonce, tag, text, in base64. The key is read at the first use. */
export const sealIn = (home: string): Seal => {
  let kept: Buffer | undefined;
  const key = () => {
    kept ??= keyIn(home);
    return kept;
  };
  return {
    seal(secrets) {
      const nonce = randomBytes(NONCE_BYTES);
      const cipher = createCipheriv('aes-256-gcm', key(), nonce);
      const text = Buffer.concat([cipher.update(JSON.stringify(secrets), 'utf8'), cipher.final()]);
      return Buffer.concat([nonce, cipher.getAuthTag(), text]).toString('base64');
    },
    open(sealed) {
      try {
        const all = Buffer.from(sealed, 'base64');
        const decipher = createDecipheriv('aes-256-gcm', key(), all.subarray(0, NONCE_BYTES));
        decipher.setAuthTag(all.subarray(NONCE_BYTES, NONCE_BYTES + TAG_BYTES));
        const text = Buffer.concat([decipher.update(all.subarray(NONCE_BYTES + TAG_BYTES)), decipher.final()]);
        return Secrets.parse(JSON.parse(text.toString('utf8')));
      } catch {
        return null;
      }
    },
  };
};
