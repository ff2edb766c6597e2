/** The numbers that Word shows before paragraphs (ECMA-376 part 1, 17.9): they stand nowhere in the text. */
import { written } from './list-numbers.js';
import { allOf, childOf, childrenOf, type Element } from './xml.js';

interface Level {
  readonly start: number;
  readonly format: string;
  /** with %1 to %9 for the numbers of the levels */
  readonly pattern: string;
  readonly isLegal: boolean;
  /** begins anew after a paragraph of this level or one above; 0: never */
  readonly restart: number;
}

interface List {
  readonly abstractId: string;
  readonly levels: readonly (Level | undefined)[];
  readonly overrides: ReadonlyMap<number, number>;
}

const LEVELS = 9;

/** What stands before a paragraph: '' for a bullet, null for nothing. Called once for each numbered paragraph, in order. */
export type Numberer = (numId: string, level: number) => string | null;

export const numbererOf = (numbering: Element | undefined): Numberer => {
  const lists = numbering === undefined ? new Map<string, List>() : listsOf(numbering);
  const counts = new Map<string, (number | undefined)[]>();
  const overridden = new Set<string>();
  return (numId, level) => {
    const list = lists.get(numId);
    // Word numbers by the definition that lists share; an override of one of them sets its count once.
    const key = list?.abstractId ?? `num ${numId}`;
    const at = counts.get(key) ?? [];
    counts.set(key, at);
    const override = list?.overrides.get(level);
    if (override !== undefined && !overridden.has(`${numId} ${level}`)) {
      overridden.add(`${numId} ${level}`);
      at[level] = override - 1;
    }
    const here = list?.levels[level];
    at[level] = (at[level] ?? (here?.start ?? 1) - 1) + 1;
    for (let below = level + 1; below < LEVELS; below++) {
      const restart = list?.levels[below]?.restart ?? below;
      if (restart !== 0 && level < restart) at[below] = undefined;
    }
    if (here === undefined) return '';
    if (here.format === 'bullet') return '';
    if (here.format === 'none' && !/%\d/.test(here.pattern)) return null;
    return here.pattern
      .replace(/%(\d)/g, (_, digit: string) => {
        const of = Number(digit) - 1;
        const named = list?.levels[of];
        const count = at[of] ?? named?.start ?? 1;
        return written(count, here.isLegal ? 'decimal' : (named?.format ?? 'decimal'));
      })
      .trim();
  };
};

const listsOf = (numbering: Element): Map<string, List> => {
  const abstracts = new Map(
    allOf(numbering, 'w:abstractNum').map((a) => [a.attributes['w:abstractNumId'] ?? '', levelsOf(a)]),
  );
  return new Map(
    allOf(numbering, 'w:num').map((num) => {
      const abstractId = childOf(num, 'w:abstractNumId')?.attributes['w:val'] ?? '';
      const levels = [...(abstracts.get(abstractId) ?? [])];
      const overrides = new Map<number, number>();
      for (const override of childrenOf(num, 'w:lvlOverride')) {
        const level = Number(override.attributes['w:ilvl'] ?? 0);
        const start = childOf(override, 'w:startOverride')?.attributes['w:val'];
        if (start !== undefined) overrides.set(level, Number(start));
        const whole = childOf(override, 'w:lvl');
        if (whole !== undefined) levels[level] = levelOf(whole);
      }
      return [num.attributes['w:numId'] ?? '', { abstractId, levels, overrides }];
    }),
  );
};

const levelsOf = (abstract: Element): (Level | undefined)[] => {
  const levels: (Level | undefined)[] = [];
  for (const level of childrenOf(abstract, 'w:lvl')) levels[Number(level.attributes['w:ilvl'] ?? 0)] = levelOf(level);
  return levels;
};

const levelOf = (level: Element): Level => {
  const value = (name: string) => childOf(level, name)?.attributes['w:val'];
  return {
    start: Number(value('w:start') ?? 1),
    format: value('w:numFmt') ?? 'decimal',
    pattern: value('w:lvlText') ?? `%${Number(level.attributes['w:ilvl'] ?? 0) + 1}.`,
    isLegal: childOf(level, 'w:isLgl') !== undefined,
    restart: Number(value('w:lvlRestart') ?? Number(level.attributes['w:ilvl'] ?? 0)),
  };
};
