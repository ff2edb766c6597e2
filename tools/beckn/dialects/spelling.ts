/** How figures, times and tags are spelt in messages, whatever the dialect. Nothing is guessed: what cannot be read is null. */

import type { z } from 'zod';
import { decimal } from '../../../domain/decimal.js';
import { type MarketContext, OfferKind, type Quote } from '../../../domain/market.js';
import { type Instant, type Interval, instant } from '../../../domain/time.js';
import { durationMs, durationText } from '../freshness.js';
import { Refusal } from '../refusal.js';

/** As decimal text without exponent, to at most `digits` places. */
export const say = (value: number, digits = 3): string => decimal(Number(value.toFixed(digits)));
export const sayOr = (value: number | null, digits?: number): string | undefined =>
  value === null ? undefined : say(value, digits);

/** Throws Refusal for text that is there and is no number, or one that is too large to reckon with. */
export const numberIn = (text: string | undefined, at: string): number | null => {
  if (text === undefined) return null;
  if (!/^[+-]?(\d*\.)?\d+$/.test(text.trim()))
    throw new Refusal('30000', `${at} is "${text.slice(0, 80)}", must be a decimal number`, at);
  const value = Number(text);
  if (!Number.isFinite(value)) throw new Refusal('30000', `${at} has ${text.length} digits: it is too large`, at);
  return value;
};

/** A decimal as the books keep it: no sign of plus, no zeros that say nothing. */
export const decimalIn = (text: string | undefined, at: string): string | null => {
  const value = numberIn(text, at);
  return value === null ? null : decimal(value);
};

export const minutesIn = (text: string | undefined, at: string): number | null => {
  if (text === undefined) return null;
  try {
    return durationMs(text) / 60_000;
  } catch (error) {
    throw new Refusal('30000', (error as Error).message, at);
  }
};
export const sayMinutes = (minutes: number | null): string | undefined =>
  minutes === null ? undefined : durationText(Math.round(minutes));

/** Throws Refusal for text that is no time. */
export const instantAt = (text: string, at: string): Instant => {
  try {
    return instant(text);
  } catch (error) {
    throw new Refusal('30000', (error as Error).message, at);
  }
};

export const windowIn = (
  range: { start?: string | undefined; end?: string | undefined } | undefined,
  at: string,
): Interval | null => {
  if (range?.start === undefined || range.end === undefined) return null;
  const window = { start: instant(range.start), end: instant(range.end) };
  if (window.end <= window.start) throw new Refusal('30000', `${at} ends at ${window.end}, before it starts`, at);
  return window;
};

export const placeIn = (text: string | undefined) => {
  const [latitude, longitude] = (text ?? '').split(',').map((part) => Number(part.trim()));
  return latitude === undefined || longitude === undefined || text === undefined ? null : { latitude, longitude };
};
export const sayPlace = (place: { latitude: number; longitude: number } | null): string | undefined =>
  place === null ? undefined : `${say(place.latitude, 6)},${say(place.longitude, 6)}`;

export const kindIn = (code: string | undefined): OfferKind | null => {
  const known = OfferKind.safeParse(code);
  return known.success ? known.data : null;
};

/** Members that are there. */
export const given = <T extends Record<string, unknown>>(members: T): { [K in keyof T]: Exclude<T[K], undefined> } =>
  Object.fromEntries(Object.entries(members).filter(([, value]) => value !== undefined)) as never;

/** Throws Refusal with a pointer to the first problem, and names the others. */
export const parseClosed = <S extends z.ZodType>(schema: S, value: unknown, at: string): z.output<S> => {
  const parsed = schema.safeParse(value);
  if (parsed.success) return parsed.data;
  const problems = parsed.error.issues.slice(0, 8).map((issue) => {
    const unknown = issue.code === 'unrecognized_keys' ? issue.keys : null;
    const path = `${at}${issue.path.map((part) => `/${String(part).replaceAll('~', '~0').replaceAll('/', '~1')}`).join('')}`;
    const said =
      unknown === null ? issue.message : `has no member ${unknown.map((key) => `"${key.slice(0, 80)}"`).join(', ')}`;
    return {
      path: unknown === null ? path : `${path}/${unknown[0]!.replaceAll('~', '~0').replaceAll('/', '~1')}`,
      said: `${path}: ${said}`,
    };
  });
  throw new Refusal('30000', problems.map(({ said }) => said).join('; '), problems.map(({ path }) => path).join(','));
};

export const positive = (value: number | null, name: string): number | null => {
  if (value === null || (value > 0 && Number.isFinite(value))) return value;
  throw new Refusal('30000', `${name} is ${value}, must be above 0`, '/message/intent/tags');
};

/** `duration` as ISO 8601, or `duration_hours` as a number; minutes. */
export const durationIn = (tag: (name: string) => string | undefined): number | null => {
  const hours = numberIn(tag('duration_hours'), '/message/intent/tags');
  return positive(
    minutesIn(tag('duration'), '/message/intent/tags') ?? (hours === null ? null : hours * 60),
    'duration',
  );
};

/** Money with two digits at least. */
export const money = (amount: string): string => {
  const [whole, fraction = ''] = amount.split('.');
  return `${whole}.${fraction.padEnd(2, '0')}`;
};

interface WireQuote {
  price?: { currency?: string | undefined; value?: string | undefined } | undefined;
  breakup?: { title?: string | undefined; price?: { value?: string | undefined } | undefined }[] | undefined;
  ttl?: string | undefined;
}

/** A quote is spelt alike in 0.9 and 1.x. An amount without a currency is no price: null. */
export const quoteIn = (quote: WireQuote | undefined): Quote | null => {
  if (quote?.price?.value === undefined || quote.price.currency === undefined) return null;
  const minutes = minutesIn(quote.ttl, '/message/order/quote/ttl');
  return {
    total: decimalIn(quote.price.value, '/message/order/quote/price/value')!,
    currency: quote.price.currency,
    lines: (quote.breakup ?? []).map((line, i) => ({
      title: line.title ?? '',
      amount: decimalIn(line.price?.value ?? '0', `/message/order/quote/breakup/${i}`)!,
    })),
    validSeconds: minutes === null || minutes === 0 ? null : minutes * 60,
  };
};
/** Of a buyer, whose quote we are to hold to: an amount without a currency is refused. */
export const agreedQuoteIn = (quote: WireQuote | undefined): Quote | null => {
  const at = '/message/order/quote/price';
  if (quote?.price?.value !== undefined && quote.price.currency === undefined)
    throw new Refusal('30000', `${at} needs a currency`, `${at}/currency`);
  return quoteIn(quote);
};
export const sayQuote = (quote: Quote) =>
  given({
    price: { currency: quote.currency, value: money(quote.total) },
    breakup: quote.lines.map(({ title, amount }) => ({
      title,
      price: { currency: quote.currency, value: money(amount) },
    })),
    ttl: quote.validSeconds === null ? undefined : `PT${Math.max(1, Math.round(quote.validSeconds))}S`,
  });

const MWH = new Map([
  ['MWh', 1],
  ['kWh', 0.001],
]);
/** Energy in MWh as decimal text; null where the unit is another than MWh or kWh: then it is no energy, or none that we know. */
export const energyIn = (value: number | null, unit: string | undefined): string | null => {
  const factor = MWH.get(unit ?? '');
  return value === null || factor === undefined ? null : say(value * factor, 9);
};
/** The same where nothing but energy may stand. Throws Refusal. */
export const energyAt = (value: number | null, unit: string | undefined, at: string): string | null => {
  if (value === null) return null;
  const energy = energyIn(value, unit);
  if (energy !== null) return energy;
  throw new Refusal('30000', `unit is "${String(unit).slice(0, 40)}", must be MWh or kWh`, at);
};

type Route = Pick<
  MarketContext,
  'bapId' | 'bapUri' | 'bppId' | 'bppUri' | 'transactionId' | 'messageId' | 'timestamp' | 'ttl'
>;
interface WireRoute {
  bap_id: string;
  bap_uri: string;
  bpp_id?: string | undefined;
  bpp_uri?: string | undefined;
  transaction_id: string;
  message_id: string;
  timestamp: string;
  ttl: string;
}

/** Who speaks to whom, in which exchange and until when: spelt alike in every dialect but 2.0 LTS. */
export const routeIn = (context: WireRoute): Route => ({
  bapId: context.bap_id,
  bapUri: context.bap_uri,
  bppId: context.bpp_id ?? null,
  bppUri: context.bpp_uri ?? null,
  transactionId: context.transaction_id,
  messageId: context.message_id,
  timestamp: context.timestamp,
  ttl: context.ttl,
});
export const sayRoute = (context: Route) =>
  given({
    bap_id: context.bapId,
    bap_uri: context.bapUri,
    bpp_id: context.bppId ?? undefined,
    bpp_uri: context.bppUri ?? undefined,
    transaction_id: context.transactionId,
    message_id: context.messageId,
    timestamp: context.timestamp,
    ttl: context.ttl,
  });
