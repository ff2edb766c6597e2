/** Which limits bind, in words, and what one unit more of each would save. */
import type { Loads } from './evaluate.js';
import type { Prices } from './lagrangian/prices.js';
import type { Model } from './model.js';

/** `shadowPrice` is money saved per unit more of the limit in all its binding slots (to first order, from the dual prices). */
export interface Binding {
  /** Of the event or carbon cap, where it is one. */
  readonly id?: string | undefined;
  readonly limit: string;
  readonly slots: number;
  readonly shadowPrice: number | null;
  readonly unit: string;
}

interface Tally {
  id?: string;
  limit: string;
  slots: number;
  price: number;
  unit: string;
}

export const bindingLimits = (model: Model, prices: Prices, loads: Loads): Binding[] => {
  const { problem, T, R } = model;
  const found = new Map<string, Tally>();
  const count = (limit: string, unit: string, price: number, id?: string) => {
    const tally = found.get(limit) ?? { limit, slots: 0, price: 0, unit, ...(id === undefined ? {} : { id }) };
    tally.slots++;
    tally.price += price;
    found.set(limit, tally);
  };
  const full = (load: number, cap: number) => cap < Infinity && load >= cap * (1 - 1e-6) && load > 0;
  for (let r = 0; r < R; r++) {
    const { id } = problem.regions[r]!;
    for (let t = 0; t < T; t++) {
      const i = r * T + t;
      if (prices.power[i]! > 0 || full(loads.power[i]!, model.powerCap[i]!)) {
        let name = `power cap of ${id}`;
        let eventId: string | undefined;
        for (const event of problem.events) {
          const here = event.region === r && t >= event.fromSlot && t < event.toSlot;
          if (here && event.maxPowerKw === model.powerCap[i] && event.maxPowerKw < problem.powerCapKw[i]!)
            [name, eventId] = [`event ${event.id} at ${id}`, event.id];
        }
        count(name, 'kW', prices.power[i]!, eventId);
      }
      if (prices.vcpu[i]! > 0 || full(loads.vcpu[i]!, problem.vcpuCap[i]!))
        count(`vCPU capacity of ${id}`, 'vCPU', prices.vcpu[i]!);
      if (prices.gpu[i]! > 0 || full(loads.gpu[i]!, problem.gpuCap[i]!))
        count(`GPU capacity of ${id}`, 'GPU', prices.gpu[i]!);
      if (prices.peak[i]! > 0) count(`peak charge of ${id}`, 'kW', prices.peak[i]!);
    }
  }
  problem.carbonCaps.forEach((cap, c) => {
    if (prices.carbon[c]! > 0 || full(loads.carbon[c]!, cap.capKg)) {
      found.set(`carbon cap ${cap.id}`, {
        id: cap.id,
        limit: `carbon cap ${cap.id}`,
        slots: cap.toSlot - cap.fromSlot,
        price: prices.carbon[c]!,
        unit: 'kg',
      });
    }
  });
  return [...found.values()]
    .map(({ price, ...tally }) => ({ ...tally, shadowPrice: price }))
    .sort((a, b) => b.shadowPrice * b.slots - a.shadowPrice * a.slots || (a.limit < b.limit ? -1 : 1));
};
