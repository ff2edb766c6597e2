/**
 * The transparency platform of ENTSO-E, with a token: day-ahead prices of Europe's bidding zones. It answers XML. A curve of type A03
 * leaves out a step whose price is that of the step before; no data is a document of its own, with status 200 or 400. Great
 * Britain has not been there since 2021.
 */
import type { Said } from '../../../domain/grid-values.js';
import { fromEpoch, type Instant, instant, toEpoch } from '../../../domain/time.js';
import type { Feed } from './feed.js';
import { type Server, textFrom, trouble } from './server.js';

/** Energy identification codes of bidding zones. */
const ZONES: Readonly<Record<string, string>> = {
  AT: '10YAT-APG------L',
  BE: '10YBE----------2',
  CH: '10YCH-SWISSGRIDZ',
  'DE-LU': '10Y1001A1001A82H',
  DK1: '10YDK-1--------W',
  DK2: '10YDK-2--------M',
  ES: '10YES-REE------0',
  FI: '10YFI-1--------U',
  FR: '10YFR-RTE------C',
  NL: '10YNL----------L',
  NO1: '10YNO-1--------2',
  NO2: '10YNO-2--------T',
  PL: '10YPL-AREA-----S',
  PT: '10YPT-REN------W',
  SE1: '10Y1001A1001A44P',
  SE2: '10Y1001A1001A45N',
  SE3: '10Y1001A1001A46L',
  SE4: '10Y1001A1001A47J',
};
const MINUTES: Readonly<Record<string, number>> = { PT15M: 15, PT30M: 30, PT60M: 60 };

/** `202601182300` */
const compact = (at: Instant) => at.slice(0, 16).replace(/[-T:]/g, '');

const within = (text: string, tag: string): string[] =>
  [...text.matchAll(new RegExp(`<(?:\\w+:)?${tag}(?:\\s[^>]*)?>([\\s\\S]*?)</(?:\\w+:)?${tag}>`, 'g'))].map(
    (m) => m[1]!,
  );
const one = (text: string, tag: string): string | undefined => within(text, tag)[0]?.trim();

export const entsoe = ({ token, ...to }: Pick<Server, 'base' | 'timer'> & { readonly token: string }): Feed[] => {
  const server: Server = { ...to, who: 'ENTSO-E', setting: 'CACO_ENTSOE_URL and CACO_ENTSOE_TOKEN' };
  return [
    {
      source: 'entsoe',
      quantity: 'price',
      currency: 'EUR',
      basis: 'wholesale',
      attribution: 'ENTSO-E Transparency Platform, day-ahead price',
      stepMinutes: 15,
      chunkHours: 31 * 24,
      foresees: true,
      measures: true,
      isExtended: true,
      settlesHours: 24,
      renewMinutes: 15,
      regions: () => Object.keys(ZONES),
      read: async (region, { start, end }, signal) => {
        const zone = ZONES[region]!;
        const query = new URLSearchParams({
          securityToken: token,
          documentType: 'A44',
          in_Domain: zone,
          out_Domain: zone,
          periodStart: compact(start),
          periodEnd: compact(end),
        });
        const what = `day-ahead prices of ${region}`;
        const { body, notes } = await textFrom(server, `/api?${query}`, {
          signal,
          what,
          headers: { accept: 'application/xml' },
        });
        const said = pricesIn(body);
        if (said === null) throw trouble(server, `${server.who} answered ${what} in an unknown form`);
        return { said: said.prices, notes: [...notes, ...said.notes] };
      },
    },
  ];
};

/**
 * The prices of a document; none of one that says that there are none; null for what is no such document. Of two auctions of one
 * zone the first sequence is that of the coupled market.
 */
export const pricesIn = (document: string): { prices: Said[]; notes: string[] } | null => {
  if (/<(?:\w+:)?Acknowledgement_MarketDocument/.test(document)) return { prices: [], notes: [] };
  if (!/<\/(?:\w+:)?Publication_MarketDocument>\s*$/.test(document)) return null;
  const series = within(document, 'TimeSeries');
  const sequenceOf = (text: string) => one(text, 'classificationSequence_AttributeInstanceComponent\\.position') ?? '1';
  const sequences = [...new Set(series.map(sequenceOf))].sort();
  const notes =
    sequences.length === 1 && sequences[0] !== '1'
      ? [`ENTSO-E gives only the prices of sequence ${sequences[0]}, which may be those of another auction.`]
      : [];
  const prices: Said[] = [];
  for (const text of series) {
    if (sequenceOf(text) !== sequences[0]) continue;
    if ((one(text, 'currency_Unit\\.name') ?? 'EUR') !== 'EUR') return null;
    const holds = one(text, 'curveType') === 'A03';
    for (const period of within(text, 'Period')) {
      const points = pointsOf(period, holds);
      if (points === null) return null;
      prices.push(...points.flatMap(bothOf));
    }
  }
  return { prices, notes };
};

interface Point {
  readonly at: Instant;
  readonly minutes: number;
  readonly value: number | null;
}

const pointsOf = (period: string, holds: boolean): Point[] | null => {
  const minutes = MINUTES[one(period, 'resolution') ?? ''];
  const [start, end] = [one(period, 'start'), one(period, 'end')];
  if (minutes === undefined || start === undefined || end === undefined) return null;
  const first = toEpoch(instant(start));
  const count = Math.round((toEpoch(instant(end)) - first) / (minutes * 60));
  const given = new Map<number, number>();
  for (const point of within(period, 'Point')) {
    const [position, amount] = [Number(one(point, 'position')), Number(one(point, 'price\\.amount'))];
    if (!Number.isInteger(position) || !Number.isFinite(amount)) return null;
    given.set(position, amount);
  }
  const points: Point[] = [];
  let last: number | null = null;
  for (let position = 1; position <= count; position++) {
    last = given.get(position) ?? (holds ? last : null);
    points.push({ at: fromEpoch(first + (position - 1) * minutes * 60), minutes, value: last });
  }
  return points;
};

/** A price that was published stands: it is known ahead, and it is what came true. */
const bothOf = (point: Point): Said[] =>
  (['forecast', 'actual'] as const).map((status) => ({ ...point, status, published: null }));
