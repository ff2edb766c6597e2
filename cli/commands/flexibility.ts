/** `flexibility`: how much power can be put off, when, and for how long. */
import type { Command } from 'commander';
import type { ToolAnswer } from '../../app.js';
import { energyText, powerText } from '../../domain/figures.js';
import type { FlexibilitySlot } from '../../domain/offer.js';
import { instant, plusHours } from '../../domain/time.js';
import { addCommand } from '../command.js';
import { flagsOf } from '../flags.js';
import { tableText } from '../terminal.js';

type Flexible = ToolAnswer<'get_flexibility'>;

const FLAGS = flagsOf('get_flexibility', {
  from: { optional: true, about: 'start of the window; now when left out' },
  to: { optional: true, about: 'end of the window; 24 hours later when left out' },
});

const BAR = 24;

const text = (o: Flexible): string => {
  const most = Math.max(...o.slots.map((s) => s.bestEffortKw), 1e-9);
  const bar = (s: FlexibilitySlot) => {
    const firm = Math.round((s.firmKw / most) * BAR);
    return '█'.repeat(firm) + '░'.repeat(Math.max(0, Math.round((s.bestEffortKw / most) * BAR) - firm));
  };
  const underPlan = o.withoutPlan !== null;
  return [
    ...(o.planId === null ? [] : [`Under plan ${o.planId}, which is in force:`]),
    `${o.clusterId ?? 'All sites'}: jobs that ${underPlan ? '' : 'would '}run in the window ${o.jobs}; of them may wait ${o.deferrableJobs}, urgent and left alone ${o.urgentJobs}.`,
    `  Highest slot ${powerText(o.peakKw)}; ${energyText(o.deferrableKwh)} can be put off at best effort.`,
    '',
    tableText(
      [
        'from',
        underPlan ? 'can be sold' : 'firm',
        'best effort',
        'for min',
        ...(underPlan ? ['without plan'] : []),
        '█ firm ░ best effort',
      ],
      o.slots.map((s, i) => [
        s.start,
        powerText(s.firmKw),
        powerText(s.bestEffortKw),
        String(s.maxDurationMinutes),
        ...(o.withoutPlan === null ? [] : [powerText(o.withoutPlan[i]!.firmKw)]),
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
    'kW that can be put off, slot by slot: of the plan in force what can be sold, else of waiting work',
    FLAGS.shape,
    async (context, _, options) => {
      const given = await FLAGS.input(options);
      const from = instant(given.from ?? (await context.app()).world.clock.now());
      const answer = await context.call('get_flexibility', { ...given, from, to: given.to ?? plusHours(from, 24) });
      return { json: answer, text: text(answer) };
    },
  );
};
