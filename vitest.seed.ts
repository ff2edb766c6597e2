/**
 * Every property is tried on the same draws each time, so that a verdict says something about the change that was made.
 * Other draws are asked for by hand: `TEST_SEED=7 npx vitest run tools/policy/`.
 */
import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.TEST_SEED ?? 20221130) });
