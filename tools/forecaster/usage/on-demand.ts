/** The forecaster of usage for a program that may never be asked: its engine is loaded with the first question. */
import type { UsageForecaster } from '../../../domain/usage.js';

const load = async (): Promise<UsageForecaster> => (await import('./usage.js')).usageForecaster;

export const usageOnDemand: UsageForecaster = {
  train: async (rows, options) => (await load()).train(rows, options),
  judge: async (model, rows) => (await load()).judge(model, rows),
};
