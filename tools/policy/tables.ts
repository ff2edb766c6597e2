/** Rows of a table as sentences: each cell with its heading. */

/** Words of headings that say that the figures below are limits, and not counts of what was. */
const LIMITING =
  /\b(?:limits?|ceilings?|caps?|max(?:imum|\.)?|budgets?|quotas?|allowances?|allowed|permitted|at most|up to|targets?|thresholds?)\b|[<\u2264]/;
const PERIOD =
  /\b(?:(?:per|a|each|every|\/) ?(?:calendar )?(?:day|week|month|quarter|year)|daily|weekly|monthly|quarterly|yearly|annual(?:ly)?)\b/;

/** What a heading without a limiting word measures; its figures are then read as ceilings of that. */
const measured = (name: string): string | undefined => {
  if (LIMITING.test(name)) return undefined;
  if (/\b(?:co2e?|carbon|emissions?|ghg)\b/.test(name)) return 'carbon ceiling';
  if (/\b(?:costs?|spend(?:ing)?|money|expenditure)\b/.test(name)) return 'cost ceiling';
  if (/\b(?:power|load|demand|draw)\b/.test(name)) return 'power ceiling';
  return /\b(?:delay|wait(?:ing)?|deferral|postponement)\b/.test(name) ? 'maximum delay' : undefined;
};

/** What has to be asked of a table whose headings, and the titles above it, nowhere say that it limits; undefined: nothing. */
export const limitless = (headers: readonly string[], above: string): string | undefined => {
  const open = headers.find((header) => measured(header) !== undefined);
  return open === undefined || LIMITING.test(above) || headers.some((header) => LIMITING.test(header))
    ? undefined
    : `is "${open}" in the table's head a limit?`;
};

/** One row: "the web team: carbon ceiling per month is 400 kg; …". */
export const rowSentence = (headers: readonly string[], cells: readonly string[]): string => {
  const parts: string[] = [];
  for (const [i, cell] of cells.entries()) {
    if (cell === '' || /^-+$|^n\/?a$/.test(cell)) continue;
    const header = headers[i] ?? '';
    const unit = /\(([^)]*)\)|\[([^\]]*)\]|\bin (kg|t|tonnes|kw|mw|hours?|minutes?|min|h|eur|gbp|usd)\b/.exec(header);
    const name = header.replace(/\([^)]*\)|\[[^\]]*\]/g, '').trim();
    const units = (unit?.[1] ?? unit?.[2] ?? unit?.[3] ?? '').trim();
    if (/^(?:team|squad|group|department)s?(?: name)?$/.test(name)) {
      parts.push(
        /^(?:all|each|every|any|default|others?|all others?|everyone)\b/.test(cell)
          ? 'each team'
          : `the ${cell.replace(/\s*\bteam$/, '')} team`,
      );
    } else if (/^(?:service |sla |job )?(?:class|tier|level)$/.test(name)) parts.push(`${cell} services`);
    else if (/^(?:environment|env)s?$/.test(name)) parts.push(`${cell} environment`);
    else if (/^(?:(?:job|workload|work)[ -]?)?(?:type|kind|workload|job)s?$/.test(name))
      parts.push(/\b(?:jobs?|workloads?|runs?)$/.test(cell) ? cell : `${cell} jobs`);
    else if (/^(?:site|cluster|resource|data cent(?:re|er)|pool)s?$/.test(name)) parts.push(`cluster ${cell}`);
    else {
      const ceiling = measured(name);
      const period = ceiling === undefined ? undefined : PERIOD.exec(name)?.[0];
      parts.push(
        `: ${ceiling === undefined ? name : `${ceiling}${period === undefined ? '' : ` ${period}`}`} is ${withUnit(cell, units)};`,
      );
    }
  }
  return parts
    .join(' ')
    .replace(/\s+:/g, ':')
    .replace(/;(?=[^;]*$)/, '');
};

const withUnit = (cell: string, units: string): string => {
  if (units === '') return cell;
  if (!/^[\s\d.,'k]+$/.test(cell)) return `${cell} (${units})`;
  return /^(?:\u00a3|\u20ac|\$)/.test(units) ? `${units.slice(0, 1)}${cell} ${units.slice(1)}` : `${cell} ${units}`;
};
