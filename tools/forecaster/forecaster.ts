/** Forecasts from history. The grid's sources ask through the port in domain/; the composition root says which one answers. */
import type { Forecaster } from '../../domain/forecast.js';
import { toEpoch } from '../../domain/time.js';
import { profileForecast } from './profile.js';

/** The mean of the last seven days at that time of day, and what the last value stands above it, fading; see profile.ts. */
export const profileForecaster: Forecaster = {
  name: 'own 7-day profile forecast (bounds: q10 and q90 of its past errors)',
  forecast: async ({ history, from, steps, floor }) => {
    const step = history.stepMinutes * 60;
    const origin = Math.round((toEpoch(from) - toEpoch(history.start)) / step);
    return profileForecast(history.values, origin, steps, history.stepMinutes, floor);
  },
};
