/**
 * 30 000 Jobs of a cluster, listed and watched as the releaser does, and read as a queue: how long, and how much memory a process of its own
 * takes. Behind it stands a server that only serves these, in another process.
 * Run: npx tsx bench/kubernetes.ts [jobs]
 */
import { fork } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { systemNow } from '../clock.js';
import { readConfig } from '../config.js';
import { defaulted } from '../domain/fixtures/kubernetes/jobs.js';
import { jobBody, Lab } from '../domain/fixtures/kubernetes/lab.js';
import { keepReleasing, openAccess, releaseDue } from '../kubernetes.js';
import { keep, rounded } from './results.js';

const [jobs = 30_000] = process.argv.slice(2).map(Number);
const peakMb = () => Math.round(process.resourceUsage().maxRSS / 1024);

/** In a process of its own: what the list and the watch alone take. */
const look = async (): Promise<void> => {
  const { api, namespaces, home } = openAccess(readConfig({ fleet: 'kubernetes' }).config);
  const before = peakMb();
  const begun = performance.now();
  const { held } = await releaseDue(api, systemNow, namespaces);
  const listSeconds = (performance.now() - begun) / 1000;
  const end = new AbortController();
  const watching = keepReleasing({
    ...{ api, namespaces, home, now: systemNow, holder: 'bench', signal: end.signal },
    onReleased: () => {},
    onTrouble: (why) => process.stderr.write(`${why}\n`),
  });
  process.send!({ ready: true });
  await new Promise((go) => process.once('message', go));
  end.abort();
  await watching;
  process.send!({ before, listSeconds, held: held.length, peakMb: peakMb() });
  process.disconnect();
};

const measure = async (): Promise<void> => {
  const lab = await Lab.open();
  lab.server.tokens.set('releaser', null);
  const until = new Date(Date.now() + 86_400_000).toISOString().replace(/\.\d+/, '');
  const body = defaulted(jobBody('x', { spec: { suspend: true } }));
  const fieldsV1 = { 'f:spec': { 'f:suspend': {} } };
  for (let n = 0; n < jobs; n++)
    lab.server.storage.create(
      'jobs',
      {
        ...body,
        metadata: {
          ...body.metadata,
          ...{
            name: `job-${n}`,
            namespace: 'ml',
            annotations: { ...body.metadata.annotations, 'caco.dev/held-until': until, note: 'x'.repeat(300) },
          },
          managedFields: n % 10 === 0 ? [{ manager: 'caco', operation: 'Apply', fieldsV1 }] : [],
        },
      },
      new Date(),
    );
  const path = join(lab.folder, 'kubeconfig');
  writeFileSync(path, lab.server.kubeconfig({ token: 'releaser' }));
  const child = fork(new URL(import.meta.url), ['--look'], {
    env: { ...process.env, KUBECONFIG: path },
    execArgv: process.execArgv,
  });
  let told: Record<string, number | boolean> = {};
  child.on('message', async (message: Record<string, number | boolean>) => {
    told = message;
    if (message.ready !== true) return;
    // Every tenth changes while it is watched.
    for (let n = 0; n < jobs; n += 10) {
      const job = lab.server.storage.get('jobs', 'ml', `job-${n}`)!;
      lab.server.storage.update('jobs', { ...job, status: { active: 0 } });
      if (n % 1000 === 0) await new Promise((go) => setImmediate(go));
    }
    setTimeout(() => child.send('end'), 2000);
  });
  await new Promise((ended) => child.once('close', ended));
  keep('kubernetes', {
    jobs,
    held: told.held,
    listSeconds: rounded(told.listSeconds as number),
    startMb: told.before,
    peakMb: told.peakMb,
    addedMb: (told.peakMb as number) - (told.before as number),
  });
  await lab.close();
};

await (process.argv[2] === '--look' ? look() : measure());
