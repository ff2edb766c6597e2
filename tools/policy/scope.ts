/** Whom a clause concerns, and who is excepted. */
import type { Scope } from '../../domain/policy/policy.js';
import { examplesIn, exceptionsIn, withoutExceptions } from './exceptions.js';
import { isScoped, plainScope } from './scope-plain.js';
import { vagueIn } from './vague.js';
import { blank, type Span } from './words.js';

export { isScoped } from './scope-plain.js';

export interface FoundScope {
  readonly scope: Scope;
  /** qualifying words that say whom, and are too vague to act on */
  readonly vague: readonly string[];
  readonly each: boolean;
  /** the words that say all this */
  readonly spans: readonly Span[];
}

/** `resources` asks for sites and clusters too, which matter for power only. */
export const scopeIn = (low: string, options: { resources: boolean } = { resources: false }): FoundScope => {
  const exceptions = exceptionsIn(low);
  const examples = examplesIn(low);
  const kept = blank(
    withoutExceptions(low, exceptions),
    examples.map((e) => [e.from, e.to] as const),
  );
  const { scope, spans } = plainScope(kept, options);
  const vague = vagueIn(kept, scope.teams !== undefined, (text) =>
    isScoped(plainScope(text, { resources: true }).scope),
  );
  const work = exceptions.filter((e) => e.kind === 'work');
  const except = Object.assign({}, ...work.map((e) => e.scope)) as Scope['except'];
  return {
    scope: work.length > 0 ? { ...scope, except } : scope,
    vague,
    each: scope.each !== undefined,
    spans: [...spans, ...exceptions.flatMap((e) => e.spans), ...examples.flatMap((e) => e.spans)],
  };
};

/** The clause's own words win member by member; what it leaves open comes from what stands above it. */
export const inherit = (own: Scope, above: Scope): Scope => ({ ...above, ...own });
