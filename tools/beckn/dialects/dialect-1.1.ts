/** Beckn 1.1: tag groups, arrays of fulfilments and payments. The default. */
import type { MarketContext, MarketItem, MarketReply, Provider } from '../../../domain/market.js';
import { Refusal } from '../refusal.js';
import { acknowledgement, type Dialect, type Said } from './dialect.js';
import { fulfillmentOf, readItem, readOrder, writeItem, writeOrder } from './order-1.1.js';
import { readRequest, writeRequest } from './request-1.1.js';
import { Context11, Error11, MESSAGES_11 } from './shapes-1.1.js';
import { given, parseClosed, placeIn, routeIn, sayPlace, sayRoute } from './spelling.js';

const writeCatalog = (name: string, providers: readonly (Provider & { readonly items: readonly MarketItem[] })[]) => ({
  catalog: {
    descriptor: { name },
    providers: providers.map((provider) =>
      given({
        id: provider.id,
        descriptor: { name: provider.name },
        categories: [...new Set(provider.items.map(({ kind }) => kind))].map((kind) => ({
          id: kind,
          descriptor: { code: kind },
        })),
        locations: provider.place === null ? undefined : [{ id: 'l-1', gps: sayPlace(provider.place)! }],
        fulfillments: provider.items.map((item, i) => fulfillmentOf(item, `f-${i + 1}`)),
        items: provider.items.map((item, i) => ({
          ...writeItem(item, `f-${i + 1}`),
          ...(provider.place === null ? {} : { location_ids: ['l-1'] }),
          quantity: { available: { measure: { value: item.energyMwh, unit: 'MWh' } }, maximum: { count: 1 } },
        })),
      }),
    ),
  },
});

const writeReply = (action: string, reply: MarketReply) => {
  switch (reply.is) {
    case 'catalog':
      return { message: writeCatalog(reply.name, reply.providers) };
    case 'order':
      return { message: { order: writeOrder(reply.order) } };
    case 'tracking':
      return {
        message: {
          tracking: given({
            id: reply.orderId ?? undefined,
            url: reply.url,
            status: reply.active ? 'active' : 'inactive',
          }),
        },
      };
    case 'support':
      return {
        message: {
          support: given({
            ref_id: reply.ref ?? undefined,
            phone: reply.phone ?? undefined,
            email: reply.email ?? undefined,
            url: reply.url ?? undefined,
          }),
        },
      };
    case 'rating':
      return {
        message: {
          feedback_form: given({
            form: reply.feedbackUrl === null ? undefined : { url: reply.feedbackUrl, mime_type: 'text/html' },
            required: false,
          }),
        },
      };
    case 'error':
      return { error: writeError(reply.code, reply.message, reply.paths) };
  }
  throw new Error(`${action} has no such reply`);
};

const writeError = (code: string, message: string, paths: string | null) =>
  given({ code, message, paths: paths ?? undefined });

const readReply = (action: string, body: Said): MarketReply => {
  if (body.error !== undefined) {
    if (body.message !== undefined)
      throw new Refusal('30000', 'a callback carries message or error, not both', '/error');
    const error = parseClosed(Error11, body.error, '/error');
    return { is: 'error', code: error.code ?? '', message: error.message ?? '', paths: error.paths ?? null };
  }
  switch (action) {
    case 'on_search': {
      const { catalog } = parseClosed(MESSAGES_11.on_search, body.message, '/message');
      return {
        is: 'catalog',
        name: catalog.descriptor?.name ?? '',
        providers: (catalog.providers ?? []).map((provider, p) => {
          const place = placeIn(provider.locations?.[0]?.gps);
          return {
            id: provider.id ?? '',
            name: provider.descriptor?.name ?? provider.id ?? '',
            place,
            items: (provider.items ?? []).flatMap(
              (item, i) =>
                readItem(item, provider.fulfillments ?? [], place, `/message/catalog/providers/${p}/items/${i}`) ?? [],
            ),
          };
        }),
      };
    }
    case 'on_track': {
      const { tracking } = parseClosed(MESSAGES_11.on_track, body.message, '/message');
      return {
        is: 'tracking',
        orderId: tracking.id ?? null,
        url: tracking.url ?? '',
        active: tracking.status === 'active',
      };
    }
    case 'on_support': {
      const { support } = parseClosed(MESSAGES_11.on_support, body.message, '/message');
      return {
        is: 'support',
        ref: support.ref_id ?? null,
        phone: support.phone ?? null,
        email: support.email ?? null,
        url: support.url ?? null,
      };
    }
    case 'on_rating':
      return {
        is: 'rating',
        feedbackUrl: parseClosed(MESSAGES_11.on_rating, body.message, '/message').feedback_form?.form?.url ?? null,
      };
    case 'on_select':
    case 'on_init':
    case 'on_confirm':
    case 'on_status':
    case 'on_update':
    case 'on_cancel':
      return { is: 'order', order: readOrder(parseClosed(MESSAGES_11[action], body.message, '/message').order) };
    default:
      throw new Refusal('30000', `there is no action ${action.slice(0, 80)}`, '/context/action');
  }
};

export const dialect11: Dialect = {
  name: '1.1',
  version: '1.1.0',
  recognises: (context) => 'version' in context && /^1\./.test(String(context.version)),
  readContext: (value): MarketContext => {
    const c = parseClosed(Context11, value, '/context');
    return {
      dialect: '1.1',
      version: c.version,
      domain: c.domain,
      action: c.action,
      ...routeIn(c),
      country: c.location.country.code,
      city: c.location.city.code,
    };
  },
  writeContext: (c) => ({
    domain: c.domain,
    location: { country: { code: c.country ?? 'GBR' }, city: { code: c.city ?? '*' } },
    version: c.version,
    action: c.action,
    ...sayRoute(c),
  }),
  spell: (action) => action,
  acknowledge: (_, __, refusal) =>
    acknowledgement(refusal === null ? null : writeError(refusal.code, refusal.message, refusal.paths)),
  writeRequest,
  readReply,
  selling: { readRequest, writeReply },
};
