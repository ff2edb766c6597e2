/** Whole events on the simulated hall, judged by metrics that reproduce what others published. */
import { describe, expect, it } from 'vitest';
import type { Target } from './domain/flexibility/event.js';
import { minuteMeans } from './domain/flexibility/metrics.js';
import { HALL, PHOENIX, phoenixWork, type RehearsalOptions, rehearse } from './rehearsal.js';
import { GpuFleet } from './sim/flexibility/gpu-fleet.js';

const HOUR = 3600;
const share = (ratio: number) => ({ as: 'share', ratio }) satisfies Target;
const event = (ratio: number, seconds: number, noticeSeconds = 0) => ({ target: share(ratio), seconds, noticeSeconds });
const run = async (options: Partial<RehearsalOptions> & Pick<RehearsalOptions, 'events'>) =>
  rehearse({ seed: 'test', reboundSeconds: HOUR, ...phoenixWork(), ...options });

describe('a quarter less for three hours, 256 GPUs, at the facility meter', () => {
  it('is kept in every minute, half a minute after the signal, without a rebound, and to the kW', async () => {
    const { events, fleet } = await run({ events: [event(0.25, 3 * HOUR)], reboundSeconds: 3 * HOUR });
    const { kept, moments, tiers, missedDeadlines, certificate, meterAheadS } = events[0]!;
    expect(kept).toMatchObject({ minutesAbove: 0, minutesUnread: 0, rebound: { minutesAbove: 0, minutes: 180 } });
    expect(kept!.worstMinute.reductionRatio).toBeGreaterThanOrEqual(0.25);
    expect(moments!.facilityBelow).toBeLessThanOrEqual(30);
    expect(moments!.itBelow).toBeLessThanOrEqual(10);
    expect(kept!.deliveredRatio).toBeLessThan(1.025);
    expect(kept!.following.relative).toBeLessThan(0.02);
    const of = Object.fromEntries(tiers.map(({ tier, throughputRatio }) => [tier, throughputRatio!]));
    expect(of.flex1).toBeGreaterThanOrEqual(0.99);
    expect(of.flex2).toBeGreaterThanOrEqual(0.9);
    expect(of.flex3).toBeGreaterThanOrEqual(0.5);
    expect(missedDeadlines).toEqual([]);
    expect(certificate!.gapRatio).toBeLessThan(0.01);
    // The clocks are told apart by what both meters saw.
    expect(meterAheadS.estimated).toBeCloseTo(fleet.meterAheadS, 6);
    // What is written down of it is the same again.
    const again = await run({ events: [event(0.25, 3 * HOUR)], reboundSeconds: 60 });
    expect(again.events[0]!.kept!.minutes).toEqual(kept!.minutes);
  });

  it('is within two per cent and a half of what was asked, whichever way the model of the site is wrong', async () => {
    for (const wrong of [0.9, 1.1]) {
      const scaled = {
        cop: HALL.cop / wrong,
        pumpsKw: HALL.pumpsKw * wrong,
        fansKw: HALL.fansKw * wrong,
        fixedKw: HALL.fixedKw * wrong,
      };
      const { events } = await run({
        events: [event(0.25, HOUR)],
        believedPlant: { ...HALL, ...scaled },
        reboundSeconds: 60,
      });
      expect(events[0]!.kept!.minutesAbove).toBe(0);
      expect(events[0]!.kept!.deliveredRatio).toBeLessThan(1.025);
    }
  });
});

describe('an event on a bad day', () => {
  it('is held while the meter is silent', async () => {
    const { events } = await run({ events: [event(0.2, HOUR)], silences: [[HOUR + 900, HOUR + 1800]] });
    expect(events[0]!.kept!.minutesAbove).toBe(0);
    expect(events[0]!.said).toEqual(
      expect.arrayContaining([expect.stringContaining('silent'), expect.stringContaining('again')]),
    );
  });

  it('is kept by others where a job refuses', async () => {
    const refuses: RehearsalOptions['refuses'] = (command) =>
      'jobId' in command && command.jobId.startsWith('pt_mpt_7b') ? 'not mine' : null;
    const { events } = await run({ events: [event(0.15, HOUR)], refuses, reboundSeconds: 60 });
    expect(events[0]!.kept!.minutesAbove).toBeLessThan(2);
    expect(events[0]!.kept!.worstMinute.reductionRatio).toBeGreaterThan(0.147);
    expect(events[0]!.said.join()).toContain('pt_mpt_7b_fast-qryepi9o was refused: not mine');
  });

  it('is declined with what could be given, or done as well as it can be', async () => {
    const [hard, soft] = await Promise.all([
      run({ events: [event(0.6, HOUR)], reboundSeconds: 60 }),
      run({ events: [{ ...event(0.6, 1200), bestEffort: true }], reboundSeconds: 60 }),
    ]);
    expect(hard.events[0]).toMatchObject({
      accepted: false,
      kept: null,
      reason: expect.stringContaining('% below the baseline'),
    });
    expect(soft.events[0]!.kept!.minutesAbove).toBe(20);
    expect(soft.events[0]!.said.join()).toContain('cannot be reached');
    const firm = hard.events[0]!.firm!;
    // What it says could be given can.
    const ratio = 1 - firm.lowestKw / hard.events[0]!.baselineKw - 0.005;
    const { events } = await run({ events: [event(ratio, HOUR)], reboundSeconds: 60 });
    expect(events[0]!.kept!.minutesAbove).toBe(0);
  });

  it('is there when it was announced, and the strictest counts where two overlap', async () => {
    const { events } = await run({
      events: [event(0.1, HOUR, 1800), { ...event(0.2, 1200, 600), receivedAt: 2400 }],
    });
    for (const { kept } of events) expect(kept!.minutesAbove).toBe(0);
    expect(events[0]!.kept!.worstMinute.reductionRatio).toBeGreaterThan(0.1);
  });
});

describe('the simulated hall', () => {
  it('scatters as the recorded one did before its event, and answers a cap as GPUs do', async () => {
    const fleet = new GpuFleet({ seed: 'noise', ...phoenixWork() });
    while (fleet.at < 3 * HOUR) fleet.advance();
    const spreadOf = (kw: number[]) => {
      const mean = kw.reduce((sum, value) => sum + value, 0) / kw.length;
      return { mean, sd: Math.sqrt(kw.reduce((sum, value) => sum + (value - mean) ** 2, 0) / kw.length) };
    };
    const gpus = fleet.it.map(({ at, kw }) => ({ at, kw: kw - 19.2 }));
    const ours = spreadOf(minuteMeans(gpus, 0, 3 * HOUR).map(({ kw }) => kw));
    const theirs = spreadOf(PHOENIX.readings.filter(({ at }) => at < PHOENIX.receivedAt).map(({ kw }) => kw));
    expect(ours.mean / theirs.mean).toBeCloseTo(1, 1);
    expect(ours.sd / theirs.sd).toBeGreaterThan(0.6);
    expect(ours.sd / theirs.sd).toBeLessThan(1.6);
    const [one] = await fleet.command([{ do: 'cap', jobId: 'infer_llama_8b_48g-hgfu2h87', capW: 250 }]);
    // Eight GPUs of a node one after the other, and all nodes side by side.
    expect(one).toMatchObject({ outcome: 'done', at: expect.closeTo(3 * HOUR + 8 * 0.0323, 6) });
    // The meter is one reading late.
    fleet.advance();
    const readings = await fleet.readings();
    expect(readings.at(-1)!.at - fleet.meterAheadS).toBeCloseTo(3 * HOUR - 10, 6);
    expect(await fleet.command([{ do: 'serve', jobId: 'x', batch: 1, replicas: 1 }])).toMatchObject([
      { outcome: 'refused' },
    ]);
  });
});
