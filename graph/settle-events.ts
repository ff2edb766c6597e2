/** A thread that settles flexibility events: each once, whatever dies meanwhile, and told in the tickets of the plan that kept it. */
import type { z } from 'zod';
import { Fault, invalid, notFound } from '../domain/fault.js';
import { moneyText } from '../domain/figures.js';
import { EVENTS } from '../domain/flexibility/event.js';
import { RUNS, SettledEvent } from '../domain/run.js';
import { STATEMENTS, statementId } from '../domain/settlement/statement.js';
import type { World } from '../domain/world.js';
import { EventToSettle, settleEvent } from '../tools/settlement/settlement.js';
import { settleTickets } from '../tools/tickets/tickets.js';
import type { Desk } from './node.js';

const MOST = 500;
type Asked = z.output<typeof EventToSettle>;

/** What came from outside, checked before anything is begun. */
export const eventsToSettle = (given: readonly unknown[]): Asked[] => {
  if (given.length === 0 || given.length > MOST)
    throw invalid(
      `${given.length} events are to be settled`,
      `Give one to ${MOST}; docs/methods/settlement.md has an example.`,
    );
  const events = given.map((one, i) => {
    const parsed = EventToSettle.safeParse(one);
    if (parsed.success) return parsed.data;
    const problems = parsed.error.issues.map(({ path, message }) => ({ field: `${i}.${path.join('.')}`, message }));
    throw invalid(
      problems.map(({ field, message }) => `${field}: ${message}`).join('; '),
      'Mend the named members; docs/methods/settlement.md has an example.',
      problems,
    );
  });
  const names = events.map(({ id, run }) => `${id}, run ${run}`);
  const twice = names.find((name, i) => names.indexOf(name) !== i);
  if (twice !== undefined) throw invalid(`event ${twice} stands there twice`, 'Give each event of a run once.');
  return events;
};

/** Of faults that are the event’s own: others are settled all the same. */
const OF_THE_EVENT = SettledEvent.shape.fault.unwrap().shape.code;

export const settleEach = async (runId: string, desk: Desk): Promise<SettledEvent[]> => {
  const { store } = desk.world;
  const events = (await store.collection(RUNS).get(runId))?.value.settles;
  if (events === undefined) throw notFound(`run ${runId} settles nothing`, '`caco runs` lists what there is.');
  const settled: SettledEvent[] = [];
  for (const event of events as z.input<typeof EventToSettle>[]) {
    desk.signal.throwIfAborted();
    const { id, run = 'II' } = event;
    try {
      await desk.call(settleEvent, event);
      await tell(id, desk);
      settled.push({ id, run, fault: null });
    } catch (error) {
      const code = OF_THE_EVENT.safeParse(error instanceof Fault ? error.code : null);
      if (!(error instanceof Fault) || !code.success) throw error;
      settled.push({ id, run, fault: { code: code.data, message: error.message, remedy: error.remedy } });
    }
  }
  return settled;
};

/** An event that was answered here has a plan that kept it, and that plan may have tickets. */
const tell = async (id: string, { world, call }: Desk): Promise<void> => {
  const commitment = (await world.store.collection(EVENTS).get(id))?.value.commitment ?? null;
  if (commitment === null || commitment.decisionId === null) return;
  await call(settleTickets, { planId: commitment.planId, event: id }, commitment.decisionId);
};

export const settledText = async ({ store }: World, settled: readonly SettledEvent[]): Promise<string> => {
  const lines = await Promise.all(
    settled.map(async ({ id, run, fault }) => {
      const kept = (await store.collection(STATEMENTS).get(statementId(id, run)))?.value;
      if (fault !== null || kept === undefined)
        return `${id}, run ${run}: not settled, for ${fault?.message ?? 'its statement is gone'}`;
      const { deliveredMwh, gross, net, currency } = kept.figures;
      const after = net === null ? 'the net is not known' : `net ${moneyText(net, currency)}`;
      return `${id}, run ${run}: ${deliveredMwh} MWh delivered, paid ${moneyText(gross, currency)}, ${after}`;
    }),
  );
  const done = settled.filter(({ fault }) => fault === null).length;
  return [`Settled ${done} of ${settled.length} events.`, ...lines].join('\n');
};
