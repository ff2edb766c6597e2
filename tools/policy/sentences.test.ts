/** Every sentence set down by hand, graded; the table of docs/methods/policies.md is made of these grades and compared. */
import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';
import { type Grade, gradeOf, SETS, type Sentence } from './fixtures/sentences.js';

const PAGE = fileURLToPath(new URL('../../docs/methods/policies.md', import.meta.url));
const OPEN = '<!-- sentences -->\n';
const CLOSE = '<!-- /sentences -->';
const GRADES: readonly Grade[] = ['exact', 'asked', 'missed', 'wrong'];

const all = Object.values(SETS).flat();
const graded = all.map((sentence) => ({ sentence, grade: gradeOf(sentence) }));
const count = (of: readonly { grade: Grade }[], grade: Grade) => of.filter((g) => g.grade === grade).length;

const tableOf = (): string => {
  const kinds = [...new Set(all.map((s) => s.kind))];
  const rows = kinds.map((kind) => [kind, graded.filter((g) => g.sentence.kind === kind)] as const);
  const line = (name: string, of: readonly { sentence: Sentence; grade: Grade }[]) =>
    `| ${name} | ${of.length} | ${GRADES.map((grade) => count(of, grade)).join(' | ')} |`;
  return [
    '| kind of sentence | sentences | exact | asked instead | missed | wrong and clear |',
    '|---|---|---|---|---|---|',
    ...rows.map(([kind, of]) => line(kind, of)),
    line('**all**', graded),
    '',
  ].join('\n');
};

describe('sentences set down by hand', () => {
  it('none binds anybody to what it does not say', () => {
    expect(graded.filter((g) => g.grade === 'wrong').map((g) => g.sentence.text)).toEqual([]);
  });
  it('none that demands something passes unheard', () => {
    expect(graded.filter((g) => g.grade === 'missed').map((g) => g.sentence.text)).toEqual([]);
  });
  it('at least 80 of 100 are read exactly, in every set; seven of ten of the later ones', () => {
    expect(
      count(
        graded.filter((g) => SETS.later.includes(g.sentence)),
        'exact',
      ),
    ).toBeGreaterThanOrEqual(0.7 * SETS.later.length);
    for (const set of [SETS.first, SETS.misread, SETS.operators, SETS.practice])
      expect(set.filter((s) => gradeOf(s) === 'exact').length / set.length).toBeGreaterThanOrEqual(0.8);
  });
  it('the published table is that of today; `npx vitest run tools/policy/sentences.test.ts -u` writes it', async () => {
    const page = readFileSync(PAGE, 'utf8');
    const [from, to] = [page.indexOf(OPEN) + OPEN.length, page.indexOf(CLOSE)];
    await expect(`${page.slice(0, from)}${tableOf()}${page.slice(to)}`).toMatchFileSnapshot(PAGE);
  });
});
