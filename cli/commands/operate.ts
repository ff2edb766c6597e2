/** `operate`: left on, it plans what comes every few minutes. */
import type { Command } from 'commander';
import type { Operation, Tick } from '../../app.js';
import { Fault, invalid } from '../../domain/fault.js';
import { counted, dayText } from '../../domain/figures.js';
import { isAway } from '../../domain/store.js';
import { plusSeconds } from '../../domain/time.js';
import { type Answer, addCommand, type Context } from '../command.js';
import { numberOf, secondsOf } from '../fields.js';
import { plain } from '../terminal.js';

const tickText = (
  { at, missed, jobs, runId, status, moved, reviewed, finished, events = [], trouble }: Tick,
  rehearses: boolean,
): string =>
  [
    dayText(at),
    ...(missed === 0 ? [] : [`${counted(missed, 'look')} missed before it`]),
    runId === null
      ? 'nothing new'
      : `${counted(jobs, 'new job')}, ${moved} ${rehearses ? 'would be moved' : 'moved'}: ${runId}${status === 'placed' || status === 'done' ? '' : `, ${status}`}`,
    ...(reviewed === null
      ? []
      : [
          reviewed.byPlanId === null
            ? `${reviewed.planId} stands`
            : `${reviewed.planId} became ${reviewed.byPlanId}, ${counted(reviewed.moved, 'job')} moved again`,
        ]),
    ...(finished === 0 ? [] : [`${counted(finished, 'run')} ended`]),
    ...events.map(plain),
    ...trouble.map(plain),
  ].join(' · ');

const sumText = ({ ticks, missed, nextAt, everySeconds }: Operation) =>
  `Stopped after ${counted(ticks, 'look')}${missed === 0 ? '' : `, ${missed} missed`}. Nothing is half done; the next caco operate --every ${everySeconds}s goes on from ${nextAt}.`;

const operate = async (context: Context, _: string[], options: Record<string, unknown>): Promise<Answer> => {
  const { approval } = options;
  if (approval !== 'auto' && approval !== 'ask')
    throw invalid(`--approval is "${String(approval)}"`, 'Give auto (rules decide) or ask (a person decides).');
  const everySeconds = secondsOf('--every', options.every);
  const forSeconds = options.for === undefined ? undefined : secondsOf('--for', options.for);
  const keepHours = options.keep === undefined ? undefined : secondsOf('--keep', options.keep) / 3600;
  const healthPort = options.healthPort === undefined ? undefined : numberOf('--health-port', options.healthPort);
  const app = await context.app();
  // Letting go of books is a person's deed, here as by `caco prune`.
  const actor = await context.actor(keepHours === undefined ? 'operate' : 'approve');
  const { world } = app;
  const health =
    healthPort === undefined
      ? undefined
      : await (await import('../../http-server/operation.js')).startHealth(app, healthPort);
  if (health !== undefined) context.warn(`How it stands: ${health.url}`);
  let day = '';
  const onAway = ({ message }: Fault) => context.warn(`The store is away and is waited for: ${message}`);
  const onTick = async (tick: Tick) => {
    process.stdout.write(`${context.json ? JSON.stringify(tick) : tickText(tick, world.fleet.rehearses === true)}\n`);
    const today = tick.at.slice(0, 10);
    if (keepHours === undefined || today === day) return;
    try {
      await app.prune({ keepHours, dryRun: false, signal: new AbortController().signal }, actor);
    } catch (error) {
      if (!isAway(error)) throw error;
      onAway(error);
      return;
    }
    day = today;
  };
  try {
    const asked = {
      everySeconds,
      horizonHours: numberOf('--horizon-hours', options.horizonHours),
      approval,
      noticeMinutes: numberOf('--notice', options.notice),
      reviewHours: options.review === false ? Number.POSITIVE_INFINITY : secondsOf('--review', options.review) / 3600,
      mostChanges: numberOf('--changes', options.changes),
      standby: options.standby === true,
      until: forSeconds === undefined ? undefined : plusSeconds(world.clock.now(), forSeconds),
    } as const;
    const state = await app.operate(asked, { actor, signal: context.signal }, onTick, onAway);
    return { json: state, text: sumText(state) };
  } catch (error) {
    // It stood by to its end: that is what it was there for.
    if (options.standby !== true || !context.signal.aborted || !(error instanceof Fault)) throw error;
    return { json: { stoodBy: true }, text: 'Stopped; another program operated all the while.' };
  } finally {
    await health?.close();
  }
};

export const register = (program: Command) => {
  addCommand(
    program,
    'operate',
    'left on: plans what comes every few minutes, looks again at what waits, verifies what is over',
    (c) =>
      c
        .option('--every <time>', 'how often it looks: 5m, 30m, 1h', '5m')
        .option('--horizon-hours <hours>', 'how far ahead it plans', '24')
        .option(
          '--approval <mode>',
          'auto: rules decide, and people where these say so; ask: a person decides on each',
          'auto',
        )
        .option('--notice <minutes>', 'work that starts within it is not moved again', '30')
        .option('--review <time>', 'a plan under way is planned again when nobody looked at it for so long', '6h')
        .option('--no-review', 'what is placed is never moved again')
        .option('--changes <count>', 'how often one job may be moved again at most', '2')
        .option('--standby', 'where another program operates this world, waits and takes over when that one is gone')
        .option('--for <time>', 'ends by itself after it; until Ctrl-C when left out')
        .option('--keep <time>', 'once a day, what is over for longer is pruned: 90d')
        .option('--health-port <port>', 'answers at this port how it stands; 0 takes a free one'),
    operate,
  );
};
