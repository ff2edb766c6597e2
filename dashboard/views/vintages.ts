/** What was foreseen of each hour earlier, where the source keeps it: forecasts as they stood 6, 12 and 24 hours ago. */
import type { GridForecast } from '../answers.js';
import { postJson } from '../client.js';
import { useFact } from '../facts.js';
import { figure } from '../figures.js';

const BACK_HOURS = [6, 12, 24] as const;

interface Vintage {
  readonly generatedAt: string;
  readonly forecastData: readonly { readonly timestamp: string; readonly value: number }[];
}

export interface Vintages {
  readonly kept: boolean;
  /** lines of the read-out */
  at(time: number): readonly string[];
}

export const useVintages = (region: string | undefined, grid: GridForecast | undefined): Vintages => {
  const fact = useFact<(Vintage | null)[]>(region && grid ? `vintages ${region} ${grid.now}` : null, async () => {
    const found: (Vintage | null)[] = [];
    for (const hours of BACK_HOURS) {
      const requestedAt = new Date(Date.parse(grid!.now) - hours * 3_600_000).toISOString();
      try {
        const [one] = await postJson<Vintage[]>('emissions/forecasts/batch', [{ requestedAt, location: region }]);
        found.push(one ?? null);
      } catch {
        // A source that keeps none says so at the first question; older ones would be refused as well.
        return found;
      }
    }
    return found;
  });
  const found = fact.value ?? [];
  const byTime = found.map((v) => new Map(v?.forecastData.map((p) => [Date.parse(p.timestamp), p.value])));
  return {
    kept: found.some((v) => v !== null),
    at: (time) =>
      BACK_HOURS.flatMap((hours, i) => {
        const value = byTime[i]?.get(time);
        return value === undefined ? [] : [`foreseen ${hours} h earlier: ${figure(value)} g/kWh`];
      }),
  };
};

export const forecastNotes = (grid: GridForecast, vintages: Vintages): string =>
  `${grid.source}. Forecast of ${grid.generatedAt.slice(0, 16).replace('T', ' ')} UTC, ${figure(grid.ageHours)} h old; known until ${grid.knownUntil.slice(0, 16).replace('T', ' ')} UTC. ${vintages.kept ? 'Earlier forecasts of an hour stand in the line above the picture.' : 'This source keeps no earlier forecasts.'}`;
