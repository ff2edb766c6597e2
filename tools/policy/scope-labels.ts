/** Labels that a text names: "tagged critical", "personal data". */

export const PRIORITIES =
  /^(?:critical|urgent|priority|high-priority|low-priority|top-priority|highest-priority|business-critical|mission-critical|safety-critical|time-critical|p[0-5]|sev-?\d)$/;
/** The plainest spelling first; what one of them read, the others do not read again. */
export const LABELS: readonly [RegExp, (m: RegExpExecArray) => [string, string]][] = [
  [
    /\b(?:labell?ed|tagged|marked|flagged|labels?|tags?)\s+(?:as\s+|with\s+(?:the\s+(?:label|tag)\s+)?)?["'`]?([\w-]+)\s*[=:]\s*["'`]?([\w-]+)/,
    (m) => [m[1]!, m[2]!],
  ],
  [
    /\b(?:labell?ed|tagged|marked|flagged)\s+(?:as\s+|with\s+(?:the\s+(?:label|tag)\s+)?)?["'`]?([\w-]+)/,
    (m) => (PRIORITIES.test(m[1]!) ? ['priority', priorityOf(m[1]!)] : ['label', m[1]!]),
  ],
  [/\bpriority[ -]([0-5]|one|two|high|low|critical)\b/, (m) => ['priority', m[1]!]],
  [
    /\b(?:(?:process|contain|hold|handle|us|hous|involv|with|touch)(?:es|s|e|ing)?\s+)?(?:customer\s+(?=personal))?([a-z-]+)\s+data(?:sets?)?\b(?!\s*(?:cent|platform|science|team|engineering|-))/,
    (m) => ['data', m[1]!],
  ],
  [
    /\b(patient|health|medical|personal|customer|client|employee|citizen|student|user|financial|payment|cardholder)\s+(?:records|information|details)\b/,
    (m) => ['data', m[1]!],
  ],
  [/\b(pii|phi|gdpr-relevant)\b/, (m) => ['data', m[1]!]],
];
export const priorityOf = (word: string) =>
  word === 'priority' || word === 'high-priority' ? 'high' : word.replace(/-priority$/, '');
