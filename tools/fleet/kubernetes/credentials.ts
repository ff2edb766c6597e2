/** Who asks: a token, a file that holds one and is written anew, a certificate, or a program that gives either. */
import { execFile } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { Fault } from '../../../domain/fault.js';
import { oneLine } from '../../../domain/text.js';
import type { Tls } from '../../../wire/wire.js';

export interface User {
  readonly token?: string | undefined;
  readonly tokenFile?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly exec?: {
    readonly command: string;
    readonly args: readonly string[];
    readonly env: Readonly<Record<string, string>>;
    readonly apiVersion: string;
  };
}

export interface Identity {
  readonly headers: Readonly<Record<string, string>>;
  readonly tls: Pick<Tls, 'cert' | 'key'>;
}

export interface Credentials {
  /** As it holds now. Throws Fault `forbidden` where a plugin gives none. */
  now(): Promise<Identity>;
  /** After a 401: what was kept is asked for anew. */
  renew(): void;
}

/** A cluster writes the token of a pod anew long before the old one ends. */
const FILE_KEPT_MS = 60_000;
const PLUGIN_MS = 60_000;
const run = promisify(execFile);

/** `whose`: for messages, which never hold a secret. */
export const credentialsOf = ({ token, tokenFile, cert, key, exec }: User, whose: string): Credentials => {
  const tls = { ...(cert === undefined ? {} : { cert }), ...(key === undefined ? {} : { key }) };
  const bearing = (one: string | undefined): Identity => ({
    headers: one === undefined ? {} : { authorization: `Bearer ${one.trim()}` },
    tls,
  });
  let kept: { readonly identity: Identity; readonly untilMs: number } | undefined;
  const fresh = async (): Promise<{ identity: Identity; untilMs: number }> => {
    if (exec !== undefined) return fromPlugin(exec, tls, whose);
    if (tokenFile === undefined) return { identity: bearing(token), untilMs: Number.POSITIVE_INFINITY };
    return { identity: bearing(readToken(tokenFile, whose)), untilMs: Date.now() + FILE_KEPT_MS };
  };
  return {
    now: async () => {
      if (kept === undefined || kept.untilMs <= Date.now()) kept = await fresh();
      return kept.identity;
    },
    renew: () => {
      kept = undefined;
    },
  };
};

const readToken = (path: string, whose: string): string => {
  try {
    return readFileSync(path, 'utf8');
  } catch (error) {
    throw new Fault(
      'forbidden',
      `the token of ${whose} cannot be read: ${(error as Error).message}`,
      'Look at the file that the kubeconfig names.',
    );
  }
};

/** https://kubernetes.io/docs/reference/access-authn-authz/authentication/#client-go-credential-plugins */
const fromPlugin = async (exec: NonNullable<User['exec']>, tls: Identity['tls'], whose: string) => {
  const info = { apiVersion: exec.apiVersion, kind: 'ExecCredential', spec: { interactive: false } };
  const refused = (why: string) =>
    new Fault(
      'forbidden',
      `${exec.command}, which gives the credentials of ${whose}, ${oneLine(why, 300)}`,
      'Run `kubectl get jobs`: it asks the same program.',
    );
  let status: Readonly<Record<string, unknown>>;
  try {
    const { stdout } = await run(exec.command, [...exec.args], {
      env: { ...process.env, ...exec.env, KUBERNETES_EXEC_INFO: JSON.stringify(info) },
      timeout: PLUGIN_MS,
      maxBuffer: 2 ** 20,
    });
    status = (JSON.parse(stdout) as { status?: Record<string, unknown> }).status ?? {};
  } catch (error) {
    // What it wrote to standard output may be a token.
    throw refused(
      error instanceof SyntaxError
        ? 'wrote no JSON'
        : `failed: ${(error as { stderr?: string }).stderr || (error as Error).message.split('\n')[0]}`,
    );
  }
  const { token, clientCertificateData: cert, clientKeyData: key, expirationTimestamp } = status;
  if (typeof token !== 'string' && typeof cert !== 'string') throw refused('gave neither a token nor a certificate');
  const until = typeof expirationTimestamp === 'string' ? Date.parse(expirationTimestamp) : Number.NaN;
  return {
    identity: {
      headers: typeof token === 'string' ? { authorization: `Bearer ${token}` } : {},
      tls: typeof cert === 'string' && typeof key === 'string' ? { cert, key } : tls,
    },
    untilMs: Number.isNaN(until) ? Number.POSITIVE_INFINITY : until,
  };
};
