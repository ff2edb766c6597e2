/**
 * What a delivered reduction is paid, by the DEG demand-flexibility rule: of each slot min(delivered, offered) × hours × price,
 * less the shortfall × hours × penalty; what one side gets the other pays. The published rule counts each meter for itself and
 * nothing below 0, so that two meters which swap load would be paid; a site's meters are netted here, and both sums are told.
 */
export interface SettledSlot {
  readonly offeredKw: number;
  readonly hours: number;
  readonly pricePerKwh: number;
  readonly penaltyPerKwh: number;
  readonly meters: readonly { readonly baselineKw: number; readonly usageKw: number }[];
}

export interface Flows {
  readonly seller: number;
  readonly buyer: number;
}

export const settleDeg = (slots: readonly SettledSlot[]): { readonly netted: Flows; readonly perMeter: Flows } => {
  const flowsOf = (deliveredKw: (slot: SettledSlot) => number): Flows => {
    let seller = 0;
    for (const slot of slots) {
      const delivered = deliveredKw(slot);
      const paid = Math.min(delivered, slot.offeredKw) * slot.hours * slot.pricePerKwh;
      seller += paid - Math.max(0, slot.offeredKw - delivered) * slot.hours * slot.penaltyPerKwh;
    }
    return { seller, buyer: -seller };
  };
  const drops = ({ meters }: SettledSlot) => meters.map(({ baselineKw, usageKw }) => baselineKw - usageKw);
  const sum = (numbers: readonly number[]) => numbers.reduce((a, b) => a + b, 0);
  return {
    netted: flowsOf((slot) => Math.max(0, sum(drops(slot)))),
    perMeter: flowsOf((slot) => sum(drops(slot).map((kw) => Math.max(0, kw)))),
  };
};
