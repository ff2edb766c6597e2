/**
 * Forecasts from history. The grid's sources ask through the port in domain/; the composition root says which one answers.
 *
 * `frame.ts` is what a model looks at and keeps it from seeing what was not known; `models/` are the models, each by its name;
 * `choose.ts` says which is to be trusted, `score.ts` how good forecasts were, `intervals.ts` how sure they are; `backtest.ts` and
 * `train.ts` are what people ask for, done in a thread of its own by `errand.ts`; `trained.ts` answers the port from what was trained.
 * `jobs/` foretells how long a job runs and how much power it takes, from those that ran before it; `usage/` what a site would have
 * used, from its work, the calendar and the weather.
 */
import type { Forecaster } from '../../domain/forecast.js';
import { toEpoch } from '../../domain/time.js';
import { profileForecast } from './profile.js';

/** The mean of the last seven days at that time of day, and what the last value stands above it, fading; see profile.ts. */
export const profileForecaster: Forecaster = {
  forecast: async ({ history, from, steps, floor }) => {
    const step = history.stepMinutes * 60;
    const origin = Math.round((toEpoch(from) - toEpoch(history.start)) / step);
    const by = 'own 7-day profile forecast (bounds: q10 and q90 of its past errors)';
    return { by, ...profileForecast(history.values, origin, steps, history.stepMinutes, floor) };
  },
};

export type { Backtest, BacktestRow } from './backtest.js';
export { type ErrandHooks, runBacktest, runJobTest, runJobTraining, runTraining } from './errand.js';
export { type JobsCard, loadJobs, saveJobs } from './jobs/saved-jobs.js';
export type { TestedJobs } from './jobs/test-jobs.js';
export { observe } from './observe.js';
export { type ModelCard, saveModel } from './saved.js';
export { trainedForecaster } from './trained.js';
export { trainUsage } from './usage/fit.js';
export { judgeUsage, usageForecaster } from './usage/usage.js';
