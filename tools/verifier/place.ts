/** A region as the verifier counts with it: actual intensity, what its payer owes, how its building draws power. */
import type { Contracts } from '../../domain/contract.js';
import type { EvidencePlace } from '../../domain/evidence/record.js';
import type { CarbonKind } from '../../domain/signal.js';
import { instant } from '../../domain/time.js';
import { Curve, type Mean } from './curve.js';
import { marketsOf } from './market.js';

export interface Place {
  readonly index: number;
  readonly region: string;
  readonly pue: number;
  readonly payer: 'tenant' | 'owner';
  readonly carbon: Curve | null;
  readonly kind: CarbonKind | null;
  readonly price: Curve | null;
  readonly market: Mean | null;
  readonly egressPerGb: number;
  /** Money per hour; null when the site has no price for it. */
  instancePrice(type: string | null): number | null;
}

export const placesOf = (rows: readonly EvidencePlace[], contracts: Contracts | null): ReadonlyMap<string, Place> => {
  const markets = contracts === null ? null : marketsOf(contracts);
  return new Map(
    rows.map((row, index) => [
      row.region,
      {
        index,
        region: row.region,
        pue: Number(row.pue),
        payer: row.payer,
        carbon: row.carbon && curveOf(row.carbon),
        kind: row.carbon?.kind ?? null,
        price: row.price && curveOf(row.price),
        market: markets?.get(row.region) ?? null,
        egressPerGb: Number(row.egressPerGb),
        instancePrice: (type) => {
          if (row.payer === 'owner' || type === null) return 0;
          const price = Object.hasOwn(row.instancePricesPerHour, type) ? row.instancePricesPerHour[type] : undefined;
          return price === undefined ? null : Number(price);
        },
      },
    ]),
  );
};

const curveOf = ({ start, stepMinutes, values }: NonNullable<EvidencePlace['price']>) =>
  new Curve({ start: instant(start), stepMinutes, values: values.map((v) => (v === null ? null : Number(v))) });
