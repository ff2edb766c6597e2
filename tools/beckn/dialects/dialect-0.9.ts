/** Beckn 0.9.4, which its networks label 1.0.0 or 1.1.0: `core_version`, `bpp/providers`, one fulfilment. */
import { type MarketReply, type MarketRequest, OfferKind } from '../../../domain/market.js';
import { Refusal } from '../refusal.js';
import { acknowledgement, type Dialect, type Said } from './dialect.js';
import { readDraft, readItem, readOrder, writeDraft, writeFulfillment, writeItem, writeOrder } from './order-0.9.js';
import { Context09, Error09, MESSAGES_09 } from './shapes-0.9.js';
import {
  durationIn,
  given,
  numberIn,
  parseClosed,
  placeIn,
  positive,
  routeIn,
  sayMinutes,
  sayOr,
  sayPlace,
  sayRoute,
  windowIn,
} from './spelling.js';
import { statusOf } from './states.js';

const at = '/message';
const unknownAction = (action: string) =>
  new Refusal('30000', `there is no action ${action.slice(0, 80)}`, '/context/action');

const readSearch = (message: unknown): MarketRequest => {
  const { intent } = parseClosed(MESSAGES_09.search, message, at);
  const tags: Record<string, string> = { ...intent.fulfillment?.tags, ...intent.item?.tags, ...intent.tags };
  const { start } = intent.fulfillment ?? {};
  const { circle, gps } = start?.location ?? {};
  const kind = OfferKind.safeParse(intent.category?.descriptor?.code ?? intent.item?.descriptor?.code);
  const radius = circle === undefined ? null : positive(circle.radius.value, 'radius');
  return {
    action: 'search',
    need: {
      kind: kind.success ? kind.data : null,
      place: placeIn(circle?.gps ?? gps),
      radiusKm: radius !== null && /^m(eters)?$/.test(circle?.radius.unit ?? '') ? radius / 1000 : radius,
      window: windowIn(start?.time?.range, '/message/intent/fulfillment/start/time/range'),
      powerKw: positive(numberIn(tags.power_kw, '/message/intent/tags/power_kw'), 'power_kw'),
      durationMinutes: durationIn((name) => tags[name]),
    },
  };
};

const readUpdate = (message: unknown): MarketRequest => {
  const { update_target, order } = parseClosed(MESSAGES_09.update, message, at);
  const tags: Record<string, string> = order.fulfillment?.tags ?? {};
  return {
    action: 'update',
    targets: update_target.split(',').map((target) => target.trim()),
    draft: readDraft(order),
    shift:
      tags.flexibility_action === undefined
        ? null
        : {
            action:
              tags.flexibility_action === 'continue_with_acknowledgement'
                ? 'continue_with_acknowledgement'
                : 'workload_shift',
            reason: tags.flexibility_reason ?? null,
            reductionKw: numberIn(tags.reduction_kw, '/message/order/fulfillment/tags/reduction_kw'),
            event: tags.flexibility_event ?? null,
          },
  };
};

const readRequest = (action: string, message: unknown): MarketRequest => {
  switch (action) {
    case 'search':
      return readSearch(message);
    case 'select':
    case 'init':
    case 'confirm':
      return { action, draft: readDraft(parseClosed(MESSAGES_09[action], message, at).order) };
    case 'status':
    case 'track':
      return { action, orderId: parseClosed(MESSAGES_09[action], message, at).order_id };
    case 'update':
      return readUpdate(message);
    case 'cancel': {
      const body = parseClosed(MESSAGES_09.cancel, message, at);
      return {
        action,
        orderId: body.order_id,
        reasonId: body.cancellation_reason_id ?? null,
        why: body.descriptor?.short_desc ?? null,
      };
    }
    case 'rating': {
      const body = parseClosed(MESSAGES_09.rating, message, at);
      return {
        action,
        rates: [{ about: body.rating_category ?? '', id: body.id ?? '', value: body.value ?? Number.NaN }],
      };
    }
    case 'support':
      return { action, ref: parseClosed(MESSAGES_09.support, message, at).ref_id ?? null };
    default:
      throw unknownAction(action);
  }
};

const writeRequest = (request: MarketRequest): unknown => {
  switch (request.action) {
    case 'search': {
      const { need } = request;
      const gps = sayPlace(need.place);
      const circle = need.radiusKm === null ? undefined : { gps, radius: { value: need.radiusKm, unit: 'km' } };
      const location = gps === undefined ? undefined : circle === undefined ? { gps } : { circle };
      const start = given({ location, time: need.window === null ? undefined : { range: need.window } });
      const tags = given({ power_kw: sayOr(need.powerKw), duration: sayMinutes(need.durationMinutes) });
      return {
        intent: given({
          category: need.kind === null ? undefined : { descriptor: { code: need.kind } },
          fulfillment: { start },
          tags,
        }),
      };
    }
    case 'select':
    case 'init':
    case 'confirm':
      return { order: writeDraft(request.draft) };
    case 'status':
    case 'track':
      return { order_id: request.orderId };
    case 'update': {
      const { shift, draft } = request;
      const tags =
        shift === null
          ? undefined
          : given({
              flexibility_action: shift.action,
              flexibility_reason: shift.reason ?? undefined,
              reduction_kw: sayOr(shift.reductionKw),
              flexibility_event: shift.event ?? undefined,
            });
      const fulfillment = given({ id: draft.fulfillmentId ?? 'f-1', tags });
      return { update_target: request.targets.join(','), order: { ...writeDraft(draft), fulfillment } };
    }
    case 'cancel':
      return given({
        order_id: request.orderId,
        cancellation_reason_id: request.reasonId ?? undefined,
        descriptor: request.why === null ? undefined : { short_desc: request.why },
      });
    case 'rating': {
      const [first] = request.rates;
      return { rating_category: first?.about ?? 'order', id: first?.id ?? '', value: first?.value ?? 0 };
    }
    case 'support':
      return given({ ref_id: request.ref ?? undefined });
  }
};

const TYPES: Record<string, string> = { '3': 'DOMAIN-ERROR', '4': 'DOMAIN-ERROR', '5': 'POLICY-ERROR' };
const writeError = (code: string, message: string, path: string | null) =>
  given({
    type: path?.startsWith('/context')
      ? 'CONTEXT-ERROR'
      : code === '30000'
        ? 'JSON-SCHEMA-ERROR'
        : (TYPES[code[0]!] ?? 'CORE-ERROR'),
    code,
    message,
    path: path ?? undefined,
  });

const writeCatalog = (reply: Extract<MarketReply, { is: 'catalog' }>) => ({
  catalog: {
    'bpp/descriptor': { name: reply.name },
    'bpp/providers': reply.providers.map(({ id, name, place, items }) =>
      given({
        id,
        descriptor: { name },
        locations: place === null ? undefined : [{ id: 'l-1', gps: sayPlace(place)! }],
        fulfillments: items.map((item, i) => writeFulfillment(item, `f-${i + 1}`)),
        items: items.map((item, i) => writeItem(item, `f-${i + 1}`)),
      }),
    ),
  },
});

const writeReply = (_: string, reply: MarketReply) => {
  switch (reply.is) {
    case 'catalog':
      return { message: writeCatalog(reply) };
    case 'order':
      return { message: { order: writeOrder(reply.order, statusOf(reply.order.state)) } };
    case 'tracking':
      return { message: { tracking: { url: reply.url, status: reply.active ? 'active' : 'inactive' } } };
    case 'support':
      return {
        message: given({
          phone: reply.phone ?? undefined,
          email: reply.email ?? undefined,
          uri: reply.url ?? undefined,
        }),
      };
    case 'rating':
      return { message: { feedback_ack: false, rating_ack: true } };
    case 'error':
      return { error: writeError(reply.code, reply.message, reply.paths) };
  }
};

const readCatalog = (message: unknown): MarketReply => {
  const { catalog } = parseClosed(MESSAGES_09.on_search, message, at);
  return {
    is: 'catalog',
    name: catalog['bpp/descriptor']?.name ?? '',
    providers: (catalog['bpp/providers'] ?? []).map((provider, p) => {
      const place = placeIn(provider.locations?.[0]?.gps);
      return {
        id: provider.id ?? '',
        name: provider.descriptor?.name ?? provider.id ?? '',
        place,
        items: (provider.items ?? []).flatMap((item, i) => {
          const fulfillment = provider.fulfillments?.find(({ id }) => id === item.fulfillment_id);
          return readItem(item, fulfillment, place, `/message/catalog/bpp~1providers/${p}/items/${i}`) ?? [];
        }),
      };
    }),
  };
};

const readReply = (action: string, body: Said): MarketReply => {
  if (body.error !== undefined) {
    if (body.message !== undefined)
      throw new Refusal('30000', 'a callback carries message or error, not both', '/error');
    const { code, message, path } = parseClosed(Error09, body.error, '/error');
    return { is: 'error', code, message: message ?? '', paths: path ?? null };
  }
  switch (action) {
    case 'on_search':
      return readCatalog(body.message);
    case 'on_track': {
      const { tracking } = parseClosed(MESSAGES_09.on_track, body.message, at);
      return { is: 'tracking', orderId: null, url: tracking.url ?? '', active: tracking.status === 'active' };
    }
    case 'on_support': {
      const { phone, email, uri } = parseClosed(MESSAGES_09.on_support, body.message, at);
      return { is: 'support', ref: null, phone: phone ?? null, email: email ?? null, url: uri ?? null };
    }
    case 'on_rating':
      parseClosed(MESSAGES_09.on_rating, body.message, at);
      return { is: 'rating', feedbackUrl: null };
    case 'on_select':
    case 'on_init':
    case 'on_confirm':
    case 'on_status':
    case 'on_update':
    case 'on_cancel':
      return { is: 'order', order: readOrder(parseClosed(MESSAGES_09[action], body.message, at).order) };
    default:
      throw unknownAction(action);
  }
};

export const dialect09: Dialect = {
  name: '0.9.4',
  version: '1.0.0',
  recognises: (context) => 'core_version' in context,
  readContext: (value) => {
    const c = parseClosed(Context09, value, '/context');
    return {
      dialect: '0.9.4',
      version: c.core_version,
      domain: c.domain,
      action: c.action,
      ...routeIn(c),
      country: c.country,
      city: c.city,
    };
  },
  writeContext: (c) => ({
    domain: c.domain,
    country: c.country ?? 'GBR',
    city: c.city ?? '*',
    core_version: c.version,
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
