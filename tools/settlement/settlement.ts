/** Front door: what a flexibility event is worth, from the site's own meters to pounds. */
import { z } from 'zod';
import { decimal, exact, exactSum } from '../../domain/decimal.js';
import { digest } from '../../domain/digest.js';
import { invalid } from '../../domain/fault.js';
import { energyText } from '../../domain/figures.js';
import { requireSiteMeters } from '../../domain/meter.js';
import { type Baseline, bl01 } from '../../domain/settlement/bl01.js';
import { claimDelivered } from '../../domain/settlement/delivered.js';
import { RUNS } from '../../domain/settlement/runs.js';
import { SettlementFigures, STATEMENTS, statementId } from '../../domain/settlement/statement.js';
import { netDelivered } from '../../domain/settlement/utilisation.js';
import { Instant, secondsBetween, settlementPeriodOf, settlementStart, toEpoch } from '../../domain/time.js';
import { defineTool } from '../tool.js';
import { meteredDays, periodsOf, together } from './half-hours.js';
import { amountText, type Line, paidFor } from './lines.js';
import { listSettlements } from './list.js';
import { statementOf } from './statement.js';
import { Terms } from './terms.js';

const Day = z.string().regex(/^\d{4}-\d{2}-\d{2}$/, 'must be a date such as 2026-02-12');

export const EventToSettle = z.strictObject({
  id: z.string().min(1).max(200).describe('name of the event or order: what it delivered is settled under it, once'),
  site: z.string().min(1).max(200),
  meterIds: z
    .array(z.string().min(1))
    .min(1)
    .max(50)
    .describe('meters whose sum is the site, all of one boundary, imported with `caco meter import`'),
  start: Instant.describe('start of a settlement period'),
  end: Instant.describe('end of one, on the same settlement day'),
  eventDays: z
    .array(Day)
    .default([])
    .describe('days on which the site was called before: they say nothing of what it uses'),
  bankHolidays: z
    .array(Day)
    .describe('bank holidays of England and Wales in the sixty days before; an empty list says that there were none'),
  terms: Terms,
  rebound: z
    .strictObject({
      until: Instant.describe('until when it is counted, on the same settlement day'),
      price: z.number().describe('money per MWh that the site buys at then'),
      avoidedPrice: z.number().describe('money per MWh that the site would have bought at during the event'),
    })
    .optional()
    .describe('energy that is used later instead; left out, neither its cost nor the net is known'),
  run: z.enum(RUNS).default('II').describe('the settlement run that the figures are of: later ones take their place'),
  currency: z.string().default('GBP'),
});

export const settleEvent = defineTool({
  name: 'settle_event',
  title: 'Settle a flexibility event',
  description:
    'What a site delivered in an event by its own half-hourly meters and the GB baseline BL01, and what that is paid: trades under P415, pay-as-bid, or a network contract’s curve; with both baselines, rebound and the net. Each kWh is settled once.',
  toolset: 'proof',
  effect: 'records',
  input: EventToSettle,
  output: z.strictObject({
    ...SettlementFigures.shape,
    evidence: z
      .string()
      .describe('SHA-256 of what was asked and of all figures; the ledger has it in its entry of kind settlement'),
    document: z.string().describe('the statement in Markdown'),
  }),
  run: async (asked, world, call) => {
    const { date, periods } = stretchOf(asked);
    const closed = new Set(asked.bankHolidays);
    requireSiteMeters(await world.meter.meters(), asked.meterIds, asked.site);
    const meters = await Promise.all(asked.meterIds.map((id) => meteredDays(world.meter, id, date, LOOK_BACK_DAYS)));
    const metered = together(meters);
    const today = metered.get(date)!;
    const question = { date, metered, eventDays: new Set(asked.eventDays), bankHolidays: closed };
    const baseline = bl01({ ...question, periods });
    if (baseline.status === 'unsupported')
      throw invalid(
        `clocks change on ${date}, and the rules of the baseline say nothing of such a day`,
        'It has to be agreed with whoever pays.',
      );
    const missing = periods.filter((period) => (today[period - 1] ?? null) === null);
    if (missing.length > 0)
      throw invalid(
        `period ${missing[0]} of ${date} is not metered, so what was delivered is not known`,
        'Import the readings with `caco meter import`; a gap is never filled.',
      );
    const used = asked.terms.as !== 'wholesale' && asked.terms.adjusted ? 'adjusted' : 'unadjusted';
    const rows = periods.map((period) => {
      const meteredKwh = today[period - 1]!;
      return {
        ...{ start: settlementStart({ date, period }), period, meteredKwh },
        unadjustedKwh: exact(baseline.unadjusted.get(period)!),
        adjustedKwh: exact(baseline.adjusted.get(period)!),
        deliveredKwh: exact(baseline[used].get(period)! - meteredKwh),
      };
    });
    const delivered = rows.map((row) => row.deliveredKwh);
    const paid = paidFor(asked.terms, delivered, asked.currency);
    const lines = paid.lines.map((line: Line) => ({ ...line, run: asked.run }));
    const gross = exactSum(lines.map(({ amount }) => amount));
    const later = reboundOf(asked, question, today, exactSum(rows.map((row) => row.unadjustedKwh - row.meteredKwh)));
    const clipped = meters.length === 1 ? null : clippedOf(meters, question, periods);
    const notes = [...notesOf(baseline, asked.terms, rows), ...paid.beside];
    const figures: SettlementFigures = {
      ...{ id: asked.id, site: asked.site, status: baseline.status },
      baseline: {
        days: [...baseline.selected],
        excluded: baseline.excluded.map(([day, why]) => ({ date: day, why })),
        inDayAdjustmentKwh: baseline.inDayAdjustment === null ? null : exact(baseline.inDayAdjustment),
        used,
      },
      periods: rows,
      ...{ deliveredMwh: exact(exactSum(delivered) / 1000), clippedMwh: clipped, lines, gross, ...later },
      net: later.rebound === null ? null : exact(gross + later.avoided! + later.rebound),
      ...{ currency: asked.currency, notes },
    };
    const evidence = digest({ asked, figures });
    const at = world.clock.now();
    const { id, site, meterIds, run } = asked;
    const answer = { ...figures, evidence, document: statementOf({ ...figures, run, evidence }) };
    // The same question with the same answer is no other settlement.
    const kept = (await world.store.collection(STATEMENTS).get(statementId(id, run)))?.value;
    if (kept?.evidence === evidence) return answer;
    call.commit(async (tx) => {
      const delivered = { sites: [site], meterIds, periods: periods.map((period) => ({ date, period })) };
      await claimDelivered(tx, delivered, { by: id, as: asked.terms.as, run, at });
      await tx.collection(STATEMENTS).put(statementId(id, run), { run, at, asked, figures, evidence });
      await tx.entries.append([
        {
          ...{ kind: 'settlement', at, actor: `${call.actor.via}:${call.actor.id}`, cause: call.cause, subject: id },
          data: { site, run, deliveredMwh: decimal(figures.deliveredMwh), gross: decimal(gross), evidence },
        },
      ]);
    });
    return answer;
  },
  tell: ({ id, deliveredMwh, gross, net, currency }) =>
    `${id}: ${deliveredMwh} MWh delivered, ${amountText(gross, currency)}${net === null ? '; what the rebound costs is not known' : `, ${amountText(net, currency)} with what was not bought and the rebound`}.`,
});

export { listSettlements } from './list.js';
export { type Month, monthOf } from './month.js';

export const settlementTools = [settleEvent, listSettlements] as const;

type Asked = z.output<typeof EventToSettle>;

/** The event as settlement periods of one day. Fault `invalid-input` where it is none. */
const stretchOf = ({ start, end, rebound }: Asked): { date: string; periods: number[] } => {
  const onGrid = (at: Instant) => toEpoch(at) % 1800 === 0;
  const stretches = [[start, end] as const, ...(rebound === undefined ? [] : [[end, rebound.until] as const])];
  for (const [from, to] of stretches)
    if (!onGrid(from) || !onGrid(to) || secondsBetween(from, to) <= 0)
      throw invalid(
        `${from} to ${to} is no stretch of settlement periods`,
        'Begin and end at a full or half hour, the end later.',
      );
  const found = periodsOf(start, end);
  const lastDay = settlementPeriodOf(rebound?.until ?? end);
  const ends = lastDay.period === 1 ? lastDay.date > found.date : false;
  if (lastDay.date !== found.date && !ends)
    throw invalid(
      'the event, or what is counted after it, reaches into another settlement day',
      'Settle each day by itself.',
    );
  return found;
};

const LOOK_BACK_DAYS = 60;

/**
 * Energy that was used after the event instead of during it, against what is usual then; and what was not bought during it, against
 * what is usual too: an adjustment is money, it saves no energy.
 */
const reboundOf = (
  { rebound, end }: Asked,
  question: Omit<Parameters<typeof bl01>[0], 'periods'>,
  today: readonly (number | null)[],
  savedKwh: number,
): { avoided: number | null; rebound: number | null } => {
  if (rebound === undefined) return { avoided: null, rebound: null };
  const { periods } = periodsOf(end, rebound.until);
  const { status, unadjusted: usual } = bl01({ ...question, periods });
  // Without days to compare with nobody knows what is usual.
  if (status !== 'ok') return { avoided: null, rebound: null };
  let kwh = 0;
  for (const period of periods) {
    const used = today[period - 1] ?? null;
    if (used === null)
      throw invalid(
        `period ${period} after the event is not metered`,
        'Import the readings, or give an earlier end of the rebound.',
      );
    kwh += used - usual.get(period)!;
  }
  return {
    avoided: exact((savedKwh / 1000) * rebound.avoidedPrice),
    rebound: exact((-kwh / 1000) * rebound.price),
  };
};

const clippedOf = (
  meters: readonly Parameters<typeof bl01>[0]['metered'][],
  question: Omit<Parameters<typeof bl01>[0], 'periods' | 'metered'>,
  periods: readonly number[],
): number => {
  const each = periods.map((period) =>
    netDelivered(
      meters.map((metered) => ({
        baselineKwh: bl01({ ...question, metered, periods }).unadjusted.get(period) ?? 0,
        meteredKwh: metered.get(question.date)![period - 1] ?? 0,
      })),
    ),
  );
  return exact(exactSum(each.map(({ clipped }) => clipped)) / 1000);
};

/** Working days below which it is said that the baseline is wearing away. Other days always rest on two. */
const FEW_DAYS = 7;

const notesOf = (baseline: Baseline, terms: Terms, rows: SettlementFigures['periods']): string[] => {
  const notes: string[] = [];
  if (baseline.status === 'insufficient')
    notes.push(
      'Too few days like this one can be used (five working days, or four others, are needed), so the baseline is what was metered and nothing counts as delivered.',
    );
  else if (baseline.eligible.length >= 5 && baseline.eligible.length < FEW_DAYS)
    notes.push(`The baseline rests on ${baseline.selected.length} days: below five nothing can be settled.`);
  if (baseline.adjustmentPeriods.length === 0)
    notes.push('The event begins before 04:00 in London, so its adjustment would lie on the day before: none is made.');
  const [without, with_] = [
    exactSum(rows.map((r) => r.unadjustedKwh - r.meteredKwh)),
    exactSum(rows.map((r) => r.adjustedKwh - r.meteredKwh)),
  ];
  if (Math.abs(with_ - without) >= 0.0005)
    notes.push(
      `Without the in-day adjustment ${energyText(without)} were delivered, with it ${energyText(with_)}${terms.as === 'wholesale' ? '; wholesale trades are settled without' : ''}. What the site itself used more of before the event is in the adjustment.`,
    );
  return notes;
};
