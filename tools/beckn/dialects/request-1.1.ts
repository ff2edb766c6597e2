/** What a buyer asks, in Beckn 1.1. */
import type { MarketRequest } from '../../../domain/market.js';
import { Refusal } from '../refusal.js';
import { FULFILLMENT, readDraft, writeDraft } from './order-1.1.js';
import { MESSAGES_11 } from './shapes-1.1.js';
import {
  durationIn,
  given,
  kindIn,
  numberIn,
  parseClosed,
  placeIn,
  positive,
  say,
  sayMinutes,
  sayOr,
  sayPlace,
  windowIn,
} from './spelling.js';
import { group, groups, nonEmpty, tagsIn } from './tags-1.1.js';

export const readRequest = (action: string, message: unknown): MarketRequest => {
  const at = '/message';
  switch (action) {
    case 'search': {
      const { intent } = parseClosed(MESSAGES_11.search, message, at);
      const stop =
        intent.fulfillment?.stops?.find((s) => s.type === undefined || s.type === 'start') ??
        intent.fulfillment?.stops?.[0];
      const tag = tagsIn([...(intent.tags ?? []), ...(intent.fulfillment?.tags ?? []), ...(intent.item?.tags ?? [])]);
      const { circle, gps } = stop?.location ?? {};
      return {
        action,
        need: {
          kind: kindIn(intent.category?.descriptor?.code ?? intent.item?.descriptor?.code),
          place: placeIn(circle?.gps ?? gps),
          radiusKm: radiusIn(circle?.radius),
          window: windowIn(
            stop?.time?.range ?? intent.item?.time?.range,
            '/message/intent/fulfillment/stops/0/time/range',
          ),
          powerKw: positive(numberIn(tag('flexibility', 'power_kw'), '/message/intent/tags'), 'power_kw'),
          durationMinutes: durationIn((name) => tag('flexibility', name)),
        },
      };
    }
    case 'select':
    case 'init':
    case 'confirm':
      return { action, draft: readDraft(parseClosed(MESSAGES_11[action], message, at).order) };
    case 'status':
    case 'track':
      return { action, orderId: parseClosed(MESSAGES_11[action], message, at).order_id };
    case 'update': {
      const { update_target, order } = parseClosed(MESSAGES_11.update, message, at);
      const tag = tagsIn(order.fulfillments?.[0]?.tags ?? order.tags);
      const kind = tag('flexibility_action', 'action');
      return {
        action,
        targets: update_target.split(',').map((target) => target.trim()),
        draft: readDraft(order),
        shift:
          kind === undefined
            ? null
            : {
                action: kind === 'continue_with_acknowledgement' ? kind : 'workload_shift',
                reason: tag('flexibility_action', 'reason') ?? null,
                reductionKw: numberIn(tag('flexibility_action', 'reduction_kw'), '/message/order/fulfillments/0/tags'),
                event: tag('flexibility_action', 'event') ?? null,
              },
      };
    }
    case 'cancel': {
      const body = parseClosed(MESSAGES_11.cancel, message, at);
      return {
        action,
        orderId: body.order_id,
        reasonId: body.cancellation_reason_id ?? null,
        why: body.descriptor?.short_desc ?? body.descriptor?.name ?? null,
      };
    }
    case 'rating':
      return {
        action,
        rates: parseClosed(MESSAGES_11.rating, message, at).ratings.map((rating, i) => ({
          about: rating.rating_category ?? '',
          id: rating.id ?? '',
          value: numberIn(rating.value, `/message/ratings/${i}/value`) ?? Number.NaN,
        })),
      };
    case 'support':
      return { action, ref: parseClosed(MESSAGES_11.support, message, at).support.ref_id ?? null };
    default:
      throw new Refusal('30000', `there is no action ${action.slice(0, 80)}`, '/context/action');
  }
};

const radiusIn = (radius: { value?: string | undefined; unit?: string | undefined } | undefined): number | null => {
  const value = positive(
    numberIn(radius?.value, '/message/intent/fulfillment/stops/0/location/circle/radius'),
    'radius',
  );
  if (value === null) return null;
  return radius?.unit === 'm' || radius?.unit === 'meters' ? value / 1000 : value;
};

export const writeRequest = (request: MarketRequest): unknown => {
  switch (request.action) {
    case 'search': {
      const { need } = request;
      const gps = sayPlace(need.place);
      const location =
        gps === undefined
          ? undefined
          : need.radiusKm === null
            ? { gps }
            : { circle: { gps, radius: { value: say(need.radiusKm), unit: 'km' } } };
      const stop = given({ type: 'start', location, time: need.window === null ? undefined : { range: need.window } });
      const tags = groups(
        group('flexibility', { power_kw: sayOr(need.powerKw), duration: sayMinutes(need.durationMinutes) }),
      );
      return {
        intent: given({
          category: need.kind === null ? undefined : { descriptor: { code: need.kind } },
          fulfillment: { stops: [stop] },
          tags: nonEmpty(tags),
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
      const { shift } = request;
      const order = writeDraft(request.draft);
      const tags =
        shift === null
          ? undefined
          : [
              group('flexibility_action', {
                action: shift.action,
                reason: shift.reason ?? undefined,
                reduction_kw: sayOr(shift.reductionKw),
                event: shift.event ?? undefined,
              }),
            ];
      return {
        update_target: request.targets.join(','),
        order: { ...order, fulfillments: [given({ id: request.draft.fulfillmentId ?? FULFILLMENT, tags })] },
      };
    }
    case 'cancel':
      return given({
        order_id: request.orderId,
        cancellation_reason_id: request.reasonId ?? undefined,
        descriptor: request.why === null ? undefined : { short_desc: request.why },
      });
    case 'rating':
      return {
        ratings: request.rates.map(({ about, id, value }) => ({ rating_category: about, id, value: say(value) })),
      };
    case 'support':
      return { support: given({ ref_id: request.ref ?? undefined }) };
  }
};
