/** The dashboards ask for nothing that is not exported, and Prometheus understands what they ask. */
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type App, openApp } from '../app.js';
import { isInstalled, startPrometheus } from '../bench/prometheus.js';
import { readConfig } from '../config.js';
import { type HttpServer, startHttp } from './http-server.js';

interface Dashboard {
  readonly uid: string;
  readonly __inputs: readonly { readonly name: string; readonly type: string }[];
  readonly panels: readonly {
    readonly title: string;
    readonly datasource: { readonly uid: string };
    readonly targets: readonly { readonly expr: string }[];
  }[];
}
const BOARDS = ['caco', 'savings'] as const;
const boardOf = (name: string) =>
  JSON.parse(readFileSync(new URL(`../grafana/${name}.json`, import.meta.url), 'utf8')) as Dashboard;
const expressionsOf = (name: string) => boardOf(name).panels.flatMap(({ targets }) => targets.map(({ expr }) => expr));

const home = mkdtempSync(join(tmpdir(), 'caco-grafana-'));
let app: App;
let server: HttpServer;
let page: string;
beforeAll(async () => {
  const { config, settings } = readConfig({ home, logLevel: 'silent' }, {}, home);
  app = await openApp(config, settings);
  server = await startHttp(app, { port: 0 });
  await fetch(`${server.url}/tools/list_approvals`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: '{}',
  });
  page = await (await fetch(`${server.url}/metrics`)).text();
});
afterAll(async () => {
  await server.close();
  await app.close();
  rmSync(home, { recursive: true, force: true });
});

describe.each(BOARDS)('the dashboard %s', (name) => {
  it('keeps its name for good and asks which Prometheus is meant', () => {
    const { uid, __inputs: inputs, panels } = boardOf(name);
    expect(uid).toMatch(/^caco-/);
    expect(inputs).toMatchObject([{ name: 'DS_PROMETHEUS', type: 'datasource' }]);
    expect(panels.map(({ datasource }) => datasource.uid)).toEqual(panels.map(() => `$${'{DS_PROMETHEUS}'}`));
  });

  it('names metrics that are exported, each of them', () => {
    const exported = new Set(
      [...page.matchAll(/^# TYPE (\w+) (\w+)$/gm)].flatMap(([, metric, type]) =>
        type === 'histogram' ? [`${metric}_count`, `${metric}_bucket`] : [metric!],
      ),
    );
    const asked = expressionsOf(name).flatMap((expr) => expr.match(/caco_\w+/g) ?? []);
    expect(asked.length).toBeGreaterThan(5);
    expect(asked.filter((metric) => !exported.has(metric))).toEqual([]);
  });
});

const hasPromtool = (() => {
  try {
    execFileSync('promtool', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
})();
if (!hasPromtool)
  console.warn('promtool is not installed: whether Prometheus understands the dashboards is not tested here.');

describe.skipIf(!isInstalled())('a real Prometheus', () => {
  it('works every expression out over what the program exports', async () => {
    const at = 1_767_571_200;
    const lines = page.split('\n').filter((line) => line !== '' && !line.startsWith('#'));
    const prometheus = await startPrometheus(lines.map((line) => `${line.replace(/ Nan$/, ' NaN')} ${at}`).join('\n'));
    try {
      for (const expr of BOARDS.flatMap(expressionsOf)) {
        const answer = await fetch(`${prometheus.url}/api/v1/query?query=${encodeURIComponent(expr)}&time=${at}`);
        const { status, data } = (await answer.json()) as { status: string; data: { result: unknown[] } };
        expect([expr, status]).toEqual([expr, 'success']);
        // One sample is no rate, and nothing is divided by a baseline of nothing.
        if (/^caco_(savings|kwhsave|runs|ledger|grid)\w*$/.test(expr) && expr !== 'caco_runs')
          expect([expr, data.result.length]).toEqual([expr, 1]);
      }
    } finally {
      await prometheus.stop();
    }
  });
});

describe.skipIf(!hasPromtool)('Prometheus', () => {
  it('understands every expression, and its linter has nothing against the names', () => {
    const rules = BOARDS.flatMap((name) =>
      expressionsOf(name).map(
        (expr, i) => `      - record: dashboard:${name}:${i}\n        expr: ${JSON.stringify(expr)}`,
      ),
    );
    const file = join(home, 'rules.yml');
    writeFileSync(file, `groups:\n  - name: dashboards\n    rules:\n${rules.join('\n')}\n`);
    expect(execFileSync('promtool', ['check', 'rules', file], { encoding: 'utf8' })).toContain(
      `SUCCESS: ${rules.length} rules found`,
    );
    const savings = page
      .split('\n')
      .filter((line) => /caco_(savings|kwhsave)_/.test(line))
      .join('\n');
    expect(execFileSync('promtool', ['check', 'metrics'], { input: `${savings}\n`, encoding: 'utf8' })).toBe('');
  });
});
