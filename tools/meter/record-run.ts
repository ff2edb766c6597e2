/** The tool that puts what a command used into the ledger: evidence for a stranger, and a meter of a job where one is named. */
import { z } from 'zod';
import { type Decimal, decimal } from '../../domain/decimal.js';
import { EstimateMethod } from '../../domain/estimate.js';
import { Fault, invalid } from '../../domain/fault.js';
import { Instant } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { keep, mergeWith } from './keep.js';

const Microjoules = z.string().regex(/^\d{1,30}$/);

const fields = {
  program: z.string().min(1).max(500).describe('the program that ran, without its arguments: they may hold secrets'),
  commandDigest: z.string().max(100).describe('SHA-256 of the whole command line'),
  startedAt: Instant,
  finishedAt: Instant,
  mode: z.enum(['measured', 'modelled']),
  method: z.string().max(300),
  why: z.string().max(500).nullable().describe('why nothing was measured'),
  attributionMode: z.enum(['cpu_time', 'monitor_only']),
  boundary: z.string().max(200),
  energyUj: Microjoules.nullable().describe('of the command; null: not known'),
  machineUj: Microjoules.nullable(),
  gpuUj: Microjoules.nullable().describe('of whole GPU boards meanwhile'),
  allocationRatio: z.number().min(0).max(1).nullable().describe('its share of the machine’s dynamic energy'),
  coverageRatio: z.number().min(0).max(1).describe('share of the time whose energy the counters knew'),
  region: z.string().max(100).nullable(),
  intensitySource: z.string().max(300).nullable(),
  halfHours: z
    .array(
      z.strictObject({
        start: Instant,
        energyKwh: z.number(),
        intensityGPerKwh: z.number().nullable(),
      }),
    )
    .max(100),
  emissions: z
    .strictObject({
      method: EstimateMethod,
      valueKg: z.number(),
      lowKg: z.number(),
      highKg: z.number(),
      confidence: z.number(),
      uncertaintyRatio: z.number(),
      seed: z.number().int().nullable(),
      draws: z.number().int().nullable(),
    })
    .nullable(),
  jobId: z.string().min(1).max(200).nullable().describe('the job that the command is'),
};

export const recordEnergyRun = defineTool({
  name: 'record_energy_run',
  title: 'Record what a command used',
  description:
    'Appends to the ledger what `caco energy run` measured or modelled of a command, with the emissions and their interval. Where it was measured and a job is named, the energy is kept as that job’s meter.',
  toolset: 'proof',
  effect: 'records',
  input: z.strictObject(fields),
  output: z.strictObject({ seq: z.number().int(), hash: z.string(), meterId: z.string().nullable() }),
  run: async (input, world, call) => {
    // The ledger says what was measured here; a program that was not there must not write into it.
    if (call.actor.via !== 'cli')
      throw new Fault(
        'forbidden',
        'only the command line notes what it measured',
        'Measure with `caco energy run -- COMMAND`.',
      );
    if (input.finishedAt < input.startedAt)
      throw invalid(`it finished at ${input.finishedAt}, before its start`, 'Give the times in order.');
    const { emissions, halfHours, allocationRatio, coverageRatio, ...plain } = input;
    const text = (value: number): Decimal => decimal(value);
    const [entry] = await world.ledger.append([
      {
        ...{
          kind: 'energy_run',
          at: world.clock.now(),
          actor: `${call.actor.via}:${call.actor.id}`,
          cause: call.cause,
        },
        subject: input.jobId ?? input.program,
        data: {
          ...plain,
          allocationRatio: allocationRatio === null ? null : text(allocationRatio),
          coverageRatio: text(coverageRatio),
          halfHours: halfHours.map(({ start, energyKwh, intensityGPerKwh }) => ({
            ...{ start, energyKwh: text(energyKwh) },
            intensityGPerKwh: intensityGPerKwh === null ? null : text(intensityGPerKwh),
          })),
          emissions: emissions && {
            ...{ method: emissions.method, seed: emissions.seed, draws: emissions.draws },
            ...{ valueKg: text(emissions.valueKg), lowKg: text(emissions.lowKg), highKg: text(emissions.highKg) },
            confidence: text(emissions.confidence),
            uncertaintyRatio: text(emissions.uncertaintyRatio),
          },
        },
      },
    ]);
    const isMeter =
      input.jobId !== null &&
      input.mode === 'measured' &&
      input.energyUj !== null &&
      input.finishedAt > input.startedAt;
    const meterId = isMeter ? `energy-run:${input.jobId}`.slice(0, 200) : null;
    if (meterId !== null) {
      const span = {
        ...{ start: input.startedAt, end: input.finishedAt, why: null },
        energyKwh: Number(input.energyUj) / 3.6e12,
      };
      const card = {
        ...({ id: meterId, name: input.program, boundary: 'process', source: 'caco energy run' } as const),
        ...({ subject: { kind: 'job', id: input.jobId! }, basis: 'interval', covers: null } as const),
      };
      const merge = await mergeWith(world.store, meterId, [span], true);
      call.commit((tx) => keep(tx, card, merge));
    }
    return { seq: entry!.seq, hash: entry!.hash, meterId };
  },
  tell: ({ seq }) => `Ledger entry ${seq}.`,
});
