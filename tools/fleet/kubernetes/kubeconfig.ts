/** Which cluster is meant and who asks it: a kubeconfig as kubectl reads it, or the account of the pod that this runs in. */
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { delimiter, dirname, isAbsolute, join } from 'node:path';
import { parse } from 'yaml';
import { Fault } from '../../../domain/fault.js';
import type { Tls } from '../../../wire/wire.js';
import { type Credentials, credentialsOf, type User } from './credentials.js';

export interface Cluster {
  /** as the kubeconfig names it; in a pod `in-cluster` */
  readonly name: string;
  /** without a slash at its end */
  readonly url: string;
  readonly tls: Tls;
  readonly credentials: Credentials;
}

type Row = Readonly<Record<string, unknown>>;
const rowOf = (value: unknown): Row => (typeof value === 'object' && value !== null ? (value as Row) : {});
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

const bad = (message: string, remedy = 'Look at it with `kubectl config view`.') =>
  new Fault('invalid-input', message, remedy);

const ACCOUNT = '/var/run/secrets/kubernetes.io/serviceaccount';

/** `context`: of several that the kubeconfig knows, the one that is meant. Throws Fault where none can be found or read. */
export const openCluster = (context: string | undefined, env: NodeJS.ProcessEnv = process.env): Cluster => {
  const named = (env.KUBECONFIG ?? '').split(delimiter).filter((path) => path !== '');
  const own = join(env.HOME ?? homedir(), '.kube', 'config');
  const files = (named.length > 0 ? named : [own]).filter((path) => existsSync(path));
  if (files.length > 0) return fromFiles(files, context);
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port = '443' } = env;
  if (named.length === 0 && host !== undefined && existsSync(join(ACCOUNT, 'token')))
    return {
      name: 'in-cluster',
      url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
      tls: { ca: readFileSync(join(ACCOUNT, 'ca.crt'), 'utf8') },
      credentials: credentialsOf({ tokenFile: join(ACCOUNT, 'token') }, 'the pod’s account'),
    };
  throw new Fault(
    'unavailable',
    named.length > 0
      ? `KUBECONFIG names ${named.join(', ')}, and there is no such file`
      : 'no Kubernetes cluster is known here',
    'Point KUBECONFIG at a kubeconfig that `kubectl get jobs` works with.',
  );
};

/** Of a name that several files define the first holds, as with kubectl. */
const fromFiles = (files: readonly string[], wanted: string | undefined): Cluster => {
  const read = files.map((path) => {
    try {
      return { folder: dirname(path), row: rowOf(parse(readFileSync(path, 'utf8'))) };
    } catch (error) {
      throw bad(`${path} is no kubeconfig: ${(error as Error).message.split('\n')[0]}`);
    }
  });
  const find = (list: string, member: string, name: string | undefined) => {
    for (const { folder, row } of read)
      for (const one of Array.isArray(row[list]) ? (row[list] as unknown[]) : [])
        if (rowOf(one).name === name) return { folder, row: rowOf(rowOf(one)[member]) };
    return undefined;
  };
  const name = wanted ?? read.map(({ row }) => textOf(row['current-context'])).find((one) => one !== undefined);
  const context = find('contexts', 'context', name);
  if (name === undefined || context === undefined)
    throw bad(
      name === undefined ? 'the kubeconfig has no current context' : `the kubeconfig knows no context ${name}`,
      'Name one of `kubectl config get-contexts` as CACO_KUBERNETES_CONTEXT.',
    );
  const clusterName = textOf(context.row.cluster);
  const cluster = find('clusters', 'cluster', clusterName);
  const server = textOf(cluster?.row.server);
  if (cluster === undefined || clusterName === undefined || server === undefined || !URL.canParse(server))
    throw bad(`context ${name} names no cluster with a server`);
  if (textOf(cluster.row['proxy-url']) !== undefined)
    throw bad(
      `cluster ${clusterName} is behind a proxy (proxy-url), which is not spoken to`,
      'Run CACO where the cluster can be reached.',
    );
  const found = find('users', 'user', textOf(context.row.user));
  const user: User = found === undefined ? {} : userOf(found.row, found.folder, name);
  const ca = pem(cluster.row, 'certificate-authority', cluster.folder);
  const servername = textOf(cluster.row['tls-server-name']);
  return {
    name: clusterName,
    url: server.replace(/\/+$/, ''),
    tls: {
      ...(ca === undefined ? {} : { ca }),
      ...(servername === undefined ? {} : { servername }),
      ...(cluster.row['insecure-skip-tls-verify'] === true ? { rejectUnauthorized: false } : {}),
    },
    credentials: credentialsOf(user, `context ${name}`),
  };
};

/** `NAME-data` in base64, or the file of that name, beside the kubeconfig where its path is relative. */
const pem = (row: Row, name: string, folder: string): string | undefined => {
  const data = textOf(row[`${name}-data`]);
  if (data !== undefined) return Buffer.from(data, 'base64').toString('utf8');
  const path = textOf(row[name]);
  return path === undefined ? undefined : readFileSync(beside(folder, path), 'utf8');
};

const beside = (folder: string, path: string): string => (isAbsolute(path) ? path : join(folder, path));

const userOf = (row: Row, folder: string, context: string): User => {
  if (row['auth-provider'] !== undefined)
    throw bad(
      `context ${context} uses auth-provider, which kubectl gave up in 1.26`,
      'Use an exec plugin in its place (kubelogin, gke-gcloud-auth-plugin, aws eks get-token).',
    );
  const tokenFile = textOf(row.tokenFile);
  const plugin = row.exec === undefined ? undefined : rowOf(row.exec);
  const command = textOf(plugin?.command);
  if (plugin !== undefined && command === undefined)
    throw bad(`context ${context} has an exec plugin without a command`);
  return {
    token: textOf(row.token),
    tokenFile: tokenFile === undefined ? undefined : beside(folder, tokenFile),
    cert: pem(row, 'client-certificate', folder),
    key: pem(row, 'client-key', folder),
    ...(command === undefined || plugin === undefined
      ? {}
      : {
          exec: {
            // A path with a slash is beside the kubeconfig; a bare name is looked for as a shell does.
            command: command.includes('/') ? beside(folder, command) : command,
            args: (Array.isArray(plugin.args) ? plugin.args : []).map(String),
            env: Object.fromEntries(
              (Array.isArray(plugin.env) ? plugin.env : []).map((one) => [
                String(rowOf(one).name),
                String(rowOf(one).value),
              ]),
            ),
            apiVersion: textOf(plugin.apiVersion) ?? 'client.authentication.k8s.io/v1',
          },
        }),
  };
};
