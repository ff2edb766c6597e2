/** Numbers as digits: 1.000,50 and 1,000.50, and which of the two a text means. */

export type DecimalMark = ',' | '.';

/** What a written number means; the second value is the other reading where the text does not decide. */
export const readNumber = (written: string, mark: DecimalMark | null): [number | null, string | null] => {
  const bare = written.replace(/[ ']/g, '');
  const dots = bare.split('.').length - 1;
  const commas = bare.split(',').length - 1;
  if (dots === 0 && commas === 0) return [Number(bare), null];
  if (dots > 0 && commas > 0) {
    const decimal = bare.lastIndexOf('.') > bare.lastIndexOf(',') ? '.' : ',';
    const grouping = decimal === '.' ? ',' : '.';
    const [whole, fraction, more] = bare.split(decimal) as [string, string, string?];
    if (more !== undefined || !/^\d{1,3}(?:[.,]\d{3})+$/.test(whole)) return [null, 'not a number in any locale'];
    return [Number(`${whole.replaceAll(grouping, '')}.${fraction}`), null];
  }
  const separator: DecimalMark = dots > 0 ? '.' : ',';
  const parts = bare.split(separator);
  if (parts.length > 2) {
    const grouped = /^\d{1,3}(?:[.,]\d{3})+$/.test(bare);
    return grouped ? [Number(parts.join('')), null] : [null, 'not a number in any locale'];
  }
  const [whole, fraction] = parts as [string, string];
  const asDecimal = Number(`${whole}.${fraction}`);
  if (fraction.length !== 3 || whole === '0' || whole.length > 3) return [asDecimal, null];
  const asGroups = Number(whole + fraction);
  if (mark !== null) return [mark === separator ? asDecimal : asGroups, null];
  return separator === ',' ? [asGroups, null] : [null, `${asGroups} or ${asDecimal}`];
};

/** The decimal mark that a text shows by figures that can be read in one way only; null when it shows none, or both. */
export const decimalMarkOf = (low: string): DecimalMark | null => {
  const unit = String.raw`\s?(?:%|kg|t\b|tonnes?|kw|mw|kwh|mwh|h\b|hours?|eur\b|€|gbp|£|usd)`;
  const comma =
    /\d\.\d{3},\d/.test(low) ||
    new RegExp(String.raw`(?<![\d.,])\d+,(?:\d|\d\d)${unit}`).test(low) ||
    /[€£$]\s?\d+,\d{1,2}(?!\d)/.test(low);
  const point =
    /\d,\d{3}\.\d/.test(low) ||
    new RegExp(String.raw`(?<![\d.,])\d+\.(?:\d|\d\d)${unit}`).test(low) ||
    /[€£$]\s?\d+\.\d{1,2}(?!\d)/.test(low);
  return comma === point ? null : comma ? ',' : '.';
};
