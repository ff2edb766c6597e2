/** Events settled in a run of their own, with their statements one by one and as their sum. */
import type { Run, SettledEvent } from '../domain/run.js';
import { type KeptStatement, STATEMENTS, statementId } from '../domain/settlement/statement.js';
import type { World } from '../domain/world.js';
import { type Month, monthOf } from '../tools/settlement/settlement.js';
import type { Orchestrator } from './orchestrator.js';
import type { By } from './thread.js';

export interface SettledTogether {
  readonly run: Run;
  readonly statements: readonly KeptStatement[];
  readonly failed: readonly SettledEvent[];
  readonly together: Month;
}

export const settleTogether = async (
  { world, orchestrator }: { readonly world: World; readonly orchestrator: Orchestrator },
  events: readonly unknown[],
  by: By,
): Promise<SettledTogether> => {
  const run = await orchestrator.settle(events, by);
  const outcomes = run.settled ?? [];
  const kept = world.store.collection(STATEMENTS);
  const statements: KeptStatement[] = [];
  for (const { id, run: of, fault } of outcomes) {
    const found = fault === null ? (await kept.get(statementId(id, of)))?.value : undefined;
    if (found !== undefined) statements.push(found);
  }
  const failed = outcomes.filter(({ fault }) => fault !== null);
  return { run, statements, failed, together: monthOf(statements) };
};
