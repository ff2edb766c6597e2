/**
 * Two hundred random flexibility events on the simulated hall: `npx tsx bench/respond.ts [EVENTS] [SEED]`. Ten minutes to ten hours, 5 to 40 %, with and
 * without notice, other work each time; every fifth with a site model that is 10 % wrong, every seventh with a meter that falls silent. Beside
 * them the event of the test in Phoenix, and how long a decision takes for a thousand running jobs.
 */
import { type AskedOf, HALL, phoenixWork, type Rehearsed, random, randomWork, rehearse } from '../rehearsal.js';
import { decisionFor } from './fixtures/thousand-jobs.js';
import { keep, rounded, timed } from './results.js';

const EVENTS = Number(process.argv[2] ?? 200);
const SEED = process.argv[3] ?? '1';
const QUIET = 3600;

interface Row {
  readonly event: number;
  readonly minutes: number;
  readonly askedPercent: number;
  readonly noticeMinutes: number;
  readonly fault: string | null;
  readonly told: Rehearsed;
}

const eventOf = (n: number) => {
  const rng = random(SEED, 'event', n);
  // As many short ones as long ones: even on a scale of ratios.
  const minutes = Math.round(10 * 2 ** (rng.uniform() * Math.log2(60)));
  const askedPercent = Math.round(50 + 350 * rng.uniform()) / 10;
  const noticeMinutes = rng.uniform() < 0.5 ? 0 : Math.round(5 + 55 * rng.uniform());
  const wrong = n % 5 === 0 ? (n % 10 === 0 ? 1.1 : 0.9) : null;
  const silentFrom = QUIET + 60 * (noticeMinutes + minutes / 3);
  return {
    minutes,
    askedPercent,
    noticeMinutes,
    wrong,
    silence: n % 7 === 0 ? ([silentFrom, silentFrom + 300] as const) : null,
  };
};

const run = async (n: number): Promise<Row> => {
  const { minutes, askedPercent, noticeMinutes, wrong, silence } = eventOf(n);
  const seed = `${SEED}/${n}`;
  const believedPlant =
    wrong === null
      ? HALL
      : {
          ...HALL,
          cop: HALL.cop / wrong,
          pumpsKw: HALL.pumpsKw * wrong,
          fansKw: HALL.fansKw * wrong,
          fixedKw: HALL.fixedKw * wrong,
        };
  const { events } = await rehearse({
    ...{ seed, ...randomWork(seed), believedPlant, silences: silence === null ? [] : [silence] },
    events: [
      { noticeSeconds: noticeMinutes * 60, seconds: minutes * 60, target: { as: 'share', ratio: askedPercent / 100 } },
    ],
  });
  const fault =
    wrong !== null ? `site model ${wrong > 1 ? '+' : '−'}10 %` : silence !== null ? 'meter silent for 5 min' : null;
  return { event: n, minutes, askedPercent, noticeMinutes, fault, told: events[0]! };
};

const isKept = ({ told }: Row) =>
  told.kept !== null &&
  told.kept.minutesAbove === 0 &&
  (told.kept.rebound?.minutesAbove ?? 0) === 0 &&
  told.missedDeadlines.length === 0;

const rowOf = ({ told, ...row }: Row) => ({
  ...row,
  accepted: told.accepted,
  lowestPercent: told.firm === null ? null : rounded(100 * (1 - told.firm.lowestKw / told.baselineKw), 1),
  ...(told.kept === null
    ? {}
    : {
        worstMinutePercent: rounded(100 * told.kept.worstMinute.reductionRatio),
        minutesAbove: told.kept.minutesAbove,
        deliveredOfRequested: rounded(told.kept.deliveredRatio, 3),
        secondsToTarget: told.moments!.facilityBelow,
        reboundMinutesAbove: told.kept.rebound?.minutesAbove ?? null,
        throughput: told.tiers.map(({ throughputRatio }) =>
          throughputRatio === null ? null : rounded(throughputRatio, 3),
        ),
        missedDeadlines: told.missedDeadlines.length,
      }),
});

const rows: Row[] = [];
const took = await timed(async () => {
  for (let n = 1; n <= EVENTS; n++) rows.push(await run(n));
});
const single = await (async () => {
  let told: Rehearsed | undefined;
  const time = await timed(async () => {
    const event: AskedOf = { noticeSeconds: 0, seconds: 3 * 3600, target: { as: 'share', ratio: 0.25 } };
    told = (await rehearse({ seed: SEED, ...phoenixWork(), events: [event] })).events[0]!;
  });
  return { ...time, told: told! };
})();
const accepted = rows.filter(({ told }) => told.accepted);
const failed = accepted.filter((row) => !isKept(row));
const keptRows = accepted.filter(({ told }) => told.kept !== null);
const minutes = keptRows.reduce((sum, { told }) => sum + told.kept!.minutes.length, 0);
const above = keptRows.reduce((sum, { told }) => sum + told.kept!.minutesAbove, 0);
keep('respond', {
  ...{ seed: SEED, events: EVENTS, accepted: accepted.length, declined: EVENTS - accepted.length },
  kept: accepted.length - failed.length,
  ...{ minutes, minutesAbove: above, seconds: rounded(took.seconds, 1), cpuSeconds: rounded(took.cpuSeconds, 1) },
  phoenixMix: {
    seconds: rounded(single.seconds),
    cpuSeconds: rounded(single.cpuSeconds),
    ...rowOf({ event: 0, minutes: 180, askedPercent: 25, noticeMinutes: 0, fault: null, told: single.told }),
    moments: single.told.moments,
    certificate: single.told.certificate,
  },
  thousandJobs: await decisionFor(1000),
  failures: failed.map(rowOf),
  table: rows.map(rowOf),
});
