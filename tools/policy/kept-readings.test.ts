/**
 * What a person confirmed binds as it was confirmed, also where today's rules of reading would ask: constraints in force are kept as
 * they were read, and no text is read again. A set of an older form, without members that came later, opens.
 */
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import { ACTIVE_POLICIES, ACTIVE_POLICY, inForce, POLICY_SETS, PolicySet } from '../../domain/policy/policy.js';
import { instant } from '../../domain/time.js';
import { callTool, type Tool } from '../tool.js';
import { rule, setOf } from './fixtures/judging.js';
import { scene } from './fixtures/scene.js';
import { evaluatePolicy, ingestPolicy, showPolicy } from './policy.js';

/** Once read as a plain ban; today the "without" that changes nothing is asked about. */
const QUOTE = 'Jobs must never run without in us-east-1.';
let folder: string;
let at: Awaited<ReturnType<typeof scene>>;
beforeEach(async () => {
  folder = mkdtempSync(join(tmpdir(), 'caco-kept-'));
  at = await scene(join(folder, 'p.db'));
});
afterEach(async () => {
  await at.store.close();
  rmSync(folder, { recursive: true, force: true });
});
const call = <I extends z.ZodType, O extends z.ZodType>(tool: Tool<I, O>, input: z.input<I>) =>
  callTool(tool, input, at.world, {
    actor: { id: 'ann', via: 'cli' },
    cause: null,
    signal: new AbortController().signal,
    progress: () => {},
  });

const keep = async () => {
  const banned = rule('region_deny', { regions: ['us-east-1'] }, { quote: QUOTE, effect: 'forbid' });
  const { asides: _, ...old } = setOf([banned], {
    confirmedAt: instant('2026-05-01T00:00:00Z'),
    confirmedBy: { id: 'ann', via: 'cli' },
  });
  const set = old as PolicySet;
  await at.store.collection(POLICY_SETS).put(set.id, set);
  await at.store.collection(ACTIVE_POLICIES).put(ACTIVE_POLICY, { setId: set.id, version: set.version! });
  return set;
};

describe('a policy that an earlier version has read', () => {
  it('binds as it was confirmed, though the same text would be asked about today', async () => {
    const set = await keep();
    const planId = await at.plan([{ to: 'us-east-1' }]);
    expect(await call(evaluatePolicy, { planId })).toMatchObject({ verdict: 'deny', policySetId: set.id });
    const today = await call(ingestPolicy, { text: QUOTE, name: 'other.md', tz: 'Europe/London' });
    expect(today.constraints.map((c) => c.status)).not.toContain('clear');
    expect(today.questions.join()).toContain('without');
  });
  it('is shown and drafted upon unchanged', async () => {
    const set = await keep();
    const shown = await call(showPolicy, {});
    expect(inForce(PolicySet.parse(shown.set))).toEqual(set.constraints);
    const draft = await call(ingestPolicy, {
      text: 'Batch jobs may wait up to 6 hours.',
      name: 'waiting.md',
      tz: 'UTC',
    });
    const kept = (await at.store.collection(POLICY_SETS).get(draft.setId))!.value;
    expect(kept.constraints[0]).toEqual({ ...set.constraints[0], id: 'c1' });
  });
});
