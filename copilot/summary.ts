/** The weekly summary as doors hand it out: the draft, a model's checked words where there is one, and the leaderboard. */
import type { Actor } from '../domain/decision.js';
import { invalid } from '../domain/fault.js';
import type { World } from '../domain/world.js';
import { answerOf, type ChatAnswer } from './answer.js';
import { deskOf, presentOf } from './desk.js';
import { recordsIn, type Standing, standingsOf, summaryDraft, type Week, weekOf } from './lookups/summary.js';
import { inWords } from './words/words.js';

export type { Standing } from './lookups/summary.js';

export interface SummaryBy {
  readonly actor: Actor;
  readonly signal?: AbortSignal;
}

export interface Summary extends Omit<ChatAnswer, 'threadId'> {
  readonly week: Week;
  readonly team: string | null;
  /** teams by verified saving per kWh, the best first */
  readonly leaderboard: readonly Standing[];
}

/**
 * `week` is an ISO week such as `2026-W47`; left out: the seven days that end today, in UTC. Throws Fault `invalid-input`
 * for another form. A team without verified work gets an honest answer, not an error.
 */
export const summary = async (
  world: World,
  { team, week }: { team?: string | undefined; week?: string | undefined },
  by: SummaryBy,
): Promise<Summary> => {
  const named = week === undefined ? undefined : /^(\d{4})-W(\d{2})$/.exec(week);
  if (named === null || (named && (Number(named[2]) < 1 || Number(named[2]) > 53)))
    throw invalid(
      `“${week}” is no week`,
      'Write an ISO week such as 2026-W47, or leave it out for the last seven days.',
    );
  const desk = deskOf(world, {
    actor: by.actor,
    signal: by.signal ?? new AbortController().signal,
    question: team === undefined ? 'Weekly summary' : `Weekly summary of team ${team}`,
  });
  const span = weekOf(await presentOf(desk), named ? { year: Number(named[1]), week: Number(named[2]) } : undefined);
  const draft = await summaryDraft(desk, { team, week: span });
  const nobody = () => {};
  const words =
    world.model?.converse !== undefined && draft.answered
      ? await inWords(desk, {
          draft,
          lookup: 'weekly_summary',
          turns: [],
          onStart: nobody,
          onLooked: nobody,
          onSentence: nobody,
        })
      : undefined;
  const standings = standingsOf(await recordsIn(desk, span));
  return {
    ...answerOf(world, draft, { lookup: 'weekly_summary', words }),
    week: span,
    team: team ?? null,
    leaderboard: standings,
  };
};
