/** Whom a constraint concerns: a scope held against a job, in three values, because a job does not carry every word that policies use. */
import type { Job } from '../job.js';
import { liesIn } from '../regions.js';
import type { Meaning, Scope } from './policy.js';

/** true, false, or null: nothing says whether the word means this job. */
export type Match = boolean | null;

export type ScopedJob = Pick<
  Job,
  'id' | 'name' | 'kind' | 'team' | 'category' | 'region' | 'clusterId' | 'interruptible'
>;

const bare = (name: string) =>
  name
    .toLowerCase()
    .trim()
    .replace(/[\s_]+/g, '-');

/** All must hold; one false decides, else one unknown leaves it open. */
export const every = (parts: readonly Match[]): Match =>
  parts.includes(false) ? false : parts.includes(null) ? null : true;
const some = (parts: readonly Match[]): Match => (parts.includes(true) ? true : parts.includes(null) ? null : false);

const glob = (pattern: string, text: string) =>
  new RegExp(
    `^${pattern
      .split('*')
      .map((part) => part.replace(/[.+?^${}()|[\]\\]/g, '\\$&'))
      .join('.*')}$`,
    'i',
  ).test(text);

/** "ci" means "ci-build" as well, "build" too: a policy's word is a part of the kind's name. */
const isKind = (word: string, kind: string) => {
  const [a, b] = [bare(word), bare(kind)];
  return a === b || b.startsWith(`${a}-`) || b.endsWith(`-${a}`) || b === `${a}s` || a === `${b}s`;
};

/** Reads scopes with the meanings that a person gave on confirmation. `unknown` collects the words that nothing explains. */
export class Scopes {
  readonly #meanings = new Map<string, Meaning[]>();
  readonly unknown = new Set<string>();

  constructor(meanings: readonly Meaning[]) {
    for (const meaning of meanings) {
      const term = meaning.term.toLowerCase();
      this.#meanings.set(term, [...(this.#meanings.get(term) ?? []), meaning]);
    }
  }

  /** Whether the scope holds the job; `each` groups and does not choose. */
  concerns(scope: Scope, job: ScopedJob): Match {
    const { except, ...members } = scope;
    const inside = this.#plain(members, job);
    if (inside === false || except === undefined) return inside;
    const out = this.#plain(except, job);
    return every([inside, out === null ? null : !out]);
  }

  #plain(scope: Omit<Scope, 'except'>, job: ScopedJob): Match {
    const any = (names: readonly string[] | undefined, test: (name: string) => Match): Match =>
      names === undefined ? true : some(names.map(test));
    return every([
      any(scope.teams, (team) => bare(team) === bare(job.team)),
      any(scope.kinds, (kind) => isKind(kind, job.kind) || (this.#defined(`kind:${kind}`, job) ?? false)),
      any(scope.regions, (region) => liesIn(job.region, region)),
      any(scope.environments, (name) => this.#word(`environment:${name}`, job)),
      any(scope.slaClasses, (name) => this.#word(`class:${name}`, job)),
      any(scope.resources, (name) =>
        bare(name) === bare(job.clusterId ?? '') ? true : this.#word(`resource:${name}`, job),
      ),
      ...Object.entries(scope.labels ?? {}).map(([key, value]) => this.#label(key, value, job)),
    ]);
  }

  #label(key: string, value: string, job: ScopedJob): Match {
    if (key === 'priority' && value === 'urgent') return job.category === 'urgent';
    if (key === 'interruptible') return job.interruptible === (value === 'true');
    return this.#word(`label:${key}=${value}`, job);
  }

  #word(term: string, job: ScopedJob): Match {
    const known = this.#defined(term, job);
    if (known === undefined) {
      this.unknown.add(term);
      return null;
    }
    return known;
  }

  #defined(term: string, job: ScopedJob): boolean | undefined {
    return this.#meanings
      .get(term.toLowerCase())
      ?.some(
        (m) =>
          (m.teams ?? []).some((team) => bare(team) === bare(job.team)) ||
          (m.kinds ?? []).some((kind) => isKind(kind, job.kind)) ||
          (m.clusters ?? []).some((cluster) => bare(cluster) === bare(job.clusterId ?? '')) ||
          (m.names ?? []).some((name) => glob(name, job.name) || glob(name, job.id)),
      );
  }
}

/** The words of a scope that only a person's explanation ties to jobs. */
export const termsOf = (scope: Scope): string[] => {
  const of = (plain: Omit<Scope, 'except'>): string[] => [
    ...(plain.environments ?? []).map((name) => `environment:${name}`),
    ...(plain.slaClasses ?? []).map((name) => `class:${name}`),
    ...Object.entries(plain.labels ?? {})
      .filter(([key, value]) => key !== 'interruptible' && !(key === 'priority' && value === 'urgent'))
      .map(([key, value]) => `label:${key}=${value}`),
  ];
  return [...new Set([...of(scope), ...(scope.except ? of(scope.except) : [])])];
};
