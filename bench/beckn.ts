/**
 * The market's own cost: how soon a request is acknowledged at 200 a second (signature verified, durable), how soon the catalogue
 * of a 30 000-job fleet is told from the stored plan, and verify + sign against raw Ed25519.
 * Needs the build: `npm run build && npx tsx bench/beckn.ts [jobs] [seconds]`.
 */
import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPairSync,
  randomUUID,
  sign,
  verify,
} from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { Agent, createServer, request } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseSignature, requireSignature, signatureHeader } from '../market.js';
import { freePort, programsIn } from './programs.js';
import { keep, rounded } from './results.js';

const [JOBS, SECONDS] = [Number(process.argv[2] ?? 30_000), Number(process.argv[3] ?? 20)];
const PER_SECOND = 200;
const BAP = 'bench.example';
const BPP = 'bpp.caco.example';

const pair = generateKeyPairSync('ed25519');
const key = createPrivateKey(pair.privateKey.export({ format: 'pem', type: 'pkcs8' }));
const headerOf = (body: string) => {
  const created = Math.floor(Date.now() / 1000);
  return signatureHeader(key, { subscriberId: BAP, keyId: 'k1' }, { created, expires: created + 600 }, body);
};

const quantile = (values: readonly number[], q: number): number =>
  [...values].sort((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * q))]!;

/** CPU seconds of verify + sign of a message, ours against the signatures alone. */
const signing = () => {
  const body = JSON.stringify({ context: {}, message: 'x'.repeat(2000) });
  const publicKey = createPublicKey(key);
  const cpu = (rounds: number, work: () => void): number => {
    for (let i = 0; i < 200; i++) work();
    const before = process.cpuUsage();
    for (let i = 0; i < rounds; i++) work();
    const { user, system } = process.cpuUsage(before);
    return (user + system) / 1e6 / rounds;
  };
  const raw = Buffer.from(
    `(created): 1\n(expires): 2\ndigest: BLAKE-512=${createHash('blake2b512').update(body).digest('base64')}`,
  );
  const bare = () => void verify(null, raw, publicKey, sign(null, raw, key));
  const ours = () => requireSignature(parseSignature(headerOf(body)), publicKey, Buffer.from(body));
  const rows = [1, 2, 3].map(() => ({ bare: cpu(2000, bare), ours: cpu(2000, ours) }));
  const least = (of: 'bare' | 'ours') => Math.min(...rows.map((row) => row[of]));
  return {
    rawPerCpuSecond: rounded(1 / least('bare'), 0),
    verifyAndSignPerCpuSecond: rounded(1 / least('ours'), 0),
    ratioToRaw: rounded(least('bare') / least('ours')),
  };
};

const folder = mkdtempSync(join(tmpdir(), 'caco-bench-beckn-'));
const { start, caco, end } = programsIn(folder);
const heard = new Map<string, () => void>();
const callbacks = createServer((req, res) => {
  const parts: Buffer[] = [];
  req.on('data', (part) => parts.push(part));
  req.on('end', () => {
    const { context } = JSON.parse(Buffer.concat(parts).toString()) as { context: { message_id: string } };
    heard.get(context.message_id)?.();
    res.writeHead(200, { 'content-type': 'application/json' }).end('{"message":{"ack":{"status":"ACK"}}}');
  });
});
const agent = new Agent({ keepAlive: true, maxSockets: 64 });

try {
  await new Promise<void>((resolve) => callbacks.listen(0, '127.0.0.1', resolve));
  const url = `http://127.0.0.1:${(callbacks.address() as AddressInfo).port}/beckn`;
  const scenario = join(folder, 'fleet.json');
  const shipped = JSON.parse(readFileSync(new URL('../sim/scenarios/gb-hpc.json', import.meta.url), 'utf8'));
  const [site] = shipped.sites;
  const sites = [{ ...site, powerCapKw: (site.powerCapKw * JOBS) / 405 }];
  writeFileSync(scenario, JSON.stringify({ ...shipped, sites, arrivals: { ...shipped.arrivals, jobsPerDay: JOBS } }));
  const trust = join(folder, 'trust.json');
  const signing_public_key = pair.publicKey.export({ format: 'der', type: 'spki' }).subarray(-32).toString('base64');
  writeFileSync(
    trust,
    JSON.stringify([{ subscriber_id: BAP, url, type: 'BAP', key_id: 'k1', signing_public_key, status: 'SUBSCRIBED' }]),
  );
  const more = { CACO_SCENARIO: scenario, CACO_NOW: shipped.start, BECKN_TRUST_FILE: trust };
  caco('seller', ['plan', '--horizon-hours', '24', '--json'], more);
  const port = await freePort();
  const seller = start('seller', ['beckn', '--port', String(port), '--json'], more);
  await seller.line(({ url: at }) => at !== undefined);

  /** Milliseconds to the acknowledgement; `answered` resolves at the callback. */
  const ask = (action: string, message: object) => {
    const messageId = randomUUID();
    const body = JSON.stringify({
      context: {
        domain: 'deg:flexibility',
        location: { country: { code: 'GBR' }, city: { code: '*' } },
        version: '1.1.0',
        action,
        bap_id: BAP,
        bap_uri: url,
        ...(action === 'search' ? {} : { bpp_id: BPP, bpp_uri: `http://127.0.0.1:${port}/beckn` }),
        transaction_id: randomUUID(),
        message_id: messageId,
        timestamp: new Date().toISOString(),
        ttl: 'PT10M',
      },
      message,
    });
    const begun = performance.now();
    const answered = new Promise<number>((resolve) => heard.set(messageId, () => resolve(performance.now() - begun)));
    const acked = new Promise<number>((resolve, reject) => {
      const headers = {
        'content-type': 'application/json',
        authorization: headerOf(body),
        'content-length': Buffer.byteLength(body),
      };
      const sent = request(`http://127.0.0.1:${port}/beckn/${action}`, { method: 'POST', agent, headers }, (answer) => {
        let said = '';
        answer.on('data', (part) => {
          said += part;
        });
        answer.once('end', () => {
          if (answer.statusCode === 200) resolve(performance.now() - begun);
          else reject(new Error(`${action}: ${answer.statusCode} ${said}`));
        });
      });
      sent.once('error', reject);
      sent.end(body);
    });
    return { acked, answered };
  };
  const intent = {
    intent: {
      tags: [{ descriptor: { code: 'flexibility' }, list: [{ descriptor: { code: 'power_kw' }, value: '100' }] }],
    },
  };
  const catalogs: number[] = [];
  for (let i = 0; i < 12; i++) catalogs.push(await ask('search', intent).answered);

  const cpuBefore = seller.cpuMs();
  const acks: number[] = [];
  const answers: Promise<number>[] = [];
  const pending: Promise<unknown>[] = [];
  const begun = performance.now();
  for (let i = 0; i < PER_SECOND * SECONDS; i++) {
    const dueMs = begun + (i * 1000) / PER_SECOND;
    if (performance.now() < dueMs) await new Promise((resolve) => setTimeout(resolve, dueMs - performance.now()));
    const { acked, answered } = ask('support', { support: { ref_id: `r-${i}` } });
    answers.push(answered);
    pending.push(acked.then((ms) => acks.push(ms)));
  }
  await Promise.all(pending);
  const sentFor = (performance.now() - begun) / 1000;
  await Promise.all(answers);
  const all = (performance.now() - begun) / 1000;
  const cpuAfter = seller.cpuMs();
  await seller.kill('SIGTERM');
  const perRequestMs = cpuBefore === null || cpuAfter === null ? null : (cpuAfter - cpuBefore) / acks.length;
  const signed = signing();
  keep('beckn', {
    jobs: JOBS,
    catalogMsFirst: rounded(catalogs[0]!, 0),
    catalogMsMedian: rounded(quantile(catalogs.slice(2), 0.5), 0),
    requests: acks.length,
    requestsPerSecond: rounded(acks.length / sentFor, 0),
    ackMsMedian: rounded(quantile(acks, 0.5), 1),
    ackMsP99: rounded(quantile(acks, 0.99), 1),
    // Received, verified, kept, acknowledged, worked on, answered: all that the seller does for one.
    cpuMsPerRequest: perRequestMs === null ? null : rounded(perRequestMs),
    // The same in units of what a bare verify + sign costs on this machine: says more than milliseconds where cores are slow or shared.
    cpuPerRequestInRawPairs: perRequestMs === null ? null : rounded((perRequestMs / 1000) * signed.rawPerCpuSecond, 1),
    answeredPerSecond: rounded(acks.length / all, 0),
    ...signed,
    targets: {
      catalogMs: 200,
      ackMsMedian: 15,
      ackMsP99: 60,
      requestsPerSecond: PER_SECOND,
      verifyAndSignPerCpuSecond: 2000,
    },
  });
} finally {
  end();
  agent.destroy();
  callbacks.closeAllConnections();
  callbacks.close();
  rmSync(folder, { recursive: true, force: true });
}
