/** Whom a stretch of text names, exceptions left aside. */
import type { Scope } from '../../domain/policy/policy.js';
import { LABELS } from './scope-labels.js';
import { type Gathered, type PlainScope, STOP } from './scope-names.js';
import { gatherResources } from './scope-resources.js';
import { gatherTeams } from './scope-teams.js';
import { gatherWork } from './scope-work.js';
import type { Span } from './words.js';

export interface FoundPlain {
  readonly scope: PlainScope;
  /** the words that say it */
  readonly spans: readonly Span[];
}

/** `resources` asks for sites and clusters too. */
export const plainScope = (low: string, options: { resources: boolean }): FoundPlain => {
  const out: Gathered = {
    teams: new Set(),
    kinds: new Set(),
    environments: new Set(),
    slaClasses: new Set(),
    resources: new Set(),
    labels: new Map(),
    each: undefined,
    spans: [],
  };
  gatherTeams(low, out);
  // What names a team or an approver is not a kind of work.
  const dots = (found: string) => found.replace(/[^ ]/g, '.');
  const rest = low
    .replace(/\bteam (["']?)([a-z][\w-]*)\1/g, (found, _, name: string) => (out.teams.has(name) ? dots(found) : found))
    .replace(/\b(?:[\w-]+ ){0,2}teams?\b(?:'s)?/g, dots);
  gatherWork(rest, out);
  if (options.resources) gatherResources(low, out);
  gatherLabels(low, out);
  const scope: PlainScope = {
    ...(out.teams.size > 0 ? { teams: [...out.teams] } : {}),
    ...(out.teams.size === 0 && out.each !== undefined ? { each: out.each } : {}),
    ...(out.kinds.size > 0 ? { kinds: [...out.kinds] } : {}),
    ...(out.labels.size > 0 ? { labels: Object.fromEntries(out.labels) } : {}),
    ...(out.environments.size > 0 ? { environments: [...out.environments] } : {}),
    ...(out.slaClasses.size > 0 ? { slaClasses: [...out.slaClasses] } : {}),
    ...(out.resources.size > 0 ? { resources: [...out.resources] } : {}),
  };
  return { scope, spans: out.spans };
};

const gatherLabels = (low: string, out: Gathered) => {
  let rest = low;
  for (const [regex, read] of LABELS) {
    const match = regex.exec(rest);
    if (!match) continue;
    rest = rest.replace(match[0], ' '.repeat(match[0].length));
    const [key, value] = read(match);
    if (STOP.has(value) || out.labels.has(key) || /^(?:team|grid|carbon|price|the|input|output)$/.test(value)) continue;
    out.labels.set(key, value);
    out.spans.push([match.index, match.index + match[0].length]);
  }
};

/** True when the scope names somebody. */
export const isScoped = (scope: Scope): boolean => Object.keys(scope).some((key) => key !== 'each');
