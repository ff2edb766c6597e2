/** Files of every format as text with marks: what is in force, what is set aside with its reason, and what is refused. */
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import type { PolicyReading } from '../../domain/policy/policy.js';
import { readDocument } from './documents/documents.js';
import { cell, docx, escaped, paragraph, run, zipped } from './documents/fixtures/archive.js';
import { page, pdf, shown, stream } from './documents/fixtures/pdf.js';
import { readPolicy } from './policy.js';

const folder = mkdtempSync(join(tmpdir(), 'caco-documents-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const fixture = (name: string) => new URL(`./documents/fixtures/${name}`, import.meta.url).pathname;
const readingOf = async (path: string): Promise<PolicyReading> => {
  const document = await readDocument(path);
  return readPolicy(document.text, { doc: 'policy', tz: 'UTC', document });
};
const odfRoot = (tag: string, inner: string) =>
  `<?xml version="1.0"?><${tag} xmlns:office="urn:oasis:names:tc:opendocument:xmlns:office:1.0" xmlns:style="urn:oasis:names:tc:opendocument:xmlns:style:1.0" xmlns:text="urn:oasis:names:tc:opendocument:xmlns:text:1.0" xmlns:draw="urn:oasis:names:tc:opendocument:xmlns:drawing:1.0" xmlns:svg="urn:oasis:names:tc:opendocument:xmlns:svg-compatible:1.0">${inner}</${tag}>`;
const odfText = (inner: string) =>
  odfRoot('office:document', `<office:body><office:text><text:p>${inner}</text:p></office:text></office:body>`);
let made = 0;
const written = (content: string | Buffer, name: string): string => {
  const path = join(folder, `${++made}-${name}`);
  writeFileSync(path, content);
  return path;
};
const read = (content: string | Buffer, name: string) => readingOf(written(content, name));

/** A constraint in one line: status, type, whom, what. */
const brief = (r: PolicyReading) =>
  r.constraints.map((c) => `${c.status} ${c.type} ${JSON.stringify(c.scope)} ${JSON.stringify(c.params)}`);
const values = (r: PolicyReading) => brief(r).map((line) => line.replace(/^\w+ /, ''));
const why = (r: PolicyReading, quote: RegExp) => r.asides.find((a) => quote.test(a.quote))?.why;

const STANDARD = [
  'ambiguous carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
  'clear budget_cap {"teams":["web"]} {"amount":12500,"currency":"GBP","period":"month"}',
  'clear carbon_cap {"teams":["search"]} {"kg":300,"period":"month"}',
  'clear power_cap {"resources":["hpc-1"]} {"kw":8000}',
  'clear region_allow {"kinds":["training"],"except":{"teams":["vision"]}} {"regions":["eu-north-1"]}',
  'clear max_deferral {"teams":["payments"],"kinds":["batch"]} {"minutes":240}',
  'clear carbon_cap {"teams":["ads"]} {"kg":350,"period":"month"}',
  'clear budget_cap {"teams":["ads"]} {"amount":9000,"currency":"GBP","period":"month"}',
  'clear carbon_cap {"teams":["nlp"]} {"kg":600,"period":"month"}',
  'clear budget_cap {"teams":["nlp"]} {"amount":11500,"currency":"GBP","period":"month"}',
];
const BOX = 'clear region_deny {} {"regions":["ap-south-1"]}';
const NOTES = [
  'ambiguous carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
  'clear power_cap {"resources":["hpc-2"]} {"kw":8000}',
  'clear region_allow {"kinds":["training"]} {"regions":["eu-north-1"]}',
  'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":240}',
  'clear carbon_cap {"teams":["search"]} {"kg":350,"period":"month"}',
  'clear carbon_cap {"teams":["ads"]} {"kg":600,"period":"month"}',
];

describe('one document as three programs write it', () => {
  it.each(['fodt', 'odt', 'docx', 'rtf', 'pdf', 'html'])('LibreOffice: standard.%s', async (format) => {
    const r = await readingOf(fixture(`standard.${format}`));
    // What it writes as HTML leaves text boxes out.
    expect(brief(r)).toEqual(format === 'html' ? STANDARD : [...STANDARD, BOX]);
    expect(r.questions).toEqual(['its note says "Except for the payments team.": does that change it?']);
    expect(why(r, /^900/)).toBe('struck out, so not in force');
    expect(why(r, /Render jobs may not/)).toBe('struck out, so not in force');
    expect(why(r, /Excluding VAT/)).toMatch(/note/);
    expect(why(r, /standard 4\.1/)).toMatch(format === 'html' ? /heading/ : /header/);
    if (format !== 'pdf') {
      expect(r.flags).toContain('hidden_text');
      expect(why(r, /Rather 9 MW/)).toMatch(/comment|hidden/);
      expect(why(r, /vision team may not run/)).toMatch(/hidden/);
    }
  });
  it.each(['docx', 'html', 'odt', 'rtf'])('pandoc: notes.%s', async (format) => {
    const r = await readingOf(fixture(`notes.${format}`));
    expect(brief(r)).toEqual(NOTES);
    expect(why(r, /^24$/)).toBe('struck out, so not in force');
    expect(why(r, /ads team has 500 kg/)).toMatch(/note/);
  });
  it('groff: a sentence torn by a page, words and codes torn by lines, a raised mark', async () => {
    const r = await readingOf(fixture('torn.pdf'));
    expect(brief(r)).toEqual([
      'clear carbon_cap {"teams":["web"]} {"kg":300,"period":"month"}',
      'clear blackout {"kinds":["postprocessing"]} {"on":"start","days":["mon","tue","wed","thu","fri"],"from":"16:00","to":"19:00"}',
      'clear region_deny {"teams":["visualisation"]} {"regions":["ap-southeast-2"]}',
      'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":720}',
      // "Interactive reindexing jobs" are fewer than all interactive ones: the word is asked about, for the whole sentence.
      'ambiguous max_deferral {"kinds":["interactive"]} {"minutes":45}',
      'ambiguous carbon_cap {"teams":["bioinformatics"]} {"kg":1200,"period":"month"}',
      'clear region_deny {} {"regions":["us-east-1"]}',
    ]);
    expect(r.questions.join()).toContain('what does "reindexing" mean here?');
    expect(r.asides.map((a) => [a.page, a.quote, a.why])).toEqual([
      [1, '1', 'the mark of a note'],
      [1, 'Page 1 of 2', 'a page number'],
      [2, 'Standard 4.1', 'a header or footer of the pages'],
      [2, 'Page 2 of 2', 'a page number'],
    ]);
  });
  it('groff: two columns are read one after the other', async () => {
    expect(values(await readingOf(fixture('columns.pdf')))).toEqual([
      'max_deferral {"kinds":["backup"]} {"minutes":720}',
      'region_allow {"kinds":["training"]} {"regions":["eu-north-1"]}',
      'carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
    ]);
  });
  it('a form: its value and a sticky note are told of and fill nothing in', async () => {
    const r = await readingOf(fixture('form.pdf'));
    expect(r.constraints).toEqual([]);
    expect(r.notUnderstood[0]!.why).toMatch(/breaks off/);
    expect(why(r, /^400$/)).toMatch(/form field.*cap/);
    expect(why(r, /900 kg/)).toMatch(/comment/);
  });
});

const A = 'w:id="9" w:author="E"';
const inserted = (text: string) => `<w:ins ${A}>${run(text)}</w:ins>`;
const deleted = (text: string) => `<w:del ${A}>${run(text, '', 'delText')}</w:del>`;
const numbering = `<w:abstractNum w:abstractNumId="0"><w:lvl w:ilvl="0"><w:start w:val="4"/><w:numFmt w:val="decimal"/><w:lvlText w:val="%1."/></w:lvl><w:lvl w:ilvl="1"><w:numFmt w:val="lowerLetter"/><w:lvlText w:val="(%2)"/></w:lvl></w:abstractNum><w:num w:numId="1"><w:abstractNumId w:val="0"/></w:num>`;
const listed = (level: number, text: string) =>
  paragraph(run(text), `<w:numPr><w:ilvl w:val="${level}"/><w:numId w:val="1"/></w:numPr>`);

describe('Word, shape by shape', () => {
  it('reads tracked changes as accepted, and says so', async () => {
    const moved = (tag: string, text: string) => paragraph(`<w:${tag} ${A}>${run(text)}</w:${tag}>`);
    const r = await read(
      docx(
        paragraph(
          deleted('Backup jobs may be postponed by up to 24 hours.') +
            inserted('Backup jobs may be postponed by up to 6 hours.'),
        ) +
          moved('moveFrom', 'No job may start between 16:00 and 19:00.') +
          paragraph(
            run('The web team has a ceiling of ') + deleted('900') + inserted('300') + run(' kg of CO2e a month.'),
          ) +
          moved('moveTo', 'No job may start between 16:00 and 19:00.') +
          paragraph(run('Silver services may wait '), `<w:rPr><w:del ${A}/></w:rPr>`) +
          paragraph(run('up to 30 minutes.')),
      ),
      'tracked.docx',
    );
    expect(values(r).map((v) => v.split(' ')[0])).toEqual(['max_deferral', 'carbon_cap', 'blackout', 'sla_class']);
    expect(r.constraints.map((c) => c.quote)).toContain('The web team has a ceiling of 300 kg of CO2e a month.');
    expect(r.flags).toEqual(['tracked_changes']);
  });
  it('knows struck out in a style, twice, and taken back', async () => {
    const style = '<w:style w:type="character" w:styleId="Gone"><w:rPr><w:strike/></w:rPr></w:style>';
    const r = await read(
      docx(
        paragraph(
          run('Batch jobs may wait up to ') +
            run('9', '<w:rStyle w:val="Gone"/>') +
            run('7', '<w:dstrike/>') +
            run('5', '<w:rStyle w:val="Gone"/><w:strike w:val="0"/>') +
            run(' hours.'),
        ),
        { styles: style },
      ),
      'style.docx',
    );
    expect(brief(r)).toEqual(['clear max_deferral {"kinds":["batch"]} {"minutes":300}']);
    expect(why(r, /^97$/)).toBe('struck out, so not in force');
  });
  it('writes the numbers that Word shows, and finds a clause by them', async () => {
    const r = await read(
      docx(
        listed(0, 'Training jobs must run in eu-north-1 only.') +
          listed(0, 'Work that may wait:') +
          listed(1, 'Batch jobs may be postponed by up to 4 hours.') +
          listed(1, 'Render jobs may be postponed by up to 2 hours.') +
          paragraph(run('Clause 5(b) does not apply to the payments team.')) +
          paragraph(run('Clause 9 does not apply to the ads team.')),
        { numbering },
      ),
      'numbers.docx',
    );
    expect(brief(r)).toEqual([
      'clear region_allow {"kinds":["training"]} {"regions":["eu-north-1"]}',
      'clear max_deferral {"kinds":["batch"]} {"minutes":240}',
      'clear max_deferral {"kinds":["rendering"],"except":{"teams":["payments"]}} {"minutes":120}',
    ]);
    expect(r.notUnderstood.map((n) => n.quote)).toEqual(['Clause 9 does not apply to the ads team.']);
  });
  it('keeps cells that reach over rows, and leaves deleted rows out', async () => {
    const row = (cells: string, properties = '') => `<w:tr>${properties}${cells}</w:tr>`;
    const merge = (start: boolean) => `<w:tcPr><w:vMerge${start ? ' w:val="restart"' : ''}/></w:tcPr>`;
    const r = await read(
      docx(
        `<w:tbl>${row(cell(run('Team')) + cell(run('Kind')) + cell(run('Maximum delay')))}${row(cell(run('web'), merge(true)) + cell(run('batch')) + cell(run('2 hours')))}${row(cell('', merge(false)) + cell(run('render')) + cell(run('4 hours')))}${row(cell(run('ads')) + cell(run('batch')) + cell(run('9 hours')), `<w:trPr><w:del ${A}/></w:trPr>`)}</w:tbl>`,
      ),
      'rows.docx',
    );
    expect(brief(r)).toEqual([
      'clear max_deferral {"teams":["web"],"kinds":["batch"]} {"minutes":120}',
      'clear max_deferral {"teams":["web"],"kinds":["rendering"]} {"minutes":240}',
    ]);
    expect(why(r, /9 hours/)).toMatch(/deleted/);
  });
  it('shows fields, hyphens and signs, and asks where a sign cannot be read', async () => {
    const field = `<w:r><w:fldChar w:fldCharType="begin"/></w:r><w:r><w:instrText> DOCPROPERTY x </w:instrText></w:r><w:r><w:fldChar w:fldCharType="separate"/></w:r>${run('8')}<w:r><w:fldChar w:fldCharType="end"/></w:r>`;
    const sign = (code: string) => `<w:r><w:sym w:font="Symbol" w:char="${code}"/></w:r>`;
    const r = await read(
      docx(
        paragraph(run('Cluster hpc-1 must stay ') + sign('F0A3') + run(' ') + field + run(' MW.')) +
          paragraph(
            run('Back') +
              '<w:r><w:softHyphen/></w:r>' +
              run('up jobs may wait up to ') +
              `<w:fldSimple w:instr=" X ">${run('45')}</w:fldSimple>` +
              run(' minutes.'),
          ) +
          paragraph(run('Training jobs may not run in us') + '<w:r><w:noBreakHyphen/></w:r>' + run('east-1.')) +
          paragraph(run('Batch jobs may wait up to 2') + sign('F0BD') + run(' hours.')),
      ),
      'signs.docx',
    );
    expect(brief(r).slice(0, 3)).toEqual([
      'clear power_cap {"resources":["hpc-1"]} {"kw":8000}',
      'clear max_deferral {"kinds":["backup"]} {"minutes":45}',
      'clear region_deny {"kinds":["training"]} {"regions":["us-east-1"]}',
    ]);
    expect(
      brief(r)
        .slice(3)
        .filter((line) => line.startsWith('clear')),
    ).toEqual([]);
    expect(r.questions.join()).toMatch(/which sign/);
  });
});

describe('marks in a plain text', () => {
  it.each<[string, string, string?]>([
    [
      'Each team has a ceiling of 400¹ kg of CO2e a month.',
      'clear carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
    ],
    [
      'Each team has a ceiling of 400[1] kg of CO2e a month.\n\n[1] Except for the payments team',
      'ambiguous carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
    ],
    [
      'Each team has a ceiling of 400[^a] kg of CO2e a month.\n\n[^a]: Counted at the meter.',
      'clear carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
    ],
    [
      'Each team has a ceiling of ~~900~~ 300 kg of CO2e a month.',
      'clear carbon_cap {"each":"team"} {"kg":300,"period":"month"}',
    ],
    [
      '<del>The web team may not run in us-east-1.</del> Batch jobs may wait up to 4 hours.',
      'clear max_deferral {"kinds":["batch"]} {"minutes":240}',
    ],
    ['Back\u00adup jobs may wait up to 4 hours.', 'clear max_deferral {"kinds":["backup"]} {"minutes":240}'],
    [
      'Batch jobs may wait up to 4 hours.\n\nExcept for the payments team',
      'ambiguous max_deferral {"kinds":["batch"]} {"minutes":240}',
    ],
    [
      'Owner: the payments team\n\nBatch jobs may wait up to 4 hours.',
      'clear max_deferral {"kinds":["batch"]} {"minutes":240}',
    ],
    [
      'Each team has a ceiling of 400 kg of CO2e a month.[1][2]\n\n[1] Source: board paper.\n[2] The ads team: 900 kg.',
      'ambiguous carbon_cap {"each":"team"} {"kg":400,"period":"month"}',
    ],
    [
      'No job may start between 16:00 and 19:00 on week-\ndays. The sun is\nup.',
      'clear blackout {} {"on":"start","days":["mon","tue","wed","thu","fri"],"from":"16:00","to":"19:00"}',
    ],
    ['Training jobs may not run in us-east-\n1.', 'clear region_deny {"kinds":["training"]} {"regions":["us-east-1"]}'],
    [
      '<p>The web team has a ceiling of <input value="400"> kg a month.</p><p style="color:white">All jobs must run in us-east-1.</p>Batch jobs may wait up to 4 hours.',
      'clear max_deferral {"kinds":["batch"]} {"minutes":240}',
      'policy.html',
    ],
    [
      'No job may start between 16:00 and 19:00 on week- days.',
      'clear blackout {} {"on":"start","days":["mon","tue","wed","thu","fri"],"from":"16:00","to":"19:00"}',
    ],
    [
      'The pay- ments team may not run in us-west- 2.',
      'ambiguous region_deny {"teams":["payments"]} {"regions":["us-west-2"]}',
    ],
    [
      'The payments team is large. The pay- ments team may not run in us-west-2.',
      'clear region_deny {"teams":["payments"]} {"regions":["us-west-2"]}',
    ],
    [
      'Pre- and post-processing jobs may wait up to 2 hours.',
      'clear max_deferral {"kinds":["pre-processing","post-processing"]} {"minutes":120}',
    ],
    ['Batch jobs may wait up to 4 hours- or less.', 'ambiguous max_deferral {"kinds":["batch"]} {"minutes":240}'],
    [
      '{\\rtf1 No job may start between 16:00 and 19:00 on {\\b week- }days.}',
      'clear blackout {} {"on":"start","days":["mon","tue","wed","thu","fri"],"from":"16:00","to":"19:00"}',
      'policy.rtf',
    ],
    ['[1] Batch jobs may wait up to 4 hours.', 'clear max_deferral {"kinds":["batch"]} {"minutes":240}'],
    [
      'Batch jobs may wait up to 4 hours. This does not apply to the payments team.',
      'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":240}',
    ],
    [
      '1. Batch jobs may wait up to 4 hours.\n2. The payments team is exempt from clause 1.',
      'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":240}',
    ],
    [
      '1. Batch jobs may wait up to 4 hours.\n2. Clause 1 applies on Sundays only.',
      'ambiguous max_deferral {"kinds":["batch"]} {"minutes":240}',
    ],
  ])('%s', async (text, expected, name = 'policy.md') => {
    const r = await read(text, name);
    expect(brief(r)).toEqual([expected]);
  });
});

describe('a rule that is tied to another', () => {
  it.each<[string, string, string]>([
    [
      'Subject to clause 1, training jobs may wait up to 9 hours.',
      'clear max_deferral {"kinds":["batch"]} {"minutes":240}',
      'ambiguous max_deferral {"kinds":["training"]} {"minutes":540}',
    ],
    [
      'Notwithstanding clause 1, training jobs may wait up to 9 hours.',
      'ambiguous max_deferral {"kinds":["batch"]} {"minutes":240}',
      'ambiguous max_deferral {"kinds":["training"]} {"minutes":540}',
    ],
    [
      'Training jobs may run in eu-west-1 only, without prejudice to clause 7.',
      'clear max_deferral {"kinds":["batch"]} {"minutes":240}',
      'ambiguous region_allow {"kinds":["training"]} {"regions":["eu-west-1"]}',
    ],
  ])('%s', async (sentence, first, second) => {
    const r = await read(`1. Batch jobs may wait up to 4 hours.\n2. ${sentence}`, 'policy.txt');
    expect(brief(r)).toEqual([first, second]);
    expect(r.questions.join()).toMatch(/what does "\w[^"]+ clause \d" change here\?/);
    expect(r.notUnderstood).toHaveLength(1);
  });
});

describe('every word of a document', () => {
  const fate = fc.constantFrom('plain', 'struck', 'hidden', 'deleted', 'comment', 'note');
  type Fate = 'plain' | 'struck' | 'hidden' | 'deleted' | 'comment' | 'note';
  const words = fc.array(fc.array(fate, { minLength: 1, maxLength: 6 }), { minLength: 1, maxLength: 5 });
  const asDocx = (paragraphs: readonly (readonly [string, Fate][])[]) => {
    const [comments, notes]: [string[], string[]] = [[], []];
    const shown = ([word, of]: [string, Fate]): string => {
      const text = `${word} `;
      if (of === 'struck') return run(text, '<w:strike/>');
      if (of === 'hidden') return run(text, '<w:vanish/>');
      if (of === 'deleted') return deleted(text);
      if (of === 'plain') return run(text);
      const list = of === 'comment' ? comments : notes;
      const tag = of === 'comment' ? 'comment' : 'footnote';
      list.push(`<w:${tag} w:id="${list.length}">${paragraph(run(word))}</w:${tag}>`);
      return `<w:r><w:${tag}Reference w:id="${list.length - 1}"/></w:r>`;
    };
    const body = paragraphs.map((p) => paragraph(p.map(shown).join(''))).join('');
    return docx(body, { comments: comments.join(''), footnotes: notes.join('') });
  };
  const TAGS: Readonly<Record<Fate, readonly [string, string]>> = {
    plain: ['', ''],
    struck: ['<s>', '</s>'],
    hidden: ['<span style="display:none">', '</span>'],
    deleted: ['<del>', '</del>'],
    comment: ['<!-- ', ' -->'],
    note: ['<textarea>', '</textarea>'],
  };
  const asHtml = (paragraphs: readonly (readonly [string, Fate][])[]) =>
    `<html><body>${paragraphs.map((p) => `<p>${p.map(([word, of]) => `${TAGS[of][0]}${escaped(word)}${TAGS[of][1]} `).join('')}</p>`).join('')}</body></html>`;
  const CONTROLS: Readonly<Record<Fate, readonly [string, string]>> = {
    plain: ['{', '}'],
    struck: ['{\\strike ', '}'],
    hidden: ['{\\v ', '}'],
    deleted: ['{\\deleted ', '}'],
    comment: ['{\\*\\annotation ', '}'],
    note: ['{\\footnote ', '}'],
  };
  const asRtf = (paragraphs: readonly (readonly [string, Fate][])[]) =>
    `{\\rtf1\\ansi ${paragraphs.map((p) => `${p.map(([word, of]) => `${CONTROLS[of][0]}${word} ${CONTROLS[of][1]}`).join('')}\\par `).join('')}}`;

  type Fated = readonly (readonly [string, Fate][])[];
  const odfBody = (paragraphs: Fated): string => {
    let changes = '';
    let n = 0;
    const shape = ([word, of]: readonly [string, Fate]): string => {
      n++;
      if (of === 'struck' || of === 'hidden')
        return `<text:span text:style-name="${of === 'struck' ? 'Gone' : 'Unseen'}">${word}</text:span> `;
      if (of === 'comment') return `<office:annotation><text:p>${word}</text:p></office:annotation>`;
      if (of === 'note')
        return `<text:note text:note-class="footnote"><text:note-citation>${n}</text:note-citation><text:note-body><text:p>${word}</text:p></text:note-body></text:note>`;
      if (of === 'plain') return `${word} `;
      changes += `<text:changed-region xml:id="c${n}" text:id="c${n}"><text:deletion><text:p>${word}</text:p></text:deletion></text:changed-region>`;
      return `<text:change text:change-id="c${n}"/>`;
    };
    const text = paragraphs.map((p) => `<text:p>${p.map(shape).join('')}</text:p>`).join('');
    const style = (name: string, of: string) =>
      `<style:style style:name="${name}" style:family="text"><style:text-properties ${of}/></style:style>`;
    return `<office:automatic-styles>${style('Gone', 'style:text-line-through-style="solid" style:text-line-through-type="single"')}${style('Unseen', 'text:display="none"')}</office:automatic-styles><office:body><office:text><text:tracked-changes>${changes}</text:tracked-changes>${text}</office:text></office:body>`;
  };
  const asFodt = (paragraphs: Fated) => odfRoot('office:document', odfBody(paragraphs));
  const asOdt = (paragraphs: Fated) =>
    zipped({
      mimetype: 'application/vnd.oasis.opendocument.text',
      'content.xml': odfRoot('office:document-content', odfBody(paragraphs)),
    });
  /** A line for each paragraph; a deleted word has a mark of a person over it, a note is the value of a field. */
  const asPdf = (paragraphs: Fated) => {
    const painted: string[] = [];
    const annotations: string[] = [];
    for (const [row, words] of paragraphs.entries())
      for (const [column, [word, of]] of words.entries()) {
        const [x, y] = [72 + 48 * column, 760 - 40 * row];
        const rect = `/Rect[${x} ${y - 3} ${x + 40} ${y + 9}]`;
        if (of === 'comment') annotations.push(`<</Type/Annot/Subtype/Text${rect}/Contents(${word})>>`);
        else if (of === 'note')
          annotations.push(`<</Type/Annot/Subtype/Widget/FT/Tx/T(f${row}.${column})/V(${word})${rect}>>`);
        else painted.push(shown(word, x, y, of === 'hidden' ? '3 Tr' : '0 Tr'));
        if (of === 'struck') painted.push(`1 w ${x - 1} ${y + 3} m ${x + 40} ${y + 3} l S`);
        if (of === 'deleted')
          annotations.push(
            `<</Type/Annot/Subtype/StrikeOut${rect}/QuadPoints[${x - 1} ${y + 9} ${x + 41} ${y + 9} ${x - 1} ${y - 3} ${x + 41} ${y - 3}]>>`,
          );
      }
    const listed = `/Annots[${annotations.map((_, i) => `${i + 6} 0 R`).join(' ')}]`;
    return pdf([4], [page(5, listed), stream(painted.join('\n')), ...annotations]);
  };

  it.each([
    ['docx', asDocx],
    ['html', asHtml],
    ['rtf', asRtf],
    ['fodt', asFodt],
    ['odt', asOdt],
    ['pdf', asPdf],
  ] as const)('of a %s is in force or listed with a reason, never both', async (format, write) => {
    await fc.assert(
      fc.asyncProperty(words, async (fates) => {
        let n = 0;
        const name = () => `word${String.fromCharCode(97 + (n % 26), 97 + Math.floor(n++ / 26))}x`;
        const paragraphs = fates.map((p) => p.map((of): [string, Fate] => [name(), of]));
        if (!fates.flat().includes('plain')) paragraphs.push([[name(), 'plain']]);
        const r = await read(write(paragraphs), `any.${format}`);
        const listed = [...r.constraints, ...r.notUnderstood, ...r.remarks].map((p) => p.quote).join(' ');
        const aside = r.asides.map((a) => a.quote).join(' ');
        const heading = r.asides
          .filter((a) => /heading|head of a table/.test(a.why))
          .map((a) => a.quote)
          .join(' ');
        for (const [word, of] of paragraphs.flat()) {
          if (of === 'plain') expect(`${listed} ${heading}`).toContain(word);
          else {
            expect(aside).toContain(word);
            expect(listed).not.toContain(word);
          }
        }
      }),
      { numRuns: 40 },
    );
  });
});

describe('text in odd places', () => {
  const around = (odd: string, head = '') =>
    `<html><head>${head}</head><body><p>Batch jobs may wait 4 hours.</p>${odd}<p>Training may wait 6 hours.</p></body></html>`;
  it.each([
    ['a template', around('<template><p>No wordx job may run.</p></template>'), 'not shown by a browser'],
    ['without scripts', around('<noscript><p>No wordx job may run.</p></noscript>'), 'not shown by a browser'],
    ['a style', around('<p class="a">Hello.</p>', '<style>.a::before { content: "wordx" }</style>'), /style paints/],
    ['a form field', around('<input value="wordx">'), /form field/],
    ['navigation', around('<nav>wordx</nav>'), 'navigation of the page'],
    ['a picture', around('<img alt="wordx">'), /picture/],
  ])('of a page is told with its reason: %s', async (_, page, reason) => {
    const r = await read(page, 'odd.html');
    expect(why(r, /wordx/)).toMatch(reason);
    expect(brief(r).join()).not.toContain('wordx');
    expect(values(r)).toEqual([
      'max_deferral {"kinds":["batch"]} {"minutes":240}',
      'max_deferral {"kinds":["training"]} {"minutes":360}',
    ]);
  });
  it('says that there is a script, and reads the caption of a table of one cell', async () => {
    const page = around(
      '<script>document.title = 1</script><table><caption>No job may run in wordx.</caption><tr><td>x</td></tr></table>',
    );
    const r = await read(page, 'odd.html');
    expect(why(r, /script/)).toBe('a script, which is not run');
    expect([...r.notUnderstood, ...r.remarks, ...r.asides].some((p) => p.quote.includes('wordx'))).toBe(true);
  });
  it.each<[string, Buffer | string, RegExp]>([
    [
      'gloss.docx',
      docx(
        '<w:p><w:r><w:t xml:space="preserve">Batch jobs may wait 4 </w:t></w:r><w:r><w:ruby><w:rt><w:r><w:t>wordx</w:t></w:r></w:rt><w:rubyBase><w:r><w:t>hours.</w:t></w:r></w:rubyBase></w:ruby></w:r></w:p>',
      ),
      /gloss/,
    ],
    [
      'gloss.fodt',
      odfText(
        'Batch jobs may wait 4 <text:ruby><text:ruby-base>hours.</text:ruby-base><text:ruby-text>wordx</text:ruby-text></text:ruby>',
      ),
      /gloss/,
    ],
    [
      'picture.fodt',
      odfText('Batch jobs may wait 4 hours.<draw:frame><draw:image/><svg:desc>wordx</svg:desc></draw:frame>'),
      /picture/,
    ],
    [
      'twice.pdf',
      pdf(
        [4],
        [
          page(5).replace('/Contents', '/Annots[7 0 R]/Contents'),
          stream(shown('Batch jobs may wait 4 hours.', 72, 700)),
          stream('<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template>All jobs must wait.</template></xdp:xdp>'),
          '<</Type/Annot/Subtype/Widget/FT/Tx/T(cap)/V(wordx)/Rect[72 600 200 620]>>',
        ],
        '/AcroForm<</Fields[7 0 R]/XFA 6 0 R>>',
      ),
      /form field/,
    ],
  ])('of a document is told with its reason: %s', async (name, content, reason) => {
    const r = await read(content, name);
    expect(why(r, /wordx/)).toMatch(reason);
    expect(values(r)).toEqual(['max_deferral {"kinds":["batch"]} {"minutes":240}']);
    if (name === 'twice.pdf') expect(why(r, /^XFA$/)).toMatch(/second time/);
  });
  it('of an RTF that stands in a table and in no cell is read', async () => {
    const r = await read(
      '{\\rtf1\\ansi \\trowd\\cellx1000\\intbl Batch jobs may wait 4 hours.\\cell\\row Training may wait 6 hours.\\par}',
      'odd.rtf',
    );
    expect(values(r).map((v) => v.replace(/ .*/, ''))).toEqual(['max_deferral', 'max_deferral']);
  });
});

describe('what cannot be read', () => {
  const bomb = () => zipped({ 'word/document.xml': Buffer.alloc(120_000_000, 0x20) });
  const scan = () =>
    pdf(
      [4],
      [
        page(5).replace('/Font', '/XObject<</P 6 0 R>>/Font'),
        stream('q 400 0 0 400 72 200 cm /P Do Q'),
        stream(
          '\x00\xff\xff\x00',
          '/Type/XObject/Subtype/Image/Width 2/Height 2/BitsPerComponent 8/ColorSpace/DeviceGray',
        ),
      ],
    );
  const xfa = () =>
    pdf(
      [4],
      [
        page(5),
        stream(shown('Please wait. If this message is not replaced, your viewer may be too old.', 72, 700)),
        stream('<xdp:xdp xmlns:xdp="http://ns.adobe.com/xdp/"><template>All jobs must wait.</template></xdp:xdp>'),
      ],
      '/AcroForm<</Fields[]/XFA 6 0 R>>',
    );
  it.each<[string, () => string | Buffer, string, RegExp]>([
    ['broken.docx', () => docx(paragraph(run('All.'))).subarray(0, 200), 'invalid-input', /broken/],
    ['torn.docx', () => zipped({ 'word/document.xml': '<w:document><w:body>' }), 'invalid-input', /cut short/],
    ['bomb.docx', bomb, 'invalid-input', /more than 100 MB/],
    ['large.txt', () => Buffer.alloc(31_000_000, 0x61), 'invalid-input', /larger than 30 MB/],
    ['sheet.docx', () => zipped({ 'xl/workbook.xml': '<x/>' }), 'unsupported', /sheet/],
    [
      'slides.odt',
      () => zipped({ mimetype: 'application/vnd.oasis.opendocument.presentation' }),
      'unsupported',
      /no text/,
    ],
    [
      'locked.odt',
      () =>
        zipped({
          mimetype: 'application/vnd.oasis.opendocument.text',
          'content.xml': '?',
          'META-INF/manifest.xml': '<manifest:encryption-data/>',
        }),
      'invalid-input',
      /password/,
    ],
    [
      'old.doc',
      () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('WordDocument', 'utf16le')]),
      'unsupported',
      /old kind/,
    ],
    [
      'locked.docx',
      () => Buffer.concat([Buffer.from('d0cf11e0a1b11ae1', 'hex'), Buffer.from('EncryptedPackage', 'utf16le')]),
      'invalid-input',
      /password/,
    ],
    ['photo.txt', () => Buffer.from('89504e470d0a1a0a', 'hex'), 'unsupported', /picture/],
    ['archive.zip', () => zipped({ 'a.txt': 'a' }), 'unsupported', /archive/],
    ['torn.rtf', () => '{\\rtf1 All jobs {\\b must', 'invalid-input', /cut short/],
    ['deep.rtf', () => `{\\rtf1 ${'{'.repeat(5000)}`, 'invalid-input', /too deep/],
    ['text.rtf', () => 'All jobs must wait.', 'invalid-input', /not a RTF/],
    ['gone.html', () => '<html><body><del>All jobs must wait.</del></body></html>', 'invalid-input', /in force/],
    ['empty.html', () => '<html><body></body></html>', 'invalid-input', /no text/],
    ['locked.pdf', () => readFileSync(fixture('locked.pdf')), 'invalid-input', /password/],
    ['scan.pdf', scan, 'unsupported', /pictures and no text/],
    [
      'long.pdf',
      () =>
        pdf(
          [...Array(2001)].map((_, i) => i + 5),
          [stream(shown('All.', 72, 700)), ...Array(2001).fill(page(4))],
        ),
      'invalid-input',
      /more than 2000 pages/,
    ],
    ['form.pdf', xfa, 'unsupported', /XFA form/],
    ['torn.pdf', () => readFileSync(fixture('torn.pdf')).subarray(0, 300), 'invalid-input', /broken PDF/],
    ['data.xml', () => '<?xml version="1.0"?><feed/>', 'unsupported', /XML/],
  ])('%s', async (name, content, code, message) => {
    await expect(readDocument(written(content(), name))).rejects.toMatchObject({
      code,
      message: expect.stringMatching(message),
      remedy: expect.stringMatching(/\w/),
    });
  });
  it('a format is told by what the file holds, not by its name', async () => {
    const word = docx(paragraph(run('Batch jobs may wait up to 4 hours.')));
    expect(values(await read(word, 'policy.txt'))).toEqual(['max_deferral {"kinds":["batch"]} {"minutes":240}']);
    expect(values(await read('{\\rtf1 Batch jobs may wait up to 4 hours.}', 'policy.doc'))).toHaveLength(1);
    expect(values(await read('<!DOCTYPE html><p>Batch jobs may wait up to 4 hours.', 'policy.md'))).toHaveLength(1);
  });
});
