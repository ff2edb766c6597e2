/** What operators are given: the chart and the compose file say what the program and the manifest say, and a backup comes back. */
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { Ajv } from 'ajv';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { openApp } from '../app.js';
import { readConfig } from '../config.js';
import { testPostgres } from '../store/fixtures/postgres.js';

const root = fileURLToPath(new URL('..', import.meta.url));
const chart = join(root, 'docs/deploy/helm');
const read = (path: string) => readFileSync(join(root, path), 'utf8');

interface Row {
  readonly kind: string;
  readonly metadata: { readonly name: string };
  readonly rules?: unknown;
  readonly spec?: { readonly replicas: number; readonly template: { readonly spec: Pod } };
}
interface Pod {
  readonly initContainers?: readonly Container[];
  readonly containers: readonly Container[];
}
interface Container {
  readonly args?: readonly string[];
  readonly command?: readonly string[];
  readonly env?: readonly { readonly name: string; readonly value?: string }[];
  readonly securityContext: Record<string, unknown>;
}
const documents = (text: string): Row[] =>
  parseAllDocuments(text).flatMap((one) => (one.toJS() === null ? [] : [one.toJS() as Row]));

const isProgram = (path: string | undefined): path is string =>
  path !== undefined && spawnSync(path, ['version', '--short'], { stdio: 'ignore' }).status === 0;
const helm = [process.env.CACO_HELM, 'helm'].find(isProgram);
if (helm === undefined)
  console.warn('No helm here (on the PATH, or CACO_HELM): the chart is held against its schema, and not rendered.');
const template = (...sets: string[]) =>
  spawnSync(helm!, ['template', 'caco', chart, '-n', 'caco', ...sets.flatMap((set) => ['--set-string', set])], {
    encoding: 'utf8',
  });

describe('the chart', () => {
  const schema = new Ajv({ strict: false }).compile(JSON.parse(read('docs/deploy/helm/values.schema.json')) as object);
  const values = () => parse(read('docs/deploy/helm/values.yaml')) as Record<string, Record<string, unknown>>;

  it('has values that its own schema takes, and refuses what would not run', () => {
    expect(schema(values()), JSON.stringify(schema.errors)).toBe(true);
    for (const wrong of [
      { ...values(), dryRun: 'maybe' },
      { ...values(), operate: { ...values().operate, every: 'often' } },
      { ...values(), settings: { DATABASE_URL: 'postgres://in/the/open' } },
      { ...values(), serve: { ...values().serve, replicas: 0 } },
      { ...values(), replica: 3 },
    ])
      expect(schema(wrong), JSON.stringify(wrong)).toBe(false);
  });

  it.runIf(helm)('passes helm’s own look, and gives no more rights than the manifest', () => {
    execFileSync(helm!, ['lint', '--strict', chart], { stdio: 'pipe' });
    const made = documents(template().stdout);
    const manifest = documents(read('docs/deploy/kubernetes.yaml'));
    const rights = (of: readonly Row[]) =>
      of
        .filter(({ kind }) => kind === 'ClusterRole' || kind === 'Role')
        .map(({ kind, metadata, rules }) => ({ kind, name: metadata.name, rules }))
        .sort((a, b) => a.name.localeCompare(b.name));
    expect(rights(made)).toEqual(rights(manifest));
    const pods = made.filter(({ kind }) => kind === 'Deployment');
    expect(pods.map(({ metadata, spec }) => [metadata.name, spec!.replicas]).sort()).toEqual([
      ['caco-operate', 2],
      ['caco-releaser', 2],
      ['caco-serve', 2],
    ]);
    for (const { spec } of pods) {
      const { initContainers = [], containers } = spec!.template.spec;
      for (const { securityContext } of [...initContainers, ...containers])
        expect(securityContext).toMatchObject({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          runAsNonRoot: true,
          capabilities: { drop: ['ALL'] },
        });
    }
    const [operate] = pods.filter(({ metadata }) => metadata.name === 'caco-operate');
    expect(operate!.spec!.template.spec.containers[0]!.args).toContain('--standby');
  });

  it.runIf(helm)('says what is wrong with a value, and takes over what is set', () => {
    const refused = template('operate.every=often');
    expect(refused.status).not.toBe(0);
    expect(refused.stderr).toContain('operate.every');
    const made = documents(template('dryRun=off', 'namespaces[0]=batch', 'settings.CACO_GRID=live').stdout);
    const serve = made.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === 'caco-serve')!;
    expect(serve.spec!.template.spec.containers[0]!.env).toEqual(
      expect.arrayContaining([
        { name: 'CACO_DRY_RUN', value: 'off' },
        { name: 'CACO_KUBERNETES_NAMESPACES', value: 'batch' },
        { name: 'CACO_GRID', value: 'live' },
      ]),
    );
  });
});

describe('the compose file', () => {
  const compose = parse(read('compose.yaml'), { merge: true }) as {
    services: Record<string, { volumes?: string[]; command?: string | string[]; secrets?: string[] }>;
    volumes: Record<string, null>;
    secrets: Record<string, unknown>;
  };

  it('names files, volumes and secrets that are there', () => {
    for (const { volumes = [], secrets = [] } of Object.values(compose.services)) {
      for (const volume of volumes) {
        const [from] = volume.split(':') as [string];
        if (from.startsWith('.')) expect(existsSync(join(root, from)), from).toBe(true);
        else expect(Object.keys(compose.volumes)).toContain(from);
      }
      for (const secret of secrets) expect(Object.keys(compose.secrets)).toContain(secret);
    }
    expect(compose.services.operate!.command).toContain('--standby');
  });

  it('gives Grafana dashboards that name the Prometheus beside it', () => {
    const uid = (parse(read('docs/deploy/monitoring/datasource.yaml')) as { datasources: { uid: string }[] })
      .datasources[0]!.uid;
    const [script] = compose.services.dashboards!.command as string[];
    const folder = mkdtempSync(join(tmpdir(), 'caco-boards-'));
    try {
      // As compose hands it to the shell: `$$` is one `$`.
      const here = script!
        .replaceAll('$$', '$')
        .replaceAll('/grafana/', `${root}grafana/`)
        .replaceAll('/dashboards/', `${folder}/`);
      execFileSync('sh', ['-c', here]);
      const boards = readdirSync(folder);
      expect(boards.sort()).toEqual(readdirSync(join(root, 'grafana')).sort());
      for (const board of boards) {
        const text = readFileSync(join(folder, board), 'utf8');
        expect(text).not.toMatch(/DS_PROMETHEUS\}/);
        expect(text).toContain(`"uid": "${uid}"`);
        JSON.parse(text);
      }
    } finally {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const hasPromtool = spawnSync('promtool', ['--version'], { stdio: 'ignore' }).status === 0;
  it.runIf(hasPromtool)('gives Prometheus a configuration that it takes', () => {
    execFileSync('promtool', [
      'check',
      'config',
      '--syntax-only',
      join(root, 'docs/deploy/monitoring/prometheus.yaml'),
    ]);
  });
});

const postgres = await testPostgres();
const bin = process.env.CACO_TEST_POSTGRES_URL ? '' : '/usr/lib/postgresql';
const tool = (name: string) => {
  if (bin === '') return name;
  const [newest] = readdirSync(bin).sort((a, b) => Number(b) - Number(a));
  return join(bin, newest!, 'bin', name);
};
const home = mkdtempSync(join(tmpdir(), 'caco-deployment-'));
afterAll(async () => {
  await postgres?.stop();
  rmSync(home, { recursive: true, force: true });
});

describe.runIf(postgres)('a Postgres store', () => {
  it('comes back from a dump whole: the ledger is sound and goes on', async () => {
    const open = (databaseUrl: string) => openApp(readConfig({ home, databaseUrl }, {}, home).config);
    const by = { actor: { id: 'ann', via: 'cli' as const } };
    const job = (id: string) => ({ id, durationHours: 1, vcpus: 1 });
    const app = await open(postgres!.url);
    await app.call('submit_job', job('a'), { ...by, idempotencyKey: 'one' });
    const signed = await app.ledger.checkpoint();
    const file = join(home, 'caco.dump');
    execFileSync(tool('pg_dump'), ['--format=custom', `--file=${file}`, postgres!.url]);
    await app.call('submit_job', job('b'), by);
    await app.close();
    const { url, stop } = await postgres!.another();
    execFileSync(tool('pg_restore'), ['--no-owner', '--exit-on-error', `--dbname=${url}`, file]);
    const restored = await open(url);
    try {
      expect((await restored.call('list_jobs', { workloadId: 'W-SUBMITTED' }, by)).total).toBe(1);
      expect(await restored.ledger.size()).toBe(signed.size);
      // Its keys remember what they have signed since the dump: a ledger that was set back says so.
      await expect(restored.ledger.checkpoint()).rejects.toMatchObject({ code: 'conflict' });
      rmSync(join(home, 'keys/checkpoint'));
      expect((await restored.ledger.audit()).firstBad ?? null).toBeNull();
      const again = await restored.call('submit_job', job('a'), { ...by, idempotencyKey: 'one' });
      expect(again.jobId).toBe('a');
      expect(await restored.ledger.size()).toBe(signed.size);
      await restored.call('submit_job', job('c'), by);
      expect((await restored.ledger.checkpoint()).size).toBe(signed.size + 1);
    } finally {
      await restored.close();
      await stop();
    }
  });
});
