/** Samples read from bytes are those that a JSON reader and `Number` would have, to the last bit, or nobody’s. */
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { numberIn, samplesIn } from './matrix.js';

const spelt = fc.oneof(
  fc.double({ noDefaultInfinity: true, noNaN: true }).map(String),
  fc.double({ min: 0, max: 1e7, noNaN: true }).map(String),
  fc.tuple(fc.nat(1e9), fc.nat(999_999)).map(([whole, part]) => `${whole}.${String(part).padStart(6, '0')}`),
  fc.bigInt(0n, 10n ** 22n).map(String),
  fc.constantFrom('NaN', '+Inf', '-Inf', '1e+09', '1.5e-07', '0', '-0', '007.10', '262143.328850', 'abc', ''),
);
const time = fc.tuple(fc.integer({ min: -1, max: 4e9 }), fc.nat(999)).map(([s, ms]) => s + ms / 1000);
const series = fc.array(
  fc.record({
    metric: fc.dictionary(fc.string(), fc.constantFrom('x', '"values":[[1,"2"]]', '\\', 'ü')),
    values: fc.array(fc.tuple(time, spelt), { minLength: 1, maxLength: 20 }),
  }),
);

it('of any answer are the same by either way', () => {
  fc.assert(
    fc.property(series, (result) => {
      const body = Buffer.from(JSON.stringify({ status: 'success', data: { resultType: 'matrix', result } }));
      const scanned = samplesIn(body)!;
      const around = JSON.parse(scanned.text) as { data: { result: { metric: object; values: number }[] } };
      expect(around.data.result).toEqual(result.map(({ metric }, i) => ({ metric, values: i })));
      expect(scanned.lists.map(({ times, values }) => [[...times], [...values]])).toEqual(
        result.map(({ values }) => [values.map(([at]) => at), values.map(([, text]) => numberIn(text))]),
      );
    }),
    { numRuns: 300 },
  );
});

it('in another spelling, or cut short, are left to who reads JSON', () => {
  for (const text of [
    '{"values":[[1, "2"]]}',
    '{"values":[["1","2"]]}',
    '{"values":[[1,2]]}',
    '{"values":[[1,"2"',
    '{"values":[[1,"2"]',
  ])
    expect(samplesIn(Buffer.from(text))).toBeNull();
});
