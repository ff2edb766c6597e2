/** Kinds of work, environments and service classes that a text names. */
import { ALONE, KINDS } from './kinds.js';
import { PRIORITIES, priorityOf } from './scope-labels.js';
import { type Gathered, namesBefore, type Token, tokensBefore } from './scope-names.js';
import type { Span } from './words.js';

export const ENVIRONMENTS =
  /^(?:production|prod|staging|development|dev|test|testing|qa|pre-production|preprod|non-production|nonprod|sandbox|uat)$/;
const CLASSES = /^(?:gold|silver|bronze|platinum|diamond|premium|best-effort|tier-?\d|class-?[a-d\d])$/;
/** Words that name a class beside "services" and "class", and nothing elsewhere. */
const PLAIN_CLASSES = /^(?:standard|basic|economy)$/;
const OF_CLASSES = /^(?:services?|class|tier|customers?)$/;
const HEAD =
  /\b(?:jobs?|workloads?|runs(?! (?:in|on|at|from|between|after|before))|tasks?|pipelines?|processes|services?|applications?|apps|databases?|builds?|environments?|systems|clusters?|work|moves?|sessions?|operations|processing|deployments?|changes?|placements?)\b/g;

const spanOf = (m: RegExpMatchArray): Span => [m.index!, m.index! + m[0].length];

/** An environment, a class, a priority or a known kind in front of its noun; false for any other word. */
const takeModifier = ({ text, span }: Token, head: string, out: Gathered): boolean => {
  if (ENVIRONMENTS.test(text)) out.environments.add(text);
  else if (CLASSES.test(text) || (OF_CLASSES.test(head) && PLAIN_CLASSES.test(text))) out.slaClasses.add(text);
  else if (PRIORITIES.test(text)) out.labels.set('priority', priorityOf(text));
  else if (text === 'interruptible') out.labels.set('interruptible', 'true');
  else if (KINDS[text]) out.kinds.add(KINDS[text]);
  else return false;
  out.spans.push(span);
  return true;
};

const takeHead = (low: string, match: RegExpMatchArray, out: Gathered) => {
  const head = match[0];
  out.spans.push(spanOf(match));
  if (/^(?:work|changes?|moves?|operations|deployments?|placements?)$/.test(head)) {
    for (const word of tokensBefore(low, match.index!).slice(-1)) takeModifier(word, head, out);
    return;
  }
  const before = tokensBefore(low, match.index!).at(-1);
  if (before && PLAIN_CLASSES.test(before.text)) takeModifier(before, head, out);
  const { names } = namesBefore(low, match.index!, 4);
  for (const name of names) {
    const unknown = name.words.filter((word) => !takeModifier(word, head, out));
    if (unknown.length === 0 || unknown.length < name.words.length) continue;
    if (/^(?:environments?|systems|clusters?|services?|applications?|apps|processing|sessions?|databases?)$/.test(head))
      continue;
    if (/\b(?:team|teams)\b|^(?:eu|us|ap)-|\d$|^(?:eu|eea|uk|us|usa|gb)$/.test(name.text) || !/^[a-z]/.test(name.text))
      continue;
    // "Pre- and post-processing": the hyphen stands for the other's last part.
    const shared = name.text.endsWith('-') ? /[^-]-([^-]+)$/.exec(names.at(-1)!.text)?.[1] : '';
    if (shared === undefined) continue;
    out.kinds.add(`${name.text}${shared}`);
    out.spans.push(...name.words.map((word) => word.span));
  }
  const own = KINDS[head];
  if (own !== undefined && (own !== 'build' || out.kinds.size === 0)) out.kinds.add(own);
};

const ENVIRONMENT_PHRASES = [
  /\b(?:in|on|to|for|touch|touching|affecting|affect)\s+(?:the\s+)?(production|prod|staging|development|test|non-production|pre-production|preprod|qa|uat|sandbox)\b(?! (?:of|date))/g,
  /\b(production|staging|development|non-production|pre-production)\b(?= (?:is|are|must|may|shall|should|stays?|remains?|has|will)\b)/g,
];
const CLASS_PHRASES = [
  /\b(?:class|tier|sla)\s+["']?(gold|silver|bronze|platinum|premium|[a-d]|\d)\b/g,
  /\b(gold|silver|bronze|platinum|premium)\b(?:[- ](?:class|tier|sla|level|customers?)\b|(?=\s*(?:,|;|and|or|:|[.)]?$)|\s+(?:by|may|must|shall|should|can|is|are|has|have|waits?|up to|at most|\d+)\b))/g,
];

export const gatherWork = (low: string, out: Gathered) => {
  for (const match of low.matchAll(HEAD)) takeHead(low, match, out);
  for (const match of low.matchAll(ALONE)) {
    const own = match[0].startsWith('ci ')
      ? 'ci'
      : (KINDS[match[0].replace(/^(?:model|ml|ai) /, '')] ?? KINDS[`${match[0]}s`]);
    if (own === undefined) continue;
    out.spans.push(spanOf(match));
    if (!(own === 'build' && out.kinds.has('ci'))) out.kinds.add(own);
  }
  for (const [phrases, names] of [
    [ENVIRONMENT_PHRASES, out.environments],
    [CLASS_PHRASES, out.slaClasses],
  ] as const)
    for (const match of phrases.flatMap((phrase) => [...low.matchAll(phrase)])) {
      names.add(match[1]!);
      const at = match.index + match[0].indexOf(match[1]!);
      out.spans.push(/^(?:touch|affect)/.test(match[0]) ? [at, at + match[1]!.length] : spanOf(match));
    }
};
