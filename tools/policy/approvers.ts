/** Who signs, and how many of them: "by the head of finance", "two directors must sign". */
import type { Span } from './words.js';

const ROLE = String.raw`((?:(?:both |either )?(?:the |a |an |our |their |its |any |another )?)[\p{L}][\p{L}\p{N}&/'-]*(?: (?!(?:has|have|must|shall|should|needs?|is|are|will|can|may|before|if|when|unless|to|first|in|within|on|at|for|which|who|that|prior)\b)[\p{L}\p{N}&/'-]+){0,6})`;
const BY = new RegExp(
  String.raw`\b(?:approv\w*|sign[- ]?offs?|signed off|authori[sz]\w*|consent\w*|permission|agree\w*|clearance|go-ahead|reviewed|review|confirmed|confirmation|granted|countersigned|sanctioned|ok)\s+(?:(?:is|are) (?:needed|required)\s+)?(?:by|from|of|with)\s+${ROLE}`,
  'iu',
);
const ACTS = new RegExp(
  String.raw`(?:^|[,:;]\s*|\bthen\s+|\bunless\s+|\bonly (?:if|when|after)\s+|\buntil\s+|\bwithout\s+|\bbefore\s+|\babove (?:that|this|it)\s+)${ROLE}\s+(?:has to|have to|must|needs? to|need to|shall|should|is to|are to|will|has|have)?\s*(?:each |both |first |all )?(?:approve[sd]?|sign(?:s|ed)?|authori[sz]e[sd]?|agree[sd]?|consent(?:s|ed)?|confirm(?:s|ed)?|give[sn]? (?:its |their )?(?:consent|approval|permission|go-ahead))\b`,
  'iu',
);
const OWN = new RegExp(
  String.raw`\b(?:need\w*|requir\w*|with(?:out)?|subject to|get|obtain|have|has)\s+(?:an? |the |prior |written |explicit |additional )*${ROLE}(?:'s|s'|\u2019s)?\s+(?:approval|sign[- ]?off|consent|authori[sz]ation|permission|go-ahead)\b`,
  'iu',
);
const NOBODY =
  /^(?:a|an|the|any|prior|written|explicit|manual|human|additional|formal|separate|further|two|three|it|they|someone|somebody|anyone|plans?|moves?|changes?|approval|person|people|approvers?|must|need|needs|be|is|also|always|first|both|second|four-eyes|four eyes)$/i;
const NUMBERS: Readonly<Record<string, number>> = {
  two: 2,
  '2': 2,
  three: 3,
  '3': 3,
  four: 4,
  '4': 4,
  five: 5,
  '5': 5,
  both: 2,
};

/** Who answers, as the text writes it, without an article, and how many of them where it counts them; null when it does not say. */
export const approverIn = (original: string): { name: string; people: number | undefined; span: Span } | null => {
  for (const regex of [BY, ACTS, OWN]) {
    const match = regex.exec(original.replace(/\u2019/g, "'").replace(/\s/g, ' '));
    if (!match) continue;
    let name = match[1]!
      .trim()
      .replace(/^(?:both|either)\s+/i, '')
      .replace(/^(?:the|a|an|our|their|its|any|another)\s+/i, '');
    const counted = /^(?:at least\s+)?(two|three|four|five|[2-5])\s/i.exec(name);
    name = name.replace(
      /^(?:(?:two|three|four|five|[2-5]|at least)\s+)+(?:(?:different|distinct|separate|independent)\s+)?(?:(?:people|persons|approvers|approvals|members|individuals|colleagues|engineers|managers)\s*)?(?:(?:of|from|in)\s+)?(?:the\s+)?/i,
      '',
    );
    name = name
      .replace(/\s+(?:first|beforehand|in writing|explicitly|before.*|prior.*)$/i, '')
      .replace(/'s$/, '')
      .trim();
    if (
      name !== '' &&
      !NOBODY.test(name) &&
      !/^(?:needs?|require[sd]?|exceeds?|plans? |moves? |jobs? |changes? |any |every |all |no )/i.test(name)
    ) {
      const at = match.index + match[0].lastIndexOf(match[1]!) + match[1]!.indexOf(name);
      return { name, people: counted ? NUMBERS[counted[1]!.toLowerCase()] : undefined, span: [at, at + name.length] };
    }
  }
  return null;
};

/** How many different people must agree; undefined where the text does not say. */
export const countIn = (low: string): number | undefined => {
  if (
    /\b(?:four[- ]?eyes|second pair of eyes|two[- ]person|dual (?:approval|control|sign[- ]?off)|second (?:person|approver|approval))\b/.test(
      low,
    )
  )
    return 2;
  const match =
    /\b(two|three|four|five|[2-5])\s+(?:(?:different|distinct|separate|independent|senior|authori[sz]ed|named)\s+)*(?:people|persons|approvers?|approvals?|signatures?|members|individuals|sign[- ]?offs?|managers?|leads?|engineers|directors|heads|colleagues|reviewers|operators|administrators|admins)\b/.exec(
      low,
    ) ?? /\bapproved by (two|three|four|five|[2-5])\b/.exec(low);
  if (match) return NUMBERS[match[1]!];
  return /\bboth\b[^.;]*\band\b/.test(low) ? 2 : undefined;
};
