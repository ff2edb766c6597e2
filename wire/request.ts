/** A caller's wish as a request: a URL that may be asked, and headers that say who asks. */
import { readFileSync } from 'node:fs';
import type { Ask } from './ask.js';
import { ACCEPT_ENCODING } from './body.js';
import type { Request } from './exchange.js';
import { trouble } from './trouble.js';

let agentName: string | undefined;
/** Name and version, so that the operator of the other end knows whom to ask back. */
const userAgent = (): string => {
  if (agentName === undefined) {
    const file = readFileSync(new URL('../package.json', import.meta.url), 'utf8');
    const { name, version } = JSON.parse(file) as { name: string; version: string };
    agentName = `${name}/${version}`;
  }
  return agentName;
};

/** Throws Fault (`refused`) for what is no URL, is not HTTP, or holds credentials. */
export const urlOf = (ask: Ask): URL => {
  const refuse = (what: string, remedy: string) =>
    trouble('refused', `the address of ${ask.who} ${what}`, remedy, { reason: 'address' });
  const whole = 'Write it as https://HOST/PATH.';
  if (!URL.canParse(String(ask.url))) throw refuse('is no URL', whole);
  const url = new URL(ask.url);
  if (!/^https?:$/.test(url.protocol)) throw refuse(`begins with ${url.protocol}`, whole);
  if (url.username !== '' || url.password !== '')
    throw refuse(
      'holds a user name or a password',
      'Take them out of it: they belong into the settings for credentials.',
    );
  return url;
};

export const reads = (method: string): boolean => method === 'GET' || method === 'HEAD';

export const requestOf = (ask: Ask, url: URL): Request => {
  const method = (ask.method ?? 'GET').toUpperCase();
  const given = Object.fromEntries(Object.entries(ask.headers ?? {}).map(([name, v]) => [name.toLowerCase(), v]));
  const body = ask.json === undefined ? ask.body : JSON.stringify(ask.json);
  return {
    url,
    method,
    headers: {
      'user-agent': userAgent(),
      'accept-encoding': ACCEPT_ENCODING,
      ...(ask.json === undefined ? {} : { 'content-type': 'application/json' }),
      ...given,
      ...(body === undefined ? {} : { 'content-length': String(Buffer.byteLength(body)) }),
    },
    body,
    onlyPublic: ask.chosenBy === 'stranger' && !(ask.own ?? []).includes(url.origin),
    // A write goes over a connection of its own: one that was kept may be closed by the server just as the request is sent, and then
    // nobody knows whether it arrived. Where strangers' URLs lead is looked at when a connection is made; few come twice.
    kept: ask.repeatable === true || (ask.chosenBy === 'operator' && reads(method)),
    resolve: ask.resolve ?? null,
    tls: ask.tls ?? null,
  };
};
