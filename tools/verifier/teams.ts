/** A verification by team: what each saved, with an interval of its own. */
import { type Nano, nanoNumber, nanoText } from '../../domain/decimal.js';
import type { EvidenceOutput } from '../../domain/evidence/record.js';
import { fitting, intervalText } from './report.js';
import { type ErrorModel, halfWidthOf } from './uncertainty.js';

/** As many as a ledger entry has room for. */
const TEAMS = 50;
const TEAMS_BYTES = 26_000;

export interface Team {
  readonly name: string;
  saved: Nano;
  cost: Nano;
  energy: Nano;
  jobs: number;
  withoutPrice: number;
  readonly cells: Map<number, { kg: number }>;
  readonly byMeter: Map<number, { kg: number }>;
}

export const teamOf = (teams: Map<string, Team>, name: string): Team => {
  let team = teams.get(name);
  if (!team) {
    team = { name, saved: 0n, cost: 0n, energy: 0n, jobs: 0, withoutPrice: 0, cells: new Map(), byMeter: new Map() };
    teams.set(name, team);
  }
  return team;
};

export const teamsText = (
  teams: readonly Team[],
  meters: readonly { readonly halfWidth: number }[],
  model: ErrorModel,
  hours: number,
  confidence: string,
): EvidenceOutput['byTeam'] => {
  const largest = [...teams]
    .sort((a, b) => (a.saved === b.saved ? (a.name < b.name ? -1 : 1) : a.saved > b.saved ? -1 : 1))
    .slice(0, TEAMS)
    .map((team) => {
      let cells = 0;
      const byRegion = new Map<number, number>();
      for (const [cell, { kg }] of team.cells) {
        cells += kg * kg;
        const region = Math.floor(cell / hours);
        byRegion.set(region, (byRegion.get(region) ?? 0) + kg);
      }
      let regions = 0;
      for (const kg of byRegion.values()) regions += kg * kg;
      const byMeter = [...team.byMeter].map(([m, { kg }]) => ({ kg, halfWidth: meters[m]!.halfWidth }));
      const half = halfWidthOf(cells, regions, byMeter, model);
      const value = nanoNumber(team.saved);
      return {
        team: team.name,
        savedKg: intervalText(team.saved, { low: value - half, high: value + half }, confidence),
        savedCost: team.withoutPrice < team.jobs ? nanoText(team.cost) : null,
        withoutPrice: team.withoutPrice,
        energyKwh: nanoText(team.energy),
        jobs: team.jobs,
      };
    });
  return fitting(largest, TEAMS, TEAMS_BYTES);
};
