/**
 * The transparency platform of ENTSO-E, with a token: day-ahead prices of Europe's bidding zones (document A44), and what each type of
 * plant generated in them (A75), from which the intensity is an estimate of ours. Great Britain has not been there since 2021.
 */
import type { Instant, Interval } from '../../../domain/time.js';
import { generationIn, pricesIn } from './entsoe-documents.js';
import type { Feed } from './feed.js';
import { factorsOf } from './fuels.js';
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

/** `202601182300` */
const compact = (at: Instant) => at.slice(0, 16).replace(/[-T:]/g, '');

export const entsoe = ({ token, ...to }: Pick<Server, 'base' | 'timer'> & { readonly token: string }): Feed[] => {
  const server: Server = { ...to, who: 'ENTSO-E', setting: 'CACO_ENTSOE_URL and CACO_ENTSOE_TOKEN' };
  const ask = (what: string, of: Record<string, string>, { start, end }: Interval, signal: AbortSignal) => {
    const period = { periodStart: compact(start), periodEnd: compact(end) };
    const query = new URLSearchParams({ securityToken: token, ...of, ...period });
    return textFrom(server, `/api?${query}`, { signal, what, headers: { accept: 'application/xml' } });
  };
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
      read: async (region, interval, signal) => {
        const what = `day-ahead prices of ${region}`;
        const zone = ZONES[region]!;
        const { body, notes } = await ask(
          what,
          { documentType: 'A44', in_Domain: zone, out_Domain: zone },
          interval,
          signal,
        );
        const said = pricesIn(body);
        if (said === null) throw trouble(server, `${server.who} answered ${what} in an unknown form`);
        return { said: said.prices, notes: [...notes, ...said.notes] };
      },
    },
    {
      source: 'entsoe',
      quantity: 'carbon',
      kind: { accounting: 'average', scope: 'operational' },
      attribution: 'Estimate from generation per type by the ENTSO-E Transparency Platform, without imports',
      stepMinutes: 15,
      // Two hundred thousand points of twenty types would be a week's.
      chunkHours: 3 * 24,
      foresees: false,
      measures: true,
      isExtended: true,
      settlesHours: 72,
      renewMinutes: 15,
      regions: () => Object.keys(ZONES),
      read: async (region, interval, signal) => {
        const what = `generation per type of ${region}`;
        const of = { documentType: 'A75', processType: 'A16', in_Domain: ZONES[region]! };
        const { body, notes } = await ask(what, of, interval, signal);
        const generated = generationIn(body);
        if (generated === null) throw trouble(server, `${server.who} answered ${what} in an unknown form`);
        return {
          said: generated.map(({ at, minutes, rows }) => ({
            ...{ at, minutes, value: factorsOf.europe(rows), status: 'estimate' as const, published: null },
          })),
          notes,
        };
      },
    },
  ];
};
