/** `flexibility`: how much power can be put off, when, and for how long. */
import type { Command } from 'commander';
import { energyText, powerText } from '../../domain/figures.js';
import type { FlexibilitySlot } from '../../domain/offer.js';
import { instant, plusHours } from '../../domain/time.js';
import { addCommand } from '../command.js';
import { tableText } from '../terminal.js';

interface Flexible {
  readonly clusterId: string | null;
  readonly workloadId: string | null;
  readonly slots: readonly FlexibilitySlot[];
  readonly jobs: number;
  readonly deferrableJobs: number;
  readonly urgentJobs: number;
  readonly peakKw: number;
  readonly deferrableKwh: number;
  readonly assumptions: readonly string[];
}

const BAR = 24;

const text = (o: Flexible): string => {
  const most = Math.max(...o.slots.map((s) => s.bestEffortKw), 1e-9);
  const bar = (s: FlexibilitySlot) => {
    const firm = Math.round((s.firmKw / most) * BAR);
    return '█'.repeat(firm) + '░'.repeat(Math.max(0, Math.round((s.bestEffortKw / most) * BAR) - firm));
  };
  return [
    `${o.clusterId ?? 'All sites'}: jobs that would run in the window ${o.jobs}; of them may wait ${o.deferrableJobs}, urgent and left alone ${o.urgentJobs}.`,
    `  Highest slot ${powerText(o.peakKw)}; ${energyText(o.deferrableKwh)} can be put off at best effort.`,
    '',
    tableText(
      ['from', 'firm', 'best effort', 'for min', '█ firm ░ best effort'],
      o.slots.map((s) => [
        s.start,
        powerText(s.firmKw),
        powerText(s.bestEffortKw),
        String(s.maxDurationMinutes),
        bar(s),
      ]),
    ),
    '',
    ...o.assumptions.map((a) => `  ${a}`),
  ].join('\n');
};

export const register = (program: Command) => {
  addCommand(
    program,
    'flexibility',
    'kW of waiting work that can be put off, slot by slot',
    (c) =>
      c
        .option('--from <time>', 'start of the window; now when left out')
        .option('--to <time>', 'end of the window; 24 hours later when left out')
        .option('--cluster <id>', 'this cluster only')
        .option('--workload <id>', 'jobs of this workload; the one ingested last when left out, else the queue'),
    async (context, _, options) => {
      const from = options.from === undefined ? (await context.app()).world.clock.now() : instant(String(options.from));
      const to = options.to === undefined ? plusHours(from, 24) : instant(String(options.to));
      const answer = await context.call<Flexible>('get_flexibility', {
        from,
        to,
        ...(options.cluster === undefined ? {} : { clusterId: String(options.cluster) }),
        ...(options.workload === undefined ? {} : { workloadId: String(options.workload) }),
      });
      return { json: answer, text: text(answer) };
    },
  );
};
