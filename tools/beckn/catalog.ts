/** What can be sold: the offers of the newest plan, each as a whole and in half-hours, less what is spoken for. */
import type { Place } from '../../domain/market.js';
import { CLAIMS, type Claim, type MarketItem, type Need, SALE_PLANS } from '../../domain/market.js';
import { PLAN_OFFERS, type PlannedOffer } from '../../domain/offer.js';
import { PLANS, type Plan } from '../../domain/plan.js';
import type { Tx } from '../../domain/store.js';
import { type Instant, plusSeconds, secondsBetween, toEpoch } from '../../domain/time.js';
import { say } from './dialects/dialects.js';
import type { SellerTerms } from './settings.js';

type Books = Pick<Tx, 'collection'>;

/** How many plans back one is looked for that can be sold from. */
const PLANS_BACK = 50;
/** The shortest part of an offer that is an item of its own. */
const PART_S = 1800;
/** A place that is named without a radius means its surroundings. */
const NEAR_KM = 50;

/**
 * The newest plan whose window is not over, as the world says and not as an asker would have it; nor one that was made for a sale
 * which is not placed, or was refused.
 */
export const planToSellFrom = async (books: Books, now: Instant): Promise<Plan | null> => {
  for (const { value } of await books.collection(PLANS).list({ limit: PLANS_BACK }))
    if (value.terms === undefined && value.window.end > now && (await books.collection(PLAN_OFFERS).get(value.id))) {
      const sale = await books.collection(SALE_PLANS).get(value.id);
      if (sale === undefined || sale.value.kept) return value;
    }
  return null;
};

/** A part of an offer, from one of its slots to another. */
export interface Part {
  readonly plan: Plan;
  readonly offer: PlannedOffer;
  readonly from: number;
  readonly to: number;
}

const partsOf = (plan: Plan, offer: PlannedOffer): Part[] => {
  const whole = { plan, offer, from: 0, to: offer.slots.length };
  const step = secondsBetween(offer.slots[0]!.start, offer.slots[0]!.end);
  const run = Math.max(1, Math.round(PART_S / step));
  const parts: Part[] = [whole];
  for (let from = 0; from + run <= offer.slots.length && run < offer.slots.length; from += run)
    parts.push({ plan, offer, from, to: from + run });
  return parts;
};

export const windowOf = ({ offer, from, to }: Part) => ({
  start: offer.slots[from]!.start,
  end: offer.slots[to - 1]!.end,
});

/** kW in every slot of it. */
export const kwOf = ({ offer, from, to }: Part): number =>
  Math.floor(Math.min(...offer.slots.slice(from, to).map(({ kw }) => kw)) * 10) / 10;

const idOf = ({ plan, offer, from, to }: Part) => `${plan.id}.${offer.id}.${from}-${to}`;

export const itemOf = (part: Part, terms: SellerTerms, kw = kwOf(part)): MarketItem => {
  const { plan, offer, from, to } = part;
  const window = windowOf(part);
  const hours = secondsBetween(window.start, window.end) / 3600;
  const energyMwh = (kw * hours) / 1000;
  const offerMwh = offer.energyKwh / 1000;
  const pricePerMwh = Math.max(0, offer.opportunityCost) / offerMwh + terms.marginPerMwh;
  const share = energyMwh / offerMwh;
  const baselineKw = Math.min(...offer.slots.slice(from, to).map((slot) => slot.baselineKw));
  const source = plan.signals.find(({ region }) => region === offer.region)?.source ?? null;
  return {
    id: idOf(part),
    name: `${say(kw, 0)} kW turn-down ${window.start.slice(11, 16)}-${window.end.slice(11, 16)} UTC`,
    kind: 'DEMAND_TURN_DOWN',
    window,
    powerKw: kw,
    energyMwh: say(energyMwh, 6),
    pricePerMwh: say(Math.ceil(pricePerMwh * 100) / 100, 2),
    currency: plan.planned.cost.currency,
    noticeMinutes: terms.noticeMinutes,
    rampMinutes: offer.rampMinutes,
    recoveryMinutes: offer.recoveredBy === null ? null : secondsBetween(window.end, offer.recoveredBy) / 60,
    reboundKwh: Math.round(energyMwh * 1000),
    intensityGPerKwh: offer.intensityGPerKwh === null ? null : Math.round(offer.intensityGPerKwh),
    avoidedKg: Number((offer.avoidedKg * share).toFixed(1)),
    carbonSource: source,
    baselineMethod: 'forecast_schedule',
    baselineKw: Number(baselineKw.toFixed(1)),
    bestEffortKw: Number(Math.max(kw, offer.bestEffortKw).toFixed(1)),
    place: terms.place,
  };
};

const overlaps = (claim: Claim, part: Part): boolean => {
  const { start, end } = windowOf(part);
  return claim.region === part.offer.region && claim.window.start < end && claim.window.end > start;
};

/** Every claim, the newest first; few, for an order that is over has none. */
export const claimsIn = async (books: Books): Promise<Claim[]> => {
  const found: Claim[] = [];
  for (let after: string | undefined; ; ) {
    const page = await books.collection(CLAIMS).list({ after, limit: 1000 });
    found.push(...page.map(({ value }) => value));
    if (page.length < 1000) return found;
    after = page.at(-1)!.id;
  }
};

/** Sold to others in a slot and in no plan yet: the plan that a part is of still has it in its baseline. */
export const committedKw = (
  slot: { readonly start: Instant; readonly end: Instant },
  region: string,
  claims: readonly Claim[],
  without: string,
): number =>
  claims
    .filter(
      ({ orderId, state, window, region: where }) =>
        orderId !== without &&
        state === 'committed' &&
        where === region &&
        window.start < slot.end &&
        window.end > slot.start,
    )
    .reduce((sum, { kw }) => sum + kw, 0);

/** What is left of a part when others have what they hold; what a plan keeps is out of its offers already. */
export const leftKw = (part: Part, claims: readonly Claim[], nowMs: number, without?: string): number => {
  const spoken = claims.filter(
    (claim) =>
      claim.orderId !== without &&
      overlaps(claim, part) &&
      (claim.state === 'committed' || (claim.state === 'held' && (claim.untilMs ?? 0) > nowMs)),
  );
  return kwOf(part) - spoken.reduce((sum, { kw }) => sum + kw, 0);
};

/** An item by its id, whether it can still be sold or not; null: there never was one. */
export const partOfItem = async (books: Books, itemId: string): Promise<Part | null> => {
  const [, planId, offerId, from, to] = /^(P-[A-Z0-9]+)\.(F-[A-Z0-9]+)\.(\d{1,3})-(\d{1,3})$/.exec(itemId) ?? [];
  if (planId === undefined) return null;
  const plan = (await books.collection(PLANS).get(planId))?.value;
  const offers = (await books.collection(PLAN_OFFERS).get(planId))?.value;
  const offer = offers?.find(({ id }) => id === offerId);
  if (plan === undefined || offer === undefined) return null;
  return partsOf(plan, offer).find((part) => part.from === Number(from) && part.to === Number(to)) ?? null;
};

/** The part of today's plan that stands where this one did; null where it offers nothing there. */
export const partToday = async (books: Books, part: Part, now: Instant): Promise<Part | null> => {
  const plan = await planToSellFrom(books, now);
  if (plan === null) return null;
  if (plan.id === part.plan.id) return part;
  const window = windowOf(part);
  const offers = (await books.collection(PLAN_OFFERS).get(plan.id))?.value ?? [];
  for (const offer of offers) {
    if (offer.region !== part.offer.region || offer.clusterId !== part.offer.clusterId) continue;
    const from = offer.slots.findIndex(({ start }) => start === window.start);
    const to = offer.slots.findIndex(({ end }) => end === window.end);
    if (from >= 0 && to >= from) return { plan, offer, from, to: to + 1 };
  }
  return null;
};

const kmBetween = (a: Place, b: Place): number => {
  const rad = (degrees: number) => (degrees * Math.PI) / 180;
  const h =
    Math.sin(rad(b.latitude - a.latitude) / 2) ** 2 +
    Math.cos(rad(a.latitude)) * Math.cos(rad(b.latitude)) * Math.sin(rad(b.longitude - a.longitude) / 2) ** 2;
  return 12_742 * Math.asin(Math.sqrt(Math.min(1, h)));
};

/** Whether something lies where it is looked for. A place that is not told is nowhere near. */
export const isNear = (place: Place | null, need: Pick<Need, 'place' | 'radiusKm'>): boolean =>
  need.place === null || (place !== null && kmBetween(need.place, place) <= (need.radiusKm ?? NEAR_KM));

/** Items that meet a need: of two that begin at the same moment the shortest that is long enough. */
export const searchCatalog = async (
  books: Books,
  need: Need,
  terms: SellerTerms,
  at: { readonly now: Instant; readonly nowMs: number },
): Promise<MarketItem[]> => {
  if (need.kind !== null && need.kind !== 'DEMAND_TURN_DOWN') return [];
  if (!isNear(terms.place, need)) return [];
  const plan = await planToSellFrom(books, at.now);
  if (plan === null) return [];
  const offers = (await books.collection(PLAN_OFFERS).get(plan.id))!.value;
  const claims = await claimsIn(books);
  const earliest = plusSeconds(at.now, terms.noticeMinutes * 60);
  const { window, powerKw, durationMinutes } = need;
  const found: MarketItem[] = [];
  for (const offer of offers) {
    const fitting = partsOf(plan, offer).filter((part) => {
      const { start, end } = windowOf(part);
      if (start < earliest || (window !== null && (start < window.start || end > window.end))) return false;
      if (durationMinutes !== null && toEpoch(end) - toEpoch(start) < durationMinutes * 60) return false;
      const kw = leftKw(part, claims, at.nowMs);
      return kw >= Math.max(powerKw ?? 0, 0.1);
    });
    const long = (part: Part) => part.to - part.from;
    const shown =
      durationMinutes === null
        ? fitting.filter((part) => long(part) === Math.max(...fitting.map(long)))
        : fitting.filter((part) => long(part) === Math.min(...fitting.map(long)));
    for (const part of shown) found.push(itemOf(part, terms, Math.floor(leftKw(part, claims, at.nowMs) * 10) / 10));
  }
  return found;
};
