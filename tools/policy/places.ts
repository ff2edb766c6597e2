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

/** Countries by code of region; cloud regions stand where their provider says. */
const MEMBERS: Readonly<Record<string, RegExp>> = {
  uk: /^(?:eu-west-2|europe-west2|uk(?:south|west)|gb|gb-.*|uk|uk-.*|england|scotland|wales)$/,
  ireland: /^(?:eu-west-1|northeurope|ie|ie-.*)$/,
  germany: /^(?:eu-central-1|europe-west3|europe-west10|germany.*|de|de-.*)$/,
  france: /^(?:eu-west-3|europe-west9|france.*|fr|fr-.*)$/,
  sweden: /^(?:eu-north-1|europe-north2|sweden.*|se\d?|se-.*)$/,
  norway: /^(?:norway.*|no\d?|no-.*)$/,
  finland: /^(?:europe-north1|fi|fi-.*)$/,
  denmark: /^(?:denmark.*|dk\d?|dk-.*)$/,
  spain: /^(?:eu-south-2|europe-southwest1|spain.*|es|es-.*)$/,
  italy: /^(?:eu-south-1|europe-west8|europe-west12|italy.*|it|it-.*)$/,
  poland: /^(?:europe-central2|poland.*|pl|pl-.*)$/,
  netherlands: /^(?:europe-west4|westeurope|nl|nl-.*)$/,
  belgium: /^(?:europe-west1|belgium.*|be|be-.*)$/,
  austria: /^(?:austria.*|at|at-.*)$/,
  portugal: /^(?:portugal.*|pt|pt-.*)$/,
  switzerland: /^(?:eu-central-2|europe-west6|switzerland.*|ch|ch-.*)$/,
  us: /^(?:us|us-.*|(?:east|west|central|northcentral|southcentral|westcentral)us\d?)$/,
  canada: /^(?:ca-.*|northamerica-northeast\d|canada.*|ca)$/,
};
const EU = [
  'ireland',
  'germany',
  'france',
  'sweden',
  'finland',
  'denmark',
  'spain',
  'italy',
  'poland',
  'netherlands',
  'belgium',
  'austria',
  'portugal',
];
const AREA_MEMBERS: Readonly<Record<string, readonly string[]>> = {
  eu: EU,
  eea: [...EU, 'norway'],
  europe: [...EU, 'norway', 'uk', 'switzerland'],
  gb: ['uk'],
  'north america': ['us', 'canada'],
};

/** Whether a region lies in a place that a policy names; null when that is not known. */
export const liesIn = (region: string, place: string): boolean | null => {
  const own = region.toLowerCase();
  if (own === place) return true;
  const codes: Readonly<Record<string, string>> = {
    ie: 'ireland',
    de: 'germany',
    fr: 'france',
    se: 'sweden',
    no: 'norway',
    fi: 'finland',
    dk: 'denmark',
    es: 'spain',
    it: 'italy',
    pl: 'poland',
    nl: 'netherlands',
    be: 'belgium',
    at: 'austria',
    pt: 'portugal',
    ch: 'switzerland',
  };
  const wanted = codes[place] ?? place;
  const countries = AREA_MEMBERS[wanted] ?? (MEMBERS[wanted] ? [wanted] : undefined);
  const home = Object.keys(MEMBERS).find((country) => MEMBERS[country]!.test(own));
  if (countries === undefined)
    return MEMBERS[wanted] === undefined && /[-\d]/.test(place)
      ? own.startsWith(`${place}`) && /^[a-z]$/.test(own.slice(place.length))
      : null;
  return home === undefined ? null : countries.includes(home);
};
