/** Three readers on the frames and on a counter that wraps, each with the loss that is computed for it. */
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';
import { aliasing } from './aliasing.js';
import { MICROJOULES } from './counter.js';
import type { Source } from './source.js';

const at = (ms: number) => ({ monotonicMs: ms, boottimeMs: ms });
const counter = (range: bigint, now: () => bigint): Source => ({
  mode: 'sysfs',
  from: 'test',
  look: () => ({
    sightings: [
      {
        zone: { id: 'intel-rapl:0', name: 'package-0', parent: null, secondView: false },
        scale: { range, ujPerTick: MICROJOULES, ratedWatts: 100 },
        reading: { ticks: now() },
      },
    ],
    errno: null,
  }),
});

describe('390 W for two minutes', () => {
  const { total_uj, wrong_answers } = JSON.parse(
    readFileSync(new URL('./fixtures/frames/f-mask32-trap/expected.json', import.meta.url), 'utf8'),
  ) as { total_uj: string; wrong_answers: Record<string, string> };

  it.each([
    [0.1, 'carbon_ops_0_1_1_at_10Hz_uj'],
    [15, 'carbon_ops_0_1_1_at_15s_uj'],
  ])('are whole to us and to a scraper, since no counter wraps, and cut by a mask every %s s', (seconds, wrong) => {
    let now = 4_000_000_000n;
    const three = aliasing(
      counter(262_143_328_850n, () => now),
      seconds,
    );
    for (let tenth = 0; tenth <= 1200; tenth++) {
      three.sample(at(tenth * 100));
      now += 39_000_000n;
    }
    expect(three.points().at(-1)).toEqual({
      ...{ seconds: 120, accumulatorUj: BigInt(total_uj), scraperUj: BigInt(total_uj) },
      maskedUj: BigInt(wrong_answers[wrong]!),
    });
  });
});

describe('a counter that wraps every 10 s', () => {
  it('loses what was left of its range at every scrape over a wrap, and nothing to us', () => {
    const range = 999_999_999n;
    let used = 0n;
    const three = aliasing(
      counter(range, () => used % (range + 1n)),
      15,
    );
    for (let tenth = 0; tenth <= 1200; tenth++) {
      used = BigInt(tenth) * 10_000_000n;
      three.sample(at(tenth * 100));
    }
    const points = three.points();
    expect(points.map(({ seconds }) => seconds)).toEqual([0, 15, 30, 45, 60, 75, 90, 105, 120]);
    const last = points.at(-1)!;
    expect(last.accumulatorUj).toBe(12_000_000_000n);
    // Each 15 s hold one and a half wraps: the scraper sees 0, 5, 0, 5, … times 100 J, and adds only the rises.
    expect(last.scraperUj).toBe(2_000_000_000n);
  });
});
