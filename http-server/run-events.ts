/** One run as it goes: each node as it is done, what it is about, and its status, until it rests or is over. */
import type { Response } from 'express';
import type { App } from '../app.js';
import { notFound } from '../domain/fault.js';
import { prunedFault } from '../domain/retention.js';
import { RUNS, type Run } from '../domain/run.js';
import type { News } from './news.js';
import { openStream, type Stream } from './sse.js';

/** A run that another process works on tells us nothing; its row does. */
const LOOK_MS = 1000;

/** Fault `not-found`, also for one that was pruned. */
export const runOf = async (app: App, id: string): Promise<Run> => {
  const run = await app.world.store.collection(RUNS).get(id);
  if (run) return run.value;
  throw (await prunedFault(app.world.store, id)) ?? notFound(`there is no run ${id}`, 'GET /runs lists them.');
};

const told = ({ id, status, planId, approvalId, decisionId, error }: Run) => ({
  ...{ runId: id, status, planId, approvalId, decisionId, error },
});

/** Begins with the run as it stands, event `run`, and ends with it once it no longer runs. */
export const streamRun = async (app: App, news: News, res: Response, id: string): Promise<void> => {
  const run = await runOf(app, id);
  if (run.status !== 'running') {
    const stream = openStream(res);
    stream.send('run', told(run));
    return stream.end();
  }
  await news.follow(() => whileItRuns(app, openStream(res), run), { run: id, after: undefined });
};

const whileItRuns = (app: App, stream: Stream, run: Run): Stream => {
  let over = false;
  stream.send('run', told(run));
  const timer = setInterval(() => void look().catch(() => {}), LOOK_MS);
  const look = async () => {
    const now = (await app.world.store.collection(RUNS).get(run.id))?.value;
    if (over || now?.status === 'running') return;
    over = true;
    clearInterval(timer);
    if (now !== undefined) stream.send('run', told(now));
    stream.end();
  };
  stream.signal.addEventListener('abort', () => clearInterval(timer));
  return {
    ...stream,
    send(event, data, seq) {
      if (!over) stream.send(event, data, seq);
      if (event === 'status') void look().catch(() => {});
    },
  };
};
