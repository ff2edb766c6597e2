/**
 * The draft of Beckn 2.0 (November 2025), snake_case and JSON-LD, as the DEG programmes speak it: we buy in it, from discover to
 * rating. Work that is to be shifted is an `update` with a flexibility action.
 */
import type { MarketContext, MarketReply, MarketRequest, Need, WorkloadShift } from '../../../domain/market.js';
import { Refusal } from '../refusal.js';
import type { Dialect, Said } from './dialect.js';
import { COMPUTE_ENERGY, CORE, readCatalog, readOrder, writeDraft } from './order-2.0.js';
import { Context20, Error20, REPLIES_20 } from './shapes-2.0.js';
import { given, parseClosed, routeIn, say, sayMinutes, sayRoute } from './spelling.js';

const OURS = new Map([
  ['discover', 'search'],
  ['on_discover', 'on_search'],
]);
const THEIRS = new Map([...OURS].map(([theirs, ours]) => [ours, theirs]));
const at = '/message';

/** Pointers of RFC 9535 into an item, for sellers that filter; the words say the same for those that search by text. */
const capacityOf = (kind: Need['kind']) =>
  kind === 'COMPUTE_SLOT'
    ? { path: "['beckn:capacityParameters']['availableCapacity']", kwPerUnit: 1000 }
    : { path: "['beckn:participantCapabilities']['loadCapacity']['currentAvailable']", kwPerUnit: 1 };
const WORDS = {
  DEMAND_TURN_DOWN: 'Demand flexibility: less power',
  DEMAND_TURN_UP: 'Demand flexibility: more power',
  COMPUTE_SLOT: 'Grid flexibility windows for compute',
};
const writeIntent = (need: Need) => {
  const { kind, place, radiusKm, window, powerKw, durationMinutes } = need;
  const { path, kwPerUnit } = capacityOf(kind);
  const words = [
    WORDS[kind ?? 'DEMAND_TURN_DOWN'],
    ...(powerKw === null ? [] : [`${say(powerKw)} kW`]),
    ...(durationMinutes === null ? [] : [`for ${sayMinutes(durationMinutes)}`]),
    ...(window === null ? [] : [`from ${window.start} to ${window.end}`]),
  ];
  return given({
    text_search: words.join(', '),
    filters:
      powerKw === null
        ? undefined
        : {
            type: 'jsonpath',
            expression: `$[?(@['beckn:itemAttributes']${path} >= ${say(powerKw / kwPerUnit, 6)})]`,
          },
    spatial:
      place === null
        ? undefined
        : [
            given({
              op: radiusKm === null ? 's_intersects' : 's_dwithin',
              targets: "$['beckn:availableAt'][*]['geo']",
              geometry: { type: 'Point', coordinates: [place.longitude, place.latitude] },
              distanceMeters: radiusKm === null ? undefined : radiusKm * 1000,
            }),
          ],
  });
};

const writeShift = (shift: WorkloadShift, fulfillmentId: string, at: string) => {
  const moves = shift.action === 'workload_shift';
  const mw = shift.reductionKw === null ? null : Number(say(shift.reductionKw / 1000, 6));
  return {
    'beckn:fulfillment': {
      '@context': CORE,
      '@type': 'beckn:Fulfillment',
      'beckn:id': fulfillmentId,
      'beckn:mode': 'RESERVATION',
      'beckn:deliveryAttributes': {
        '@context': COMPUTE_ENERGY,
        '@type': 'beckn:ComputeEnergyFulfillment',
        'beckn:flexibilityAction': given({
          actionType: shift.action,
          actionReason: shift.reason ?? undefined,
          actionTimestamp: at,
          shiftDetails: mw === null || !moves ? undefined : { shiftedLoad: mw, shiftedLoadUnit: 'MW' },
          loadReductionCommitment: mw === null || !moves ? undefined : { loadReduction: mw, reductionUnit: 'MW' },
        }),
        'beckn:workloadMetadata': { workloadStatus: moves ? 'migrating' : 'continuing' },
      },
    },
    'beckn:orderAttributes': given({
      '@context': COMPUTE_ENERGY,
      '@type': 'beckn:ComputeEnergyOrder',
      'beckn:updateType': moves ? 'flexibility_response' : 'alert_acknowledgement',
      'beckn:responseToEvent': shift.event ?? undefined,
      'beckn:updateTimestamp': at,
    }),
  };
};

const STATUS = { select: 'CREATED', init: 'PENDING', confirm: 'PENDING' } as const;

const writeRequest = (request: MarketRequest, context: MarketContext): unknown => {
  switch (request.action) {
    case 'search':
      return writeIntent(request.need);
    case 'select':
    case 'init':
    case 'confirm': {
      const id = request.draft.orderId ?? context.transactionId;
      return { order: writeDraft(request.draft, { id, status: STATUS[request.action], bapId: context.bapId }) };
    }
    case 'status':
    case 'track':
    case 'cancel':
      return { order: { 'beckn:id': request.orderId } };
    case 'update': {
      const { draft, shift } = request;
      const id = draft.orderId ?? context.transactionId;
      const order = writeDraft(draft, { id, status: 'CONFIRMED', bapId: context.bapId });
      const more = shift === null ? {} : writeShift(shift, draft.fulfillmentId ?? 'f-1', context.timestamp);
      return { order: { ...order, ...more } };
    }
    case 'rating': {
      const [rate] = request.rates;
      return {
        id: rate?.id ?? '',
        ratingValue: rate?.value ?? 0,
        bestRating: 5,
        worstRating: 1,
        category: rate?.about.toLowerCase() ?? 'order',
      };
    }
    case 'support':
      return { ref_id: request.ref ?? '', ref_type: 'order' };
  }
};

const readReply = (action: string, body: Said): MarketReply => {
  if (body.error !== undefined) {
    if (body.message !== undefined)
      throw new Refusal('30000', 'a callback carries message or error, not both', '/error');
    const { code, message } = parseClosed(Error20, body.error, '/error');
    return { is: 'error', code: code ?? '', message: message ?? '', paths: null };
  }
  switch (action) {
    case 'on_search': {
      const { catalogs } = parseClosed(REPLIES_20.on_search, body.message, at);
      return {
        is: 'catalog',
        name: catalogs[0]?.['beckn:descriptor']?.['schema:name'] ?? '',
        providers: catalogs.flatMap((catalog, c) => readCatalog(catalog, `${at}/catalogs/${c}`)),
      };
    }
    case 'on_track': {
      const { tracking } = parseClosed(REPLIES_20.on_track, body.message, at);
      return { is: 'tracking', orderId: null, url: tracking.url, active: tracking.trackingStatus === 'ACTIVE' };
    }
    case 'on_support': {
      const { support } = parseClosed(REPLIES_20.on_support, body.message, at);
      const { phone = null, email = null, url = null } = support;
      return { is: 'support', ref: null, phone, email, url };
    }
    case 'on_rating':
      return {
        is: 'rating',
        feedbackUrl: parseClosed(REPLIES_20.on_rating, body.message, at).feedbackForm?.url ?? null,
      };
    case 'on_select':
    case 'on_init':
    case 'on_confirm':
    case 'on_status':
    case 'on_update':
    case 'on_cancel': {
      const { order } = parseClosed(REPLIES_20[action], body.message, at);
      return { is: 'order', order: readOrder(order, action !== 'on_select' && action !== 'on_init') };
    }
    default:
      throw new Refusal('30000', `there is no action ${action.slice(0, 80)}`, '/context/action');
  }
};

export const dialect20: Dialect = {
  name: '2.0-draft',
  version: '2.0.0',
  selling: null,
  recognises: (context) => context.version === '2.0.0',
  readContext: (value): MarketContext => {
    const c = parseClosed(Context20, value, '/context');
    return {
      dialect: '2.0-draft',
      version: c.version,
      domain: c.domain,
      action: OURS.get(c.action) ?? c.action,
      ...routeIn(c),
      country: c.location?.country?.code ?? null,
      city: c.location?.city?.code ?? null,
    };
  },
  writeContext: (c) => ({
    domain: c.domain,
    version: c.version,
    action: THEIRS.get(c.action) ?? c.action,
    ...sayRoute(c),
    schema_context: [COMPUTE_ENERGY],
  }),
  spell: (action) => THEIRS.get(action) ?? action,
  acknowledge(context, nowMs, refusal) {
    const said = (context as { transaction_id?: unknown } | null | undefined)?.transaction_id;
    return {
      transaction_id: typeof said === 'string' ? said.slice(0, 500) : '',
      timestamp: new Date(nowMs).toISOString(),
      ack_status: refusal === null ? 'ACK' : 'NACK',
      ...(refusal === null
        ? {}
        : {
            error: given({
              code: refusal.code,
              message: refusal.message,
              details: refusal.paths === null ? undefined : { paths: refusal.paths },
            }),
          }),
    };
  },
  writeRequest,
  readReply,
};
