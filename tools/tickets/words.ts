/** What a language model may add to a ticket: one paragraph, every figure of which stands among the facts. */

/** Name → text as people read it, for example `saving: "1.90 t CO2e"`. */
export type WordFacts = Readonly<Record<string, string>>;

const UNITS: Record<string, string> = {
  tonne: 't',
  tonnes: 't',
  ton: 't',
  tons: 't',
  kilogram: 'kg',
  kilograms: 'kg',
  kgs: 'kg',
  percent: '%',
  job: 'jobs',
  pound: '£',
  pounds: '£',
  dollar: '$',
  dollars: '$',
  euro: '€',
  euros: '€',
  GBP: '£',
  USD: '$',
  EUR: '€',
  hour: 'h',
  hours: 'h',
  minute: 'min',
  minutes: 'min',
};
const KNOWN = new Set(['t', 'kg', 'g', '%', 'jobs', 'h', 'min', 'kW', 'MW', 'kWh', 'MWh', '£', '$', '€']);

const FIGURE = /([£$€]\s?)?[-−]?\d(?:[\d,\u202f\u00a0]*\d)?(?:\.\d+)?(?:[:]\d\d)?(?:\s?(%|[A-Za-z]+))?/g;
const SPELLED =
  /\b(zero|two|three|four|five|six|seven|eight|nine|ten|eleven|twelve|\w+teen|twenty|thirty|forty|fifty|sixty|seventy|eighty|ninety|hundreds?|thousands?|millions?|billions?|dozens?|half|halve[sd]?|third|quarter|twice|thrice|doubl\w+|tripl\w+|tenfold)\b/i;

interface Figure {
  readonly number: string;
  readonly unit: string | null;
}

const figures = (text: string): Figure[] =>
  [...text.matchAll(FIGURE)].map((match) => {
    const word = match[1]?.trim() ?? match[2];
    const unit = word === undefined ? null : (UNITS[word] ?? UNITS[word.toLowerCase()] ?? word);
    const number = match[0]
      .replace(/^[£$€]\s?/, '')
      .replace(/\s?(%|[A-Za-z]+)$/, '')
      .replace(/[,\u202f\u00a0]/g, '')
      .replace('-', '−');
    return {
      number: number.replace(/(\.\d*?)0+$/, '$1').replace(/\.$/, ''),
      unit: unit !== null && KNOWN.has(unit) ? unit : null,
    };
  });

/**
 * The text when every figure in it occurs among the facts (and, where it names a unit, with that unit), else null. Numbers
 * in words, other digits than 0–9, links and anything longer than a paragraph are dropped with it.
 */
export const checkedWords = (text: string | null | undefined, facts: WordFacts): string | null => {
  const words = (text ?? '').trim();
  if (words === '' || words.length > 700 || /\n\s*\n/.test(words)) return null;
  if (SPELLED.test(words) || /:\/\/|www\./i.test(words) || /(?![0-9])\p{N}/u.test(words)) return null;
  const values = Object.values(facts);
  // Names may hold digits: `hpc-1` is one word, and it has to be one of ours.
  let rest = words;
  for (const name of values
    .filter((v) => /[A-Za-z][-_.]?\d|\d[-_]?[A-Za-z]{3}/.test(v))
    .sort((a, b) => b.length - a.length))
    rest = rest.split(name).join(' ');
  if (/[A-Za-z_][-_]?\d/.test(rest.replace(/\bCO2e?\b/gi, ' '))) return null;
  const known = values.flatMap((value) => figures(value.replace(/\bCO2e?\b/gi, ' ')));
  const traced = figures(rest.replace(/\bCO2e?\b/gi, ' ')).every((claim) =>
    known.some((fact) => fact.number === claim.number && (claim.unit === null || fact.unit === claim.unit)),
  );
  return traced ? words.replace(/\s+/g, ' ') : null;
};
