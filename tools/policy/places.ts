/** Regions as policies name them: cloud region codes, countries, and areas such as the EU; and what an area contains. */

export interface Place {
  readonly from: number;
  readonly to: number;
  readonly name: string;
}

const CODE =
  /(?<![\w-])(?:(?:af|ap|ca|cn|eu|il|me|mx|sa|us)(?:-gov|-isob?)?-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)-\d[a-z]?|(?:africa|asia|australia|europe|me|northamerica|southamerica|us)-(?:north|south|east|west|central|northeast|southeast|northwest|southwest)\d(?:-[a-z])?|(?:north|west)europe|(?:uk|france|germany|norway|sweden|switzerland|italy|poland|spain|brazil|japan|korea|australia|canada|southafrica|uae)(?:north|south|east|west|central|southeast|westcentral)\d?|(?:east|west|central|northcentral|southcentral|westcentral)us\d?|(?:gb|de|fr|es|it|nl|be|dk|se|no|fi|pl|ie|ch|at|pt)-[a-z0-9]{1,12})(?![\w-])/g;
const AREAS: Readonly<Record<string, string>> = {
  'european union': 'eu',
  'european economic area': 'eea',
  'united kingdom': 'uk',
  'great britain': 'gb',
  'united states of america': 'us',
  'united states': 'us',
  'north america': 'north america',
  europe: 'europe',
  england: 'england',
  scotland: 'scotland',
  wales: 'wales',
  ireland: 'ireland',
  germany: 'germany',
  france: 'france',
  sweden: 'sweden',
  norway: 'norway',
  finland: 'finland',
  denmark: 'denmark',
  iceland: 'iceland',
  spain: 'spain',
  italy: 'italy',
  portugal: 'portugal',
  poland: 'poland',
  netherlands: 'netherlands',
  belgium: 'belgium',
  austria: 'austria',
  switzerland: 'switzerland',
  canada: 'canada',
  india: 'india',
  japan: 'japan',
  singapore: 'singapore',
  australia: 'australia',
  brazil: 'brazil',
  china: 'china',
  russia: 'russia',
  asia: 'asia',
  britain: 'gb',
};
const AREA = new RegExp(
  String.raw`\b(${Object.keys(AREAS)
    .sort((a, b) => b.length - a.length)
    .join('|')})\b(?!/)`,
  'g',
);
/** Only in capitals, so that "us" and "no" stay words. */
const CAPITALS =
  /(?<![\w-])(?:EU|EEA|UK|US|USA|GB|DE|FR|ES|IT|NL|BE|DK|SE|NO|FI|PL|IE|CH|AT|PT|DK1|DK2|NO[1-5]|SE[1-4])(?![\w-])/g;

/** `original` is the same stretch of the text as written; for a made-up sentence give the sentence itself. */
export const placesIn = (low: string, original: string): Place[] => {
  const found: Place[] = [];
  const add = (from: number, to: number, name: string) => {
    if (!found.some((p) => p.from < to && from < p.to)) found.push({ from, to, name });
  };
  for (const m of low.matchAll(CODE)) add(m.index, m.index + m[0].length, m[0]);
  for (const m of low.matchAll(AREA)) {
    // "London time" and "UK time" are clocks, not places.
    if (!/^ (?:local |standard )?time\b/.test(low.slice(m.index + m[0].length)))
      add(m.index, m.index + m[0].length, AREAS[m[1]!]!);
  }
  for (const m of original.matchAll(CAPITALS))
    if (!/^ (?:local |standard )?time\b|^\$/.test(original.slice(m.index + m[0].length)))
      add(m.index, m.index + m[0].length, m[0] === 'USA' ? 'us' : m[0].toLowerCase());
  for (const m of low.matchAll(/\bregions?\s+["']?([a-z][a-z0-9]*(?:-[a-z0-9]+)+|[a-z]+\d+)["']?/g)) {
    const from = m.index + m[0].lastIndexOf(m[1]!);
    add(from, from + m[1]!.length, m[1]!);
  }
  return found.sort((a, b) => a.from - b.from);
};
