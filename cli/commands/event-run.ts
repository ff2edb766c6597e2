/** `event run`: a whole flexibility event on the simulated hall, or the recorded test in Phoenix, through the same metrics. */
import type { Command } from 'commander';
import { z } from 'zod';
import { invalid } from '../../domain/fault.js';
import { figure, percentText, powerText } from '../../domain/figures.js';
import { EventAsked, targetKwOf } from '../../domain/flexibility/event.js';
import { type Kept, keptOf } from '../../domain/flexibility/metrics.js';
import { fromEpoch, secondsBetween, toEpoch } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf } from '../fields.js';
import { tableText } from '../terminal.js';
import { readYaml } from '../yaml-file.js';

const EXAMPLE = 'docs/flexibility.md';
const WORLDS = ['sim', 'phoenix'] as const;

const eventsIn = (path: string): EventAsked[] => {
  const parsed = z.union([z.array(EventAsked).min(1), EventAsked]).safeParse(readYaml(path, EXAMPLE));
  if (!parsed.success) {
    const [issue] = parsed.error.issues.flatMap((one) => (one.code === 'invalid_union' ? one.errors.flat() : [one]));
    throw invalid(
      `${path}: ${issue!.path.join('.') || 'it'}: ${issue!.message}`,
      `Mend the member; ${EXAMPLE} has an example.`,
    );
  }
  return [parsed.data].flat();
};

const keptJson = (kept: Kept | null, baseline: { at: number; time: string }) =>
  kept === null
    ? {}
    : {
        minutes: kept.minutes.map(({ at, kw }) => ({
          at: fromEpoch(toEpoch(baseline.time as never) + at - baseline.at),
          kw,
        })),
        meanReductionRatio: kept.tracking.meanReductionRatio,
        worstMinuteReductionRatio: kept.worstMinute.reductionRatio,
        minutesAbove: kept.minutesAbove,
        minutesUnread: kept.minutesUnread,
        aboveRatio: kept.tracking.aboveRatio,
        biasKw: kept.following.bias,
        meanAbsoluteErrorKw: kept.following.meanAbsolute,
        p95ErrorKw: kept.following.p95,
        requestedKw: kept.requestedKw,
        deliveredKw: kept.deliveredKw,
        reboundKw: kept.rebound?.highestKw ?? null,
        reboundMinutesAboveBaseline: kept.rebound?.minutesAbove ?? null,
      };

const simulated = async (path: string, seed: string, wrong: number) => {
  const events = eventsIn(path);
  const { HALL, rehearse } = await import('../../rehearsal.js');
  const { phoenixWork } = await import('../../rehearsal.js');
  const signals = events.map((event) => toEpoch(event.start) - event.noticeMinutes * 60);
  const first = Math.min(...signals);
  const asked = events.map((event, i) => {
    if (event.target.as === 'increase')
      throw invalid(
        `${event.ref} asks for more power; running work can only be turned down`,
        'Give a limit, a reduction or a share.',
      );
    if (event.end === null || secondsBetween(event.start, event.end) < 60)
      throw invalid(
        `${event.ref} has no end that a simulation could reach`,
        'Give an end, a minute after the start at least.',
      );
    return {
      ...{
        id: event.ref,
        receivedAt: Math.ceil((signals[i]! - first) / 10) * 10,
        noticeSeconds: event.noticeMinutes * 60,
      },
      ...{ seconds: secondsBetween(event.start, event.end), target: event.target, bestEffort: event.bestEffort },
    };
  });
  const believedPlant = {
    ...HALL,
    cop: HALL.cop / wrong,
    pumpsKw: HALL.pumpsKw * wrong,
    fansKw: HALL.fansKw * wrong,
    fixedKw: HALL.fixedKw * wrong,
  };
  const { events: told } = await rehearse({ seed, ...phoenixWork(), events: asked, believedPlant });
  return told.map((one) => {
    const { kept, moments, tiers, missedDeadlines, certificate, ...rest } = one;
    const zero = { at: 3600, time: fromEpoch(first) };
    return {
      ...rest,
      ...keptJson(kept, zero),
      ...{ secondsToTarget: moments?.facilityBelow ?? null, moments, tiers, missedDeadlines, certificate },
    };
  });
};

const recorded = async (path: string | undefined) => {
  const { PHOENIX } = await import('../../rehearsal.js');
  const target = path === undefined ? ({ as: 'share', ratio: 0.25 } as const) : eventsIn(path)[0]!.target;
  const { baselineKw, receivedAt, holdFrom, holdUntil } = PHOENIX;
  const targetKw = targetKwOf(target, baselineKw)!;
  const kept = keptOf(PHOENIX.readings, { baselineKw, targetKw, receivedAt, holdFrom, holdUntil });
  const tiers = (['flex1', 'flex2', 'flex3'] as const).map((tier) => {
    const jobs = PHOENIX.jobs.filter((job) => job.tier === tier);
    const gpus = jobs.reduce((sum, job) => sum + job.gpus, 0);
    return { tier, throughputRatio: jobs.reduce((sum, job) => sum + job.gpus * job.throughputRatio, 0) / gpus };
  });
  return [
    {
      ...{ id: 'phoenix-2025-05-03', accepted: true, reason: null, baselineKw, targetKw, source: PHOENIX.source },
      ...keptJson(kept, { at: 0, time: '2025-05-03T07:00:00Z' }),
      ...{
        secondsToTarget: kept?.tracking.secondsToTarget ?? null,
        moments: null,
        tiers,
        missedDeadlines: null,
        certificate: null,
      },
    },
  ];
};

type Told = Awaited<ReturnType<typeof simulated>>[number] | Awaited<ReturnType<typeof recorded>>[number];

const seconds = (value: number | null | undefined) =>
  value === null || value === undefined ? 'not known' : `${figure(value)} s`;

const text = (one: Told): string => {
  const title = `${one.id}: ${powerText(one.targetKw)} at most, baseline ${powerText(one.baselineKw)}`;
  if (!('minutes' in one) || one.minutes === undefined) return `${title}\n  Declined: ${one.reason}.`;
  const minutes = one.minutes.length;
  const rows = [
    ['reduction, mean', percentText(one.meanReductionRatio!)],
    ['worst minute', percentText(one.worstMinuteReductionRatio!)],
    [
      'minutes above the target',
      `${one.minutesAbove} of ${minutes}${one.minutesUnread! > 0 ? `, ${one.minutesUnread} not read` : ''}`,
    ],
    ['delivered of requested', `${powerText(one.deliveredKw!)} of ${powerText(one.requestedKw!)}`],
    [
      'highest minute afterwards',
      one.reboundKw == null
        ? 'not read'
        : `${powerText(one.reboundKw)}, ${one.reboundMinutesAboveBaseline} above the baseline`,
    ],
    ...one.tiers.map(({ tier, throughputRatio }) => [
      `throughput, ${tier}`,
      throughputRatio === null ? 'none ran' : percentText(throughputRatio),
    ]),
    ['deadlines missed', one.missedDeadlines === null ? 'not known' : String(one.missedDeadlines.length)],
  ];
  const moments = one.moments;
  return [
    title,
    '',
    tableText(['', 'kept'], rows),
    '',
    moments === null
      ? `  Facility below the target ${seconds(one.secondsToTarget)} after the signal, by readings of a minute.`
      : `  After the signal: decided ${seconds(moments.decided)}, last command ${seconds(moments.issued)}, acknowledged ${seconds(moments.acknowledged)}, machines below ${seconds(moments.itBelow)}, facility below and staying ${seconds(moments.facilityBelow)} (readings of ${moments.resolutionS} s).`,
    ...(one.certificate === null
      ? []
      : [
          `  The first decision costs ${figure(one.certificate.costPerHour)} an hour by the levers’ prices; none could cost less than ${figure(one.certificate.lowerBoundPerHour)}.`,
        ]),
    ...('said' in one ? one.said.map((said) => `  ${said}`) : []),
  ].join('\n');
};

const run = async (_: Context, [path]: string[], options: Record<string, unknown>): Promise<Answer> => {
  const world = String(options.world);
  if (!WORLDS.includes(world as never)) throw invalid(`"${world}" is no world`, `Use one of ${WORLDS.join(', ')}.`);
  const wrong = 1 + numberOf('--model-error-percent', options.modelErrorPercent) / 100;
  if (!(wrong >= 0.5 && wrong <= 2))
    throw invalid(`a model that is off by ${options.modelErrorPercent} % is none`, 'Give −50 to 100.');
  if (world === 'sim' && path === undefined)
    throw invalid('which event?', `Give the path of one in YAML or JSON; ${EXAMPLE} has an example.`);
  const told: Told[] = world === 'phoenix' ? await recorded(path) : await simulated(path!, String(options.seed), wrong);
  const isOne = told.length === 1;
  return {
    json: isOne ? told[0] : { events: told },
    text: told.map(text).join('\n\n'),
    exitCode: told.some(({ accepted }) => !accepted) ? 5 : 0,
  };
};

export const registerRun = (event: Command) => {
  addCommand(
    event,
    'run [file]',
    'a whole event on a simulated hall of 256 GPUs, answered by the responder and judged',
    (c) =>
      c
        .option(
          '--world <name>',
          `one of ${WORLDS.join(', ')}: phoenix is the recorded test, through the same metrics`,
          'sim',
        )
        .option('--seed <seed>', 'of the simulated hall', '1')
        .option(
          '--model-error-percent <percent>',
          'by how much the model of the site that the responder uses is wrong',
          '0',
        ),
    run,
  );
};
