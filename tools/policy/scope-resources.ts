/** Sites, clusters and pools that a text names. */
import { type Gathered, namesBefore, STOP } from './scope-names.js';
import { ENVIRONMENTS } from './scope-work.js';
import type { Span } from './words.js';

const NOUN = 'site|cluster|partition|rack|node pool|data ?cent(?:re|er)|hall|machine room';
const BEHIND = new RegExp(String.raw`\b(?:${NOUN})\s+["']?([a-z]*[\w-]*\d[\w-]*|[a-z][\w-]*)["']?`, 'g');
const BEFORE = new RegExp(String.raw`\b((?:${NOUN})s?)\b`, 'g');
/** "hpc-1" names a resource by its looks; "tier-1", "eu-west-1" and "iso-8601" do not. */
const NUMBERED = /(?<![\w-])([a-z]+(?:-[a-z]+)*-\d+)(?![\w-])/g;
const OTHER = /^(?:tier|class|sev|priority|(?:eu|us|ap|ca|sa|me|af|il)-.*)-\d+$|^(?:iso|fy|co|covid|utc|gmt)-?\d+$/;

const spanOf = (m: RegExpMatchArray): Span => [m.index!, m.index! + m[0].length];

export const gatherResources = (low: string, out: Gathered) => {
  for (const m of low.matchAll(BEHIND))
    if (!STOP.has(m[1]!)) {
      out.resources.add(m[1]!);
      out.spans.push(spanOf(m));
    }
  for (const m of low.matchAll(BEFORE)) {
    const { names, stop } = namesBefore(low, m.index, 2);
    out.spans.push(spanOf(m));
    for (const name of names)
      if (!ENVIRONMENTS.test(name.text)) {
        out.resources.add(name.text);
        out.spans.push(...name.words.map((word) => word.span));
      }
    if (names.length === 0 && /^(?:each|every|any|no|per)$/.test(stop ?? '') && out.resources.size === 0)
      out.each ??= m[1]!.replace(/s$/, '');
  }
  for (const m of low.matchAll(NUMBERED))
    if (!OTHER.test(m[1]!) && !out.teams.has(m[1]!)) {
      out.resources.add(m[1]!);
      out.spans.push(spanOf(m));
    }
};
