/** A reader's view of a text: the same length, so that every position found in it is a position in the original. */

const SINGLE: Readonly<Record<string, string>> = {
  '\u2018': "'",
  '\u2019': "'",
  '\u201a': "'",
  '\u02bc': "'",
  '\u201c': '"',
  '\u201d': '"',
  '\u201e': '"',
  '\u00ab': '"',
  '\u00bb': '"',
  '\u2010': '-',
  '\u2011': '-',
  '\u2012': '-',
  '\u2013': '-',
  '\u2014': '-',
  '\u2212': '-',
  '\u2082': '2',
  '\u2264': '<',
  '\u2265': '>',
  '*': ' ',
  '`': ' ',
  '\f': ' ',
};

/** Lower case, plain quotes and dashes, markup marks and every kind of white space as one space each; line ends stay. */
export const normalise = (text: string): string => {
  let out = '';
  for (let i = 0; i < text.length; i++) {
    const unit = text[i]!;
    const single = SINGLE[unit];
    if (single !== undefined) out += single;
    else if (unit === '\n') out += '\n';
    else if (/\s/.test(unit)) out += ' ';
    else {
      const lower = unit.toLowerCase();
      out += lower.length === 1 ? lower : unit;
    }
  }
  return out;
};

/** One line of it: line ends and the quote marks of Markdown that follow them become spaces. */
export const flat = (low: string): string => low.replace(/\n[ >]*/g, (run) => ' '.repeat(run.length));

/** Characters that a reader cannot see and that can hide words from them: zero width, bidirectional controls, tags. */
export const INVISIBLE = /[\u00ad\u200b-\u200f\u202a-\u202e\u2060-\u2064\u2066-\u2069\ufeff]|\udb40[\udc00-\udc7f]/;

export const withoutInvisible = (text: string): string => text.replace(new RegExp(INVISIBLE.source, 'g'), '');

/** Words that make a sentence demand, allow or limit something. */
export const DEONTIC =
  /\b(must|shall|should|shouldn't|may|can|cannot|can't|mustn't|need(?:s|ed)?|has to|have to|is to|are to|never|not|no|only|always|max(?:imum)?|min(?:imum)?|limit(?:ed|s)?|cap(?:ped|s)?|ceiling|budget|quota|allowance|at most|at least|up to|below|under|within|exceed(?:s|ing)?|prefer(?:s|red)?|avoid|forbidden|prohibited|banned|allowed|permitted|require[sd]?|exempt(?:ed)?|approv\w+|sign[- ]?off|authori[sz]\w+|freeze|blackout|embargo|moratorium|stay|stays|remain|remains|keep|kept|ensure|restrict(?:ed)?|confined|exclude[sd]?|ignore|approve|minimi[sz]e|will)\b/;
