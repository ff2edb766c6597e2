/** Documents from practice that were misread once, each with what it says; the folder of cases stands beside a checkout and is not shipped. */
import { basename } from 'node:path';
import { describe, expect, it } from 'vitest';
import { caseFile, casesIn } from '../../checks/cases.js';
import { readDocument } from './documents/documents.js';
import { readPolicy } from './policy.js';

const FOUND = casesIn('documents').filter((name) => /\.(docx|fodt|html|ms|pdf|rtf|txt)$/.test(name));

const EVERY = '"days":["mon","tue","wed","thu","fri","sat","sun"]';
const WEEKDAYS = '"days":["mon","tue","wed","thu","fri"]';
const PEAK = '"from":"16:00","to":"19:00"';
const TEAM_CAP = 'carbon_cap {"each":"team"} {"kg":400,"period":"month"}';
const BOX = 'clear region_deny {} {"regions":["ap-south-1"]}';
const BATCH_12H = 'clear max_deferral {"kinds":["batch"]} {"minutes":720}';
const BATCH_4H = 'clear max_deferral {"kinds":["batch"]} {"minutes":240}';
const TRAINING = 'clear region_allow {"kinds":["training"]} {"regions":["eu-north-1"]}';
const BACKUP = 'clear max_deferral {"kinds":["backup"]} {"minutes":720}';
const CFO =
  'approval_threshold {} {"metric":"cost","op":">","value":{"amount":5000,"currency":"GBP"},"approver":"CFO"}';
const POLICY = [
  `clear blackout {} {"on":"start",${WEEKDAYS},"from":"17:00","to":"19:00"}`,
  TRAINING,
  `ambiguous ${TEAM_CAP}`,
  `clear power_cap {"resources":["hpc-1"]} {"kw":8000,"from":"17:00","to":"20:00",${WEEKDAYS}}`,
  BACKUP,
  'clear max_deferral {"kinds":["payroll"]} {"minutes":30}',
  'clear carbon_cap {"teams":["search"]} {"kg":350,"period":"month"}',
  'clear budget_cap {"teams":["search"]} {"amount":9000,"currency":"GBP","period":"month"}',
  'clear carbon_cap {"teams":["ads"]} {"kg":600,"period":"month"}',
  'clear budget_cap {"teams":["ads"]} {"amount":12500,"currency":"GBP","period":"month"}',
];
const POLICY_ASIDES = [
  'Jobs may not start between 15:00 and 16:00 on weekdays.',
  'Each team has a ceiling of 500 kg of CO2e a month.',
  'The ml-research team has a ceiling of 1.2 t of CO2e a month.',
];
/** Comments and hidden text, which a printed page does not hold. */
const UNPRINTED = ['The team data-eng must have 900 kg a month.', 'The vision team may not run in us-east-1.'];
const MARKS = [
  `clear ${TEAM_CAP}`,
  BATCH_4H,
  'clear budget_cap {"teams":["web"]} {"amount":12500,"currency":"GBP","period":"month"}',
];
const MARK_NOTES = ['Counted at the meter.', 'From submission.', 'Excluding VAT.'];
const TORN = [
  `clear blackout {"teams":["vision"],"kinds":["training"]} {"on":"start",${WEEKDAYS},${PEAK}}`,
  'clear carbon_cap {"teams":["web"]} {"kg":400,"period":"month"}',
  'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":720}',
];
const TWO = (postprocessing: string) => [
  BACKUP,
  TRAINING,
  `${postprocessing} blackout {"kinds":["postprocessing"]} {"on":"start",${WEEKDAYS},${PEAK}}`,
  `clear ${TEAM_CAP}`,
  'clear max_deferral {"kinds":["reindexing"]} {"minutes":45}',
  'clear carbon_cap {"teams":["bioinformatics"]} {"kg":1200,"period":"month"}',
  'clear region_deny {"teams":["visualisation"]} {"regions":["ap-southeast-2"]}',
  'clear power_cap {"resources":["hpc-1"]} {"kw":8000,"from":"17:00","to":"20:00"}',
];
const COLUMNS = (postprocessing: string) => [
  'clear region_deny {"kinds":["training"]} {"regions":["ap-southeast-2"]}',
  `${postprocessing} max_deferral {"kinds":["postprocessing"]} {"minutes":45}`,
  `clear ${TEAM_CAP}`,
  `clear blackout {"kinds":["backfill"]} {"on":"start",${WEEKDAYS},${PEAK}}`,
  'clear power_cap {"resources":["hpc-1"]} {"kw":8000,"from":"17:00","to":"20:00"}',
  `clear ${CFO}`,
  'clear budget_cap {"teams":["web"]} {"amount":12500,"currency":"GBP","period":"month"}',
  'clear sla_class {"slaClasses":["silver"]} {"maxDeferralMinutes":30}',
  'clear sla_class {"slaClasses":["gold"]} {"maxDeferralMinutes":0,"movable":false}',
];
/** Marks of a typesetter's source, which is no document, leave every figure beside them asked about. */
const ASKED_APPROVAL = 'ambiguous approval_threshold';

/** What binds or asks, and quotes that stand beside the text. */
const CASES: Readonly<Record<string, readonly [constraints: readonly string[], asides?: readonly string[]]>> = {
  'policy.docx': [
    [...POLICY, BOX],
    [...POLICY_ASIDES, ...UNPRINTED],
  ],
  'policy.fodt': [
    [...POLICY, BOX],
    [...POLICY_ASIDES, ...UNPRINTED],
  ],
  'policy.rtf': [
    [...POLICY, BOX],
    [...POLICY_ASIDES, ...UNPRINTED],
  ],
  'policy.pdf': [[BOX, ...POLICY], POLICY_ASIDES],
  'sup.pdf': [
    [
      `clear ${TEAM_CAP}`,
      'clear power_cap {"resources":["hpc-2"]} {"kw":8000}',
      MARKS[2]!,
      BATCH_4H,
      'ambiguous carbon_cap {"teams":["render"]} {"kg":null,"period":"month"}',
    ],
    ['1', '2', '3', '5'],
  ],
  'sup.ms': [
    [
      'ambiguous carbon_cap',
      'ambiguous carbon_cap',
      'ambiguous budget_cap',
      'ambiguous carbon_cap',
      'ambiguous carbon_cap',
    ],
  ],
  'page.pdf': [
    ['ambiguous carbon_cap {"teams":["web"]} {"kg":400,"period":"month"}', BATCH_12H],
    ['1', '2'],
  ],
  'page.ms': [['ambiguous carbon_cap {"teams":["web"]} {"kg":400,"period":"month"}', BATCH_12H]],
  'torn.pdf': [
    [...TORN, `clear ${CFO}`, 'clear region_deny {} {"regions":["ap-south-1","us-east-1"]}'],
    ['Page 1 of 9', 'Standard 7.3', 'Page 2 of 9'],
  ],
  'torn.ms': [[...TORN, ASKED_APPROVAL, 'clear region_deny {} {"regions":["ap-south-1","us-east-1"]}']],
  'two.pdf': [[...TWO('ambiguous'), `clear ${CFO}`], ['Page 1']],
  'two.ms': [[...TWO('clear'), ASKED_APPROVAL]],
  'cols.fodt': [COLUMNS('clear'), ['The team data-eng must have 900 kg a month.']],
  'cols.pdf': [COLUMNS('ambiguous')],
  'fnsup.fodt': [MARKS, MARK_NOTES],
  'fnsup.pdf': [MARKS, MARK_NOTES],
  'form.pdf': [[], ['400', 'Raise it to 900 kg.']],
  'small.html': [[TRAINING, BACKUP], ['The web team has a ceiling of 900 kg of CO2e a month.']],
  'inv.txt': [
    ['clear blackout {"except":{"kinds":["payroll"]}} {"on":"run","days":["sat","sun"],"from":"00:00","to":"24:00"}'],
  ],
  'w-control.docx': [
    [
      `clear ${TEAM_CAP}`,
      BATCH_4H,
      'clear power_cap {"resources":["hpc-1"]} {"kw":8000}',
      'clear max_deferral {"kinds":["web"]} {"minutes":45}',
      'clear max_deferral {"kinds":["mail"]} {"minutes":15}',
      'unsupported unsupported {"kinds":["image"]} {}',
    ],
  ],
  'w-delrow.docx': [
    [
      'ambiguous carbon_cap {"teams":["search"]} {"kg":350,"period":"month"}',
      'ambiguous carbon_cap {"teams":["ads"]} {"kg":200,"period":"month"}',
    ],
    ['ads', '600 kg'],
  ],
  'w-fn2.docx': [
    [`ambiguous ${TEAM_CAP}`, 'clear power_cap {"resources":["hpc-1"]} {"kw":8000}', 'unsupported unsupported {} {}'],
    ['Except for the payments team.', 'The ads team must have 900 kg a month.'],
  ],
  'w-hyphen.docx': [
    [
      'clear region_deny {"kinds":["training"]} {"regions":["us-east-1"]}',
      `clear ${TEAM_CAP}`,
      BACKUP,
      'clear region_allow {"kinds":["rendering"]} {"regions":["eu-west-1"]}',
    ],
  ],
  'w-moved.docx': [
    [
      'clear max_deferral {"kinds":["training"]} {"minutes":480}',
      'clear sla_class {"slaClasses":["silver"]} {"maxDeferralMinutes":30}',
      `clear blackout {} {"on":"start",${EVERY},${PEAK}}`,
    ],
    ['No job may start between 16:00 and 19:00.'],
  ],
  'w-notes.docx': [
    [`ambiguous ${TEAM_CAP}`, 'ambiguous max_deferral {"kinds":["batch"]} {"minutes":240}', TRAINING],
    ['The payments team is exempt.', 'The ads team must have 900 kg a month.'],
  ],
  'w-numbered.docx': [
    [TRAINING, 'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":240}'],
  ],
  'w-start.docx': [
    [TRAINING, 'clear max_deferral {"kinds":["batch"],"except":{"teams":["payments"]}} {"minutes":240}'],
  ],
  'w-strike.docx': [
    [
      'clear carbon_cap {"teams":["web"]} {"kg":300,"period":"month"}',
      'clear carbon_cap {"teams":["ads"]} {"kg":300,"period":"month"}',
    ],
    ['The web team has a ceiling of 900 kg of CO2e a month.', '900', 'The core team may not run in us-east-1.'],
  ],
  'w-tracked.docx': [
    [
      'clear max_deferral {"kinds":["backup"]} {"minutes":360}',
      'clear carbon_cap {"teams":["web"]} {"kg":300,"period":"month"}',
    ],
    ['Backup jobs may be postponed by up to 24 hours.', '900'],
  ],
};

describe.skipIf(FOUND.length === 0)('a document from practice', () => {
  it.each(FOUND)('%s', async (path) => {
    const name = basename(path);
    const known = CASES[name];
    expect(known, `nothing is worked out for ${path}`).toBeDefined();
    const [constraints, asides = []] = known!;
    const document = await readDocument(caseFile(path));
    const r = readPolicy(document.text, { doc: name, tz: 'UTC', document });
    const said = r.constraints.map(
      (c) => `${c.status} ${c.type} ${JSON.stringify(c.scope)} ${JSON.stringify(c.params)}`,
    );
    expect(
      said.map((line, i) => line.slice(0, constraints[i]?.includes('{') ? undefined : constraints[i]?.length)),
    ).toEqual(constraints);
    expect(r.constraints.filter((c) => c.status === 'ambiguous' && c.questions.length === 0)).toEqual([]);
    for (const quote of asides) expect(r.asides.map((a) => a.quote.replace(/^\d (?=\p{L})/u, ''))).toContain(quote);
  });
});
