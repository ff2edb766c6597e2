import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Category, type Job, jobText } from './job.js';
import { fromEpoch } from './time.js';
import { hours, kw } from './units.js';

const instant = fc.integer({ min: 0, max: 253_402_300_799 }).map(fromEpoch);
const word = fc.oneof(fc.string(), fc.string({ unit: 'binary' }), fc.constantFrom('"', '\\', '\u2028', '\ud800', '\n'));
const amount = fc.oneof(fc.nat(), fc.double({ min: 0 }), fc.constantFrom(0, -0, 1e21, 1e-7, Number.NaN, Infinity));
const slurm = fc.record({
  id: fc.constantFrom('76', '76_3'),
  cluster: fc.option(word),
  eligibleAt: fc.option(instant),
  deadline: fc.option(instant),
  limitMinutes: fc.option(amount),
  stays: fc.option(word),
});
const kubernetes = fc.record({
  namespace: word,
  name: word,
  uid: word,
  eligibleAt: instant,
  held: fc.boolean(),
  stays: fc.option(word),
});
const job: fc.Arbitrary<Job> = fc.record({
  id: word,
  name: word,
  kind: word,
  team: word,
  category: fc.constantFrom(...Category.options),
  submittedAt: instant,
  earliestStart: instant,
  due: fc.option(instant),
  deadline: fc.option(instant),
  durationHours: amount.map(hours),
  vcpus: amount,
  gpus: amount,
  powerKw: fc.option(amount.map(kw)),
  region: word,
  allowedRegions: fc.array(word, { minLength: 1, maxLength: 3 }),
  clusterId: fc.option(word),
  dataGb: amount,
  instanceType: fc.option(word),
  interruptible: fc.boolean(),
  minChunkMinutes: amount,
  resumeCost: amount,
  tardinessCostPerHour: amount,
  workUnits: fc.option(amount),
  slurm: fc.option(slurm, { nil: undefined }),
  kubernetes: fc.option(kubernetes, { nil: undefined }),
});

describe('a job as JSON text', () => {
  it('is what JSON.stringify writes, for any text and any number', () => {
    fc.assert(
      fc.property(job, (one) => {
        expect(jobText(one)).toBe(JSON.stringify(one));
      }),
      { numRuns: 500 },
    );
  });
});
