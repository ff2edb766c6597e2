/**
 * What no answer may say, whatever the numbers behind it: an amount that is negative, rounded to nothing or not a number where a
 * plain word belongs, and sentences that a number has broken.
 */
export const SLIPS: Readonly<Record<string, RegExp>> = {
  'a saving of nothing, or a negative one':
    /sav\w+ (£|−|-)?0(\.0+)?(?!\.?\d)|sav\w+ [−-]|[−-]\d[\d.]* \w+ (saved|less)/,
  'a change by nothing': /(£|\$|€)?(?<![\d.])0(?!\.?\d)( kg| g| kWh| kW| %)?( CO2e)? (more|less|lower|higher)/,
  'a zero with a sign': /(?<![\w.])[−-]0(?!\.?\d)|\+0(?!\.?\d)/,
  'costs nothing': /costs £0(?!\.?\d)/,
  'not a number': /NaN|undefined|Infinity|\bnull\b/,
  'from a value to the same':
    /(?<![\w.])(\S*\d\S*(?: [a-zA-Z]+)?) instead of \1(?![\w.])|from (\S+\d\S*) to \2(?![\w.])/,
  'a lead of nothing': /at least 0 h/,
  'an empty bracket': /\(\)/,
  'a bracketed plural, or one of many':
    /\w\(s\)|(?<![\d. ,])1 (jobs|slots|tickets|rows|pieces|answers|gaps|groups|sellers|entries|records)\b/,
  'two full stops': /(?<![.…])\.\.(?!\.)|\.;|;\./,
  'a sentence that begins small': /[a-z)]\. (no|none|there|the|it|it’s) /,
};

/** The slips of an answer, each with the words around it. */
export const slipsIn = (text: string): string[] =>
  Object.entries(SLIPS).flatMap(([what, pattern]) => {
    const found = pattern.exec(text);
    return found === null ? [] : [`${what}: “${text.slice(Math.max(0, found.index - 60), found.index + 60)}”`];
  });
