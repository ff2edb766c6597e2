/** Which place a region lies in: cloud region codes, countries and areas, as far as their names tell. */

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
