/** A few minters killed at random moments; fifty are `npx tsx tools/kwhsave/fixtures/stress.ts`. */
import { describe, expect, it } from 'vitest';
import { killMinters } from './fixtures/kills.js';

describe.each(['http', 'within'] as const)('minters that are killed (%s)', (over) => {
  it('mint each claim once, whatever they were at', async () => {
    let state = 7;
    const random = (below: number) => {
      state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
      return Math.floor((state / 2 ** 32) * below);
    };
    const told = await killMinters({ kills: 3, over, minters: 1, withinMs: 1200, random });
    expect(told).toMatchObject({ kills: 3, minted: told.expected, sent: told.claims, firstBreak: null });
  });
});
