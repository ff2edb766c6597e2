import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decimal, nano } from '../../domain/decimal.js';
import { canonicalJson } from '../../domain/digest.js';
import type { EvidenceOutput } from '../../domain/evidence/record.js';
import { normalQuantile } from '../../domain/normal.js';
import { AVERAGE, at, job, type Piece, place, question } from './fixtures/question.js';
import { verify } from './verifier.js';
import { digestOfLines, jobLine } from './verify.js';

const v = JSON.parse(readFileSync(new URL('./fixtures/intervals.json', import.meta.url), 'utf8'));
const saved = (o: EvidenceOutput) => {
  const { value, low, high } = o.verified.locationBased.savedKg;
  return { value: Number(value), low: Number(low), high: Number(high) };
};
const exact = (text: string) => nano(Number(text));

describe('intervals', () => {
  it('agree with the vectors of an independent program', () => {
    const jobs = (source: 'simulated' | 'measured') =>
      v.jobs.map((j: { id: string; kwh: number }) =>
        job(j.id, {
          baseline: { region: 'A', from: 0, to: 1, kwh: j.kwh },
          ran: [{ region: 'B', from: 0, to: 1, kwh: j.kwh }],
          source,
        }),
      );
    const places = [place('A', [400]), place('B', [100])];
    const { output } = verify(question(jobs('simulated'), places));
    const { counterfactualKg, actualKg } = output.verified.locationBased;
    expect([Number(counterfactualKg), Number(actualKg), saved(output).value]).toEqual([24, 6, 18]);
    const said = v.saving_intervals_kg['fully correlated inside a region, regions independent'];
    expect(saved(output).low).toBeCloseTo(said.lo, 4);
    expect(saved(output).high).toBeCloseTo(said.hi, 4);
    expect(output.interval).toMatchObject({ method: 'analytical', draws: null, seed: null });

    // A shared meter's error multiplies with the intensity's: drawn, and close to the vector's quadrature.
    const metered = verify(
      question(jobs('measured'), places, { constants: { measuredHalfWidthRatio: '0.05', draws: 200_000 } }),
    ).output;
    expect(metered.interval).toMatchObject({ method: 'monte_carlo', draws: 200_000, seed: 1 });
    expect(Math.abs(saved(metered).low - v.with_energy_5pct_kg.lo)).toBeLessThan(0.1);
    expect(Math.abs(saved(metered).high - v.with_energy_5pct_kg.hi)).toBeLessThan(0.1);
    expect(saved(metered).high - saved(metered).low).toBeGreaterThan(saved(output).high - saved(output).low);

    // One provider's bias is common to all hours of a region, and adds to what each hour has of its own.
    const biased = verify(
      question(jobs('simulated'), places, { constants: { regionBiasHalfWidthRatio: '0.2' } }),
    ).output;
    expect(saved(biased).high - 18).toBeCloseTo((said.hi - 18) * Math.SQRT2, 4);
  });

  it('do not shrink when work is cut into more jobs of the same region and hour, and do when hours differ', () => {
    const half = (n: number, hour: (i: number) => number) => {
      const jobs = Array.from({ length: n }, (_, i) =>
        job(`j${i}`, {
          baseline: { region: 'A', from: hour(i), to: hour(i) + 1, kwh: 60 / n },
          ran: [{ region: 'B', from: hour(i), to: hour(i) + 1, kwh: 60 / n }],
        }),
      );
      const { value, high } = saved(
        verify(question(jobs, [place('A', Array(50).fill(400)), place('B', Array(50).fill(100))])).output,
      );
      return high - value;
    };
    expect(half(30, () => 0)).toBeCloseTo(
      half(1, () => 0),
      6,
    );
    expect(half(25, (i) => i)).toBeCloseTo(half(1, () => 0) / 5, 6);
  });

  it('cancel where the same hour of a region stands on both sides', () => {
    const stays = job('stays', {
      baseline: { region: 'A', from: 0, to: 2, kwh: 10 },
      ran: [{ region: 'A', from: 0, to: 2, kwh: 10 }],
    });
    const { low, high, value } = saved(verify(question([stays], [place('A', [400, 300, 200])])).output);
    expect([low, value, high]).toEqual([0, 0, 0]);
  });

  it('are drawn and cut at zero when the error is wide, the same way each time', () => {
    const jobs = [
      job('j', { baseline: { region: 'A', from: 0, to: 1, kwh: 10 }, ran: [{ region: 'B', from: 0, to: 1, kwh: 10 }] }),
    ];
    const ask = (seed: number) =>
      verify(
        question(jobs, [place('A', [400]), place('B', [0])], { seed, constants: { intensityHalfWidthRatio: '1.96' } }),
      ).output;
    const [a, b, c] = [ask(7), ask(7), ask(8)];
    expect(a).toEqual(b);
    expect(saved(c).high).not.toBe(saved(a).high);
    expect(a.interval.why).toContain('zero');
    // N(4, 4) kg cut at zero: its 2.5 % quantile is 0, its 97.5 % quantile 4 + 1.96 × 4.
    expect(saved(a).low).toBe(0);
    expect(saved(a).high).toBeCloseTo(4 + 1.96 * 4, 0);
  });

  it('use a quantile that is right to the last digits', () => {
    expect(normalQuantile(0.975)).toBeCloseTo(1.959963984540054, 14);
    expect(normalQuantile(1e-9)).toBeCloseTo(-5.997807015007688, 10);
    expect(normalQuantile(0.5)).toBe(0);
  });
});

describe('the lines of the jobs', () => {
  const brought = job(
    'the "first"',
    { baseline: { region: 'A', from: 0, to: 1, kwh: 10 }, ran: [{ region: 'B', from: 1, to: 2, kwh: 12 }] },
    { dataGb: '10' },
  );
  const stayed = job('b', {
    baseline: { region: 'A', from: 0, to: 1, kwh: 5 },
    ran: [{ region: 'A', from: 0, to: 1, kwh: 5 }],
  });
  const places = [place('A', [400, 300]), place('B', [100, 200], { pricePerMwh: [50, null] })];
  const { output, jobs } = verify(question([brought, stayed], places, { constants: { transferKwhPerGb: '0.1' } }));

  it('are canonical JSON with each job’s figures and its own interval', () => {
    const [line, other] = jobs.map((figures) => jobLine(figures, '0.95'));
    // 12 kWh at 400 g less 12 at 200 g, and 1 kWh for the data.
    const width = jobs[0]!.halfWidthKg;
    expect(width).toBeGreaterThan(0);
    const [low, high] = [
      decimal(Math.round((2.2 - width) * 1e9) / 1e9),
      decimal(Math.round((2.2 + width) * 1e9) / 1e9),
    ];
    const figures = { counterfactualKg: '4.8', actualKg: '2.4', overheadKg: '0.2', savedKg: '2.2', energyKwh: '12' };
    expect(line).toBe(canonicalJson({ ...figures, cost: null, jobId: 'the "first"', low, high }));
    const none = { overheadKg: '0', savedKg: '0', low: '0', high: '0', cost: '0', energyKwh: '5' };
    expect(other).toBe(canonicalJson({ ...none, counterfactualKg: '2', actualKg: '2', jobId: 'b' }));
  });

  it('cost what the job cost at home, less what it cost where it ran and what the move took', () => {
    const late = { due: at(1), tardinessCostPerHour: '2' };
    const paid = job(
      'p',
      { baseline: { region: 'A', from: 0, to: 1, kwh: 10 }, ran: [{ region: 'C', from: 1, to: 2, kwh: 10 }] },
      late,
    );
    const rows = [place('A', [400, 300]), place('C', [100, 200], { pricePerMwh: [50, 50] })];
    const [figures] = verify(question([paid], rows)).jobs;
    // 1.00 less 0.50 for energy, and an hour too late.
    expect(JSON.parse(jobLine(figures!, '0.95')).cost).toBe('-1.5');
  });

  it('are what the digest of the record is over, each with its newline', () => {
    const lines = jobs.map((figures) => `${jobLine(figures, '0.95')}\n`);
    expect(output.jobsDigest).toBe(createHash('sha256').update(lines.join('')).digest('hex'));
    expect(digestOfLines([])).toBe(createHash('sha256').digest('hex'));
  });

  it('stand beside what the move took of energy, and the name of the other way to count', () => {
    const { energy, roadmapVariant } = output.verified;
    expect(energy).toMatchObject({ counterfactualKwh: '17', actualKwh: '17', overheadKwh: '1', savedKwh: '-1' });
    expect(roadmapVariant.name).toBe('original-region-at-actual-time');
  });
});

describe('the counterfactual', () => {
  it('is the original region at the original time; the roadmap’s variant gives nothing for a pure shift in time', () => {
    const { example } = v.seed_same_region_time_shift;
    const shifted = job('s', {
      baseline: { region: 'A', from: 0, to: 1, kwh: example.kwh },
      ran: [{ region: 'A', from: 5, to: 6, kwh: example.kwh }],
    });
    const curve = [example.ci_orig_time, 300, 300, 300, 300, example.ci_actual_time];
    const { output } = verify(question([shifted], [place('A', curve)]));
    expect(saved(output).value).toBe(example.correct_kg);
    expect(output.verified.roadmapVariant.savedKg.value).toBe(String(example.seed_formula_kg));
    // Shifting saves carbon, not energy.
    expect(output.verified.energy.savedKwh).toBe('0');
    expect(output.verified.energy.actualUj).toBe('36000000000000');
  });

  it('takes what the job really used and how long it really ran', () => {
    // Planned: 1 h, 10 kWh; it ran 2 h with 24 kWh, so it would have run 2 h at its original time as well.
    const longer = job('l', {
      baseline: { region: 'A', from: 0, to: 1, kwh: 10 },
      planned: [{ region: 'A', from: 4, to: 5, kwh: 10 }],
      ran: [{ region: 'A', from: 4, to: 6, kwh: 24 }],
      claimedKg: 2,
    });
    const { output, jobs } = verify(question([longer], [place('A', [400, 200, 0, 0, 100, 300])]));
    expect(saved(output).value).toBeCloseTo((24 * (300 - 200)) / 1000, 9);
    // Planned work at actual intensity: 10 × (400 − 100) = 3.0; at the real times 10 × (300 − 200) = 1.0.
    expect(jobs[0]!.kgSteps).toMatchObject({
      'forecast error': nano(1),
      'execution drift': nano(-2),
      'use drift': nano(1.4),
    });
  });

  it('compares IT work, so that a better building counts as energy saved', () => {
    const moved = job('m', {
      baseline: { region: 'A', from: 0, to: 1, kwh: 15 },
      ran: [{ region: 'B', from: 0, to: 1, kwh: 11 }],
    });
    const { output } = verify(
      question([moved], [place('A', [400], { pue: '1.5' }), place('B', [400], { pue: '1.1' })]),
    );
    expect(output.verified.energy).toMatchObject({ counterfactualKwh: '15', actualKwh: '11', savedKwh: '4' });
    expect(saved(output).value).toBeCloseTo(1.6, 9);
  });

  it('charges data, resumptions and idling to the move', () => {
    const constants = { transferKwhPerGb: '0.01', resumeMinutes: '6', pausedPowerRatio: '0.1' };
    const places = [place('A', [400, 400, 400, 400, 400]), place('B', [100, 100, 100, 100, 100])];
    const pieces: Piece[] = [
      { region: 'B', from: 0, to: 1, kwh: 10 },
      { region: 'B', from: 3, to: 4, kwh: 10 },
    ];
    const baseline = { region: 'A', from: 0, to: 2, kwh: 20 };
    const over = { dataGb: '500', resumeCost: '3' };
    const model = verify(question([job('j', { baseline, ran: pieces }, over)], places, { constants })).output;
    // 5 kWh of network, 1 kWh of resumption, 2 kWh held for two hours, all at 100 g/kWh.
    expect(model.verified.energy.overheadKwh).toBe('8');
    expect(model.verified.locationBased.overheadKg).toBe('0.8');
    expect(saved(model).value).toBeCloseTo(8 - 2 - 0.8, 9);
    expect(model.verified.cost.overhead).toBe(String(3 + (3 * 100) / 1000));
    // A meter saw the resumption already: it is taken out of the counterfactual, at 400 g/kWh.
    const measured = verify(
      question([job('j', { baseline, ran: pieces, source: 'measured' }, over)], places, {
        constants: { ...constants, measuredHalfWidthRatio: '0' },
      }),
    ).output;
    expect(Number(measured.verified.locationBased.overheadKg)).toBeCloseTo(0.5 + 0.4 + 0.2, 9);
  });
});

describe('what is not known', () => {
  const baseline = { region: 'A', from: 0, to: 1, kwh: 10 };
  const good = job('good', { baseline, ran: [{ region: 'B', from: 0, to: 1, kwh: 10 }], claimedKg: 3, claimedCost: 1 });
  const places = [
    place('A', [400, null, 400]),
    place('B', [100, 100, null]),
    place('M', [100], { kind: { ...AVERAGE, accounting: 'marginal' } }),
  ];
  const cases: [string, ReturnType<typeof job>, RegExp][] = [
    ['no rows', job('x', { baseline, ran: [], claimedKg: 5 }), /nothing is known/],
    [
      'a gap where it would have run',
      job('x', {
        baseline: { ...baseline, from: 1, to: 2 },
        ran: [{ region: 'B', from: 0, to: 1, kwh: 1 }],
        claimedKg: 5,
      }),
      /A when it would have run/,
    ],
    [
      'a gap while it ran',
      job('x', { baseline, ran: [{ region: 'B', from: 2, to: 3, kwh: 1 }], claimedKg: 5 }),
      /B while it ran/,
    ],
    [
      'a time beyond the signal',
      job('x', { baseline, ran: [{ region: 'B', from: 8, to: 9, kwh: 1 }], claimedKg: 5 }),
      /B while it ran/,
    ],
    [
      'an unknown region',
      job('x', { baseline, ran: [{ region: 'Z', from: 0, to: 1, kwh: 1 }], claimedKg: 5 }),
      /no site is known in Z/,
    ],
    [
      'another kind of signal',
      job('x', { baseline, ran: [{ region: 'M', from: 0, to: 1, kwh: 1 }], claimedKg: 5 }),
      /never mixed/,
    ],
    [
      'a claim elsewhere',
      job(
        'x',
        { baseline, ran: good.ran.map(() => ({ region: 'B', from: 0, to: 1, kwh: 1 })), claimedKg: 5 },
        { excluded: 'claimed by P-2' },
      ),
      /claimed by P-2/,
    ],
  ];
  it.each(cases)('%s is told, counts for nothing and takes its claim along', (_, bad, why) => {
    const { output } = verify(question([good, bad], places));
    expect(output.unverified).toEqual([{ jobId: 'x', why: expect.stringMatching(why) }]);
    expect([output.jobs, output.unverifiedCount]).toEqual([1, 1]);
    expect(saved(output).value).toBe(3);
    expect(output.claimed.emissionsKg).toBe('8');
    expect(output.difference.find((d) => d.cause === 'not verified')?.emissionsKg).toBe('-5');
  });

  it('a price that is not known leaves carbon verified and cost not', () => {
    const { output } = verify(question([good], [place('A', [400], { price: null }), place('B', [100])]));
    expect(saved(output).value).toBe(3);
    expect(output.verified.cost).toEqual({
      counterfactual: null,
      actual: null,
      overhead: null,
      saved: null,
      withoutPrice: 1,
      outside: ['the cost of jobs without a known price: 1'],
    });
    expect(output.byTeam[0]).toMatchObject({ savedCost: null, withoutPrice: 1 });
    expect(output.difference.find((d) => d.cause === 'not verified')).toEqual({
      cause: 'not verified',
      emissionsKg: '0',
      cost: '-1',
    });
  });

  it('a cost that is known in part says for how many jobs it is not, whole and by team', () => {
    const dark = job(
      'dark',
      { baseline: { ...baseline, region: 'C' }, ran: [{ region: 'B', from: 0, to: 1, kwh: 10 }] },
      { team: 'dark' },
    );
    const there = [...places.slice(0, 2), place('C', [400], { price: null })];
    const { output } = verify(question([good, dark], there));
    expect(output.verified.cost).toMatchObject({ saved: '0', withoutPrice: 1 });
    expect(output.byTeam.map((t) => [t.team, t.savedCost, t.withoutPrice])).toEqual([
      ['dark', null, 1],
      ['team', '0', 0],
    ]);
    // What nobody saw run has no cost that is known either; work that nobody moved has none at all.
    const lost = job('lost', { baseline, ran: [] });
    expect(verify(question([lost], there)).output.verified.cost).toMatchObject({ saved: null, withoutPrice: 0 });
    expect(verify(question([], there)).output.verified.cost).toMatchObject({ saved: '0', withoutPrice: 0 });
  });

  it('a demand charge is named as owed beside the figures: no job answers for a share of a peak', () => {
    const { output } = verify(question([good], [place('A', [400], { demandChargePerKw: '0.5' }), place('B', [100])]));
    expect(output.verified.cost).toMatchObject({ saved: '0', outside: ['the demand charge of A'] });
  });

  it('a job that ran and used nothing saves nothing, and the difference is drift of use', () => {
    const there = { region: 'B', from: 0, to: 1, kwh: 10 };
    const idle = job('x', {
      baseline,
      planned: [there],
      ran: [{ ...there, kwh: 0 }],
      claimedKg: 5,
      source: 'measured',
    });
    const { output } = verify(question([idle], places));
    expect(saved(output)).toMatchObject({ value: 0, low: 0, high: 0 });
    const kg = Object.fromEntries(output.difference.map((d) => [d.cause, Number(d.emissionsKg)]));
    expect(kg).toMatchObject({ 'forecast error': -2, 'execution drift': 0, 'use drift': -3 });
    expect(output.verdict).toBe('not demonstrated');
  });

  it('long names cost places in the lists of a record, never the record: a ledger entry has room for it', () => {
    const long = (n: number) => `${n}${'長'.repeat(195)}`;
    const jobs = Array.from({ length: 200 }, (_, n) => {
      const here = job(long(n), { baseline, ran: [{ region: 'B', from: 0, to: 1, kwh: 10 }] }, { team: long(n) });
      return n % 2 === 0 ? here : { ...here, excluded: `its carbon saving is claimed by plan P-${n} already` };
    });
    const { output } = verify(question(jobs, places));
    expect([output.jobs, output.unverifiedCount, output.teams]).toEqual([100, 100, 100]);
    expect(output.unverified.length).toBeGreaterThan(20);
    expect(output.byTeam.length).toBeGreaterThan(20);
    expect(Buffer.byteLength(JSON.stringify(output))).toBeLessThan(50_000);
  });

  it('no jobs at all save nothing, which demonstrates nothing', () => {
    const { output } = verify(question([], []));
    expect(output.verdict).toBe('not demonstrated');
    expect(output.verified.locationBased.savedKg).toMatchObject({ value: '0', low: '0', high: '0' });
  });
});

describe('verdicts', () => {
  const move = (kwh: number, over: { to?: number } = {}) =>
    job('j', {
      baseline: { region: 'A', from: 0, to: 1, kwh: 10 },
      ran: [{ region: 'B', from: 0, to: over.to ?? 1, kwh }],
    });
  const ask = (g: number, over = {}) => verify(question([move(10)], [place('A', [400]), place('B', [g])], over)).output;
  it('call a saving demonstrated only when its interval stays above zero', () => {
    expect(ask(100).verdict).toBe('saving');
    expect(ask(350).verdict).toBe('not demonstrated');
    expect(ask(800).verdict).toBe('increase');
    expect(ask(100, { frozen: false }).verdict).toBe('not demonstrated');
  });
  it('ask for more than the emissions of work that the move added', () => {
    const places = [place('A', [190, 190]), place('B', [100, 100])];
    const { output } = verify(question([move(30, { to: 2 })], places));
    expect(output.rebound).toMatchObject({
      found: true,
      addedRatio: '2',
      addedKg: '2',
      baselineItKwh: '10',
      actualItKwh: '30',
    });
    expect(saved(output).low).toBeGreaterThan(0);
    expect(saved(output).low).toBeLessThan(2);
    expect(output.verdict).toBe('not demonstrated');
    const stranger = verify(question([move(10)], places, { unplanned: { jobs: 1, energyKwh: '5' } })).output;
    expect(stranger.rebound).toMatchObject({ found: true, unplannedJobs: 1, addedKg: '0.5' });
  });
});

describe('market-based', () => {
  const moved = job('j', {
    baseline: { region: 'A', from: 0, to: 2, kwh: 10 },
    ran: [{ region: 'B', from: 0, to: 2, kwh: 10 }],
  });
  const places = [place('A', [400, 400]), place('B', [100, 100])];
  const all = { from: at(-10), to: at(10) };
  const contracts = {
    contracts: [
      {
        id: 'c',
        instrument: 'power-purchase' as const,
        region: 'A',
        from: at(1),
        to: at(10),
        intensityGPerKwh: '0',
        coverageRatio: '0.5',
      },
    ],
    residualMix: [
      { source: 's', region: 'A', ...all, intensityGPerKwh: '500' },
      { source: 's', region: 'B', ...all, intensityGPerKwh: '300' },
    ],
  };
  it('stands beside the location-based figure, with contracts and residual mix', () => {
    const { output } = verify(question([moved], places, { contracts }));
    // A: 500 in the first hour, 250 in the second; B: 300.
    expect(output.verified.marketBased.savedKg?.value).toBe('0.75');
    expect(saved(output).value).toBe(3);
  });
  it('is not known where contracts and residual mix do not reach', () => {
    expect(verify(question([moved], places)).output.verified.marketBased.savedKg).toBeNull();
    const short = {
      ...contracts,
      residualMix: [{ ...contracts.residualMix[0]!, to: at(1) }, contracts.residualMix[1]!],
    };
    const { marketBased } = verify(question([moved], places, { contracts: short })).output.verified;
    expect(marketBased.savedKg).toBeNull();
    expect(marketBased.why).toMatch(/1 of 1 jobs/);
  });
});

describe('books', () => {
  const arbitraryJob = fc.record({
    kwh: fc.double({ min: 0.001, max: 5000, noNaN: true }),
    planned: fc.double({ min: 0.001, max: 5000, noNaN: true }),
    from: fc.double({ min: 0, max: 20, noNaN: true }),
    start: fc.double({ min: 0, max: 20, noNaN: true }),
    length: fc.double({ min: 0.01, max: 9, noNaN: true }),
    drift: fc.double({ min: 0.5, max: 1.6, noNaN: true }),
    away: fc.boolean(),
    claimedKg: fc.double({ min: -1000, max: 1000, noNaN: true }),
    claimedCost: fc.double({ min: -1000, max: 1000, noNaN: true }),
    dataGb: fc.integer({ min: 0, max: 100 }),
    gone: fc.integer({ min: 0, max: 5 }),
    team: fc.constantFrom('a', 'b', '__proto__'),
  });
  const curve = fc.array(fc.double({ min: 0, max: 900, noNaN: true }), { minLength: 60, maxLength: 60 });
  it('add up to the last digit: claimed + Σ difference = verified, in kg and money, whole and per job, in any order', () => {
    fc.assert(
      fc.property(fc.array(arbitraryJob, { maxLength: 12 }), curve, curve, (list, a, b) => {
        const jobs = list.map((j, i) =>
          job(
            `job-${i}`,
            {
              baseline: { region: 'A', from: j.from, to: j.from + j.length, kwh: j.planned },
              planned: [{ region: j.away ? 'B' : 'A', from: j.start, to: j.start + j.length, kwh: j.planned }],
              ran:
                j.gone === 0
                  ? []
                  : [{ region: j.away ? 'B' : 'A', from: j.start, to: j.start + j.length * j.drift, kwh: j.kwh }],
              claimedKg: j.claimedKg,
              claimedCost: j.claimedCost,
            },
            { dataGb: String(j.dataGb), team: j.team },
          ),
        );
        const places = [place('A', a, { pue: '1.3' }), place('B', b, { pricePerMwh: a })];
        const { output, jobs: figures } = verify(question(jobs, places));
        const sum = (of: (d: EvidenceOutput['difference'][number]) => string) =>
          output.difference.reduce((total, d) => total + exact(of(d)), 0n);
        expect(exact(output.claimed.emissionsKg) + sum((d) => d.emissionsKg)).toBe(
          exact(output.verified.locationBased.savedKg.value),
        );
        const cost = output.verified.cost.saved;
        expect(cost === null).toBe(jobs.length > 0 && figures.length === 0);
        expect(exact(output.claimed.cost) + sum((d) => d.cost)).toBe(exact(cost ?? '0'));
        for (const f of figures) {
          const steps = Object.values(f.kgSteps).reduce((total: bigint, step) => total + (step ?? 0n), 0n);
          expect(f.claimedKg + steps).toBe(f.savedKg);
        }
        const turned = verify(question([...jobs].reverse(), places)).output;
        expect(turned.verified.locationBased.savedKg.value).toBe(output.verified.locationBased.savedKg.value);
        expect(turned.difference).toEqual(output.difference);
        const teams = output.byTeam.reduce((total, t) => total + exact(t.savedKg.value), 0n);
        expect(teams).toBe(exact(output.verified.locationBased.savedKg.value));
        const { low, value, high } = saved(output);
        expect(low <= value && value <= high).toBe(true);
      }),
      { numRuns: 150 },
    );
  });
});
