/** The time zone that a text names. */
import { isTimeZone } from '../../domain/time.js';
import { type Span, spansOf } from './words.js';

const CITIES: Readonly<Record<string, string>> = {
  london: 'Europe/London',
  uk: 'Europe/London',
  british: 'Europe/London',
  dublin: 'Europe/Dublin',
  irish: 'Europe/Dublin',
  paris: 'Europe/Paris',
  french: 'Europe/Paris',
  berlin: 'Europe/Berlin',
  german: 'Europe/Berlin',
  frankfurt: 'Europe/Berlin',
  munich: 'Europe/Berlin',
  stockholm: 'Europe/Stockholm',
  swedish: 'Europe/Stockholm',
  oslo: 'Europe/Oslo',
  copenhagen: 'Europe/Copenhagen',
  helsinki: 'Europe/Helsinki',
  amsterdam: 'Europe/Amsterdam',
  dutch: 'Europe/Amsterdam',
  brussels: 'Europe/Brussels',
  zurich: 'Europe/Zurich',
  swiss: 'Europe/Zurich',
  vienna: 'Europe/Vienna',
  madrid: 'Europe/Madrid',
  rome: 'Europe/Rome',
  lisbon: 'Europe/Lisbon',
  warsaw: 'Europe/Warsaw',
  'new york': 'America/New_York',
  eastern: 'America/New_York',
  chicago: 'America/Chicago',
  denver: 'America/Denver',
  'los angeles': 'America/Los_Angeles',
  pacific: 'America/Los_Angeles',
  tokyo: 'Asia/Tokyo',
  singapore: 'Asia/Singapore',
  sydney: 'Australia/Sydney',
  mumbai: 'Asia/Kolkata',
  indian: 'Asia/Kolkata',
  'sao paulo': 'America/Sao_Paulo',
};
const SHORT: Readonly<Record<string, string>> = {
  utc: 'UTC',
  gmt: 'UTC',
  zulu: 'UTC',
  bst: 'Europe/London',
  cet: 'CET',
  cest: 'CET',
  eet: 'EET',
  wet: 'WET',
  est: 'America/New_York',
  edt: 'America/New_York',
  et: 'America/New_York',
  cst: 'America/Chicago',
  cdt: 'America/Chicago',
  mst: 'America/Denver',
  pst: 'America/Los_Angeles',
  pdt: 'America/Los_Angeles',
  pt: 'America/Los_Angeles',
  jst: 'Asia/Tokyo',
};

const CITY = new RegExp(String.raw`\b(${Object.keys(CITIES).join('|')})(?: local| standard| daylight)? time\b`);

/** The time zone that a text names, as an IANA name or a fixed offset. */
export const zoneIn = (low: string): string | undefined => {
  const offset = /\b(?:utc|gmt)\s?([+-])\s?(\d{1,2})(?::?(\d{2}))?\b/.exec(low);
  if (offset) return `${offset[1]}${offset[2]!.padStart(2, '0')}:${offset[3] ?? '00'}`;
  if (/\d\d:\d\d(?::\d\d)?z\b/.test(low)) return 'UTC';
  const iana =
    /\b(?:africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific)\/[a-z_]+(?:\/[a-z_]+)?\b/.exec(
      low,
    )?.[0];
  if (iana) {
    const name = iana.replace(/(^|[/_])([a-z])/g, (_, before: string, letter: string) => before + letter.toUpperCase());
    if (isTimeZone(name)) return name;
  }
  const city = CITY.exec(low)?.[1];
  if (city) return CITIES[city];
  const short =
    /(?:\d|[ap]\.?m\.?|hrs|hours|noon|midnight)\s?\(?(utc|gmt|bst|cest|cet|eet|wet|est|edt|et|cst|cdt|mst|pst|pdt|pt|jst)\b|\b(utc|gmt|cest|cet)\b/.exec(
      low,
    );
  return short ? SHORT[short[1] ?? short[2]!] : undefined;
};

/** Capital letters behind a time of day that look like a zone and name none that is known, or several: "IST", "AEST". */
export const unknownZoneIn = (low: string, original: string): string | undefined => {
  if (zoneIn(low) !== undefined) return undefined;
  return /\d\s?(?:[ap]\.?m\.?|hrs|hours)?\s?\(?\b([A-Z]{2,4}T|MSK)\b/.exec(original)?.[1];
};

/** The words that name it: "14:00 CET", "London time", "Europe/Berlin". */
export const zoneSpansIn = (low: string): Span[] =>
  spansOf(
    low,
    new RegExp(
      String.raw`\b(?:(?:central|mountain|standard) )?(?:${Object.keys(CITIES).join('|')})(?: local| standard| daylight)? time\b`,
    ),
    /\b(?:utc|gmt)\s?(?:[+-]\s?\d{1,2}(?::?\d{2})?)?\b/,
    /\b(?:africa|america|antarctica|asia|atlantic|australia|europe|indian|pacific)\/[a-z_]+(?:\/[a-z_]+)?\b/,
    /\b(?:zulu|bst|cest|cet|eet|wet|est|edt|et|cst|cdt|mst|pst|pdt|pt|jst)\b/,
  );
