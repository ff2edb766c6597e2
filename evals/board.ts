/** The board of the examination: how many questions of each kind are answered rightly, honestly declined or wrongly, for docs/evals.md. */
import type { CaseResult } from './report.js';
import type { Scenario } from './scenario.js';

interface Counts {
  right: number;
  declined: number;
  wrong: number;
}

/** A scenario that fails counts with all of its questions as wrong: which of them it was is for its report. */
const countsOf = ({ do: deeds, must }: Scenario, passed: boolean): Counts => {
  const asked = deeds.filter((deed) => 'ask' in deed);
  const declined = asked.filter(
    (deed, i) => (deed.must?.answered ?? (i === asked.length - 1 ? must.answered : undefined)) === false,
  ).length;
  return passed
    ? { right: asked.length - declined, declined, wrong: 0 }
    : { right: 0, declined: 0, wrong: asked.length };
};

const MODELS = { none: 'no model', scripted: 'scripted model' } as const;

/** A table in Markdown: queries by kind, other questions by area, and a row for each model. Throws Error for a scenario without a result. */
export const boardOf = (scenarios: readonly Scenario[], results: readonly CaseResult[]): string => {
  const rows = new Map<string, Counts>();
  const add = (name: string, { right, declined, wrong }: Counts) => {
    const row = rows.get(name) ?? { right: 0, declined: 0, wrong: 0 };
    rows.set(name, { right: row.right + right, declined: row.declined + declined, wrong: row.wrong + wrong });
  };
  const totals: [string, Counts][] = [];
  for (const scenario of scenarios.filter((s) => s.do.some((deed) => 'ask' in deed))) {
    const result = results.find((r) => r.id === scenario.id);
    if (!result) throw new Error(`${scenario.id} was not played`);
    const counts = countsOf(scenario, result.passed);
    add(scenario.area === 'queries' ? `query: ${scenario.title}` : scenario.area, counts);
    totals.push([MODELS[scenario.model === 'off' ? 'none' : 'scripted'], counts]);
  }
  for (const name of Object.values(MODELS))
    for (const [model, counts] of totals) if (model === name) add(`**${name}**`, counts);
  return [
    '| Questions | asked | right | honestly declined | wrong |',
    '|---|--:|--:|--:|--:|',
    ...[...rows].map(
      ([name, { right, declined, wrong }]) =>
        `| ${name} | ${right + declined + wrong} | ${right} | ${declined} | ${wrong} |`,
    ),
  ].join('\n');
};

const BEGIN = '<!-- board: written by `npx vitest run evals/evals.test.ts -u` -->';
const END = '<!-- /board -->';

/** The page with the board in its place. Throws Error where the page has no place for it. */
export const withBoard = (page: string, board: string): string => {
  const [from, to] = [page.indexOf(BEGIN), page.indexOf(END)];
  if (from < 0 || to < from) throw new Error('the page has no place for the board');
  return `${page.slice(0, from)}${BEGIN}\n${board}\n${page.slice(to)}`;
};
