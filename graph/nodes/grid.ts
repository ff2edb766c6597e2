/** Grid: which signals there are for the regions in question, and how old they are. A region that is down is named, not guessed. */
import { Fault } from '../../domain/fault.js';
import { plusHours } from '../../domain/time.js';
import type { Node } from '../node.js';

export const grid: Node = async (state, desk) => {
  const interval = { start: state.from, end: plusHours(state.from, state.horizonHours) };
  const sites = await desk.world.fleet.sites();
  const regions =
    state.request.region === undefined ? [...new Set(sites.map((s) => s.region))] : [state.request.region];
  const signals = await Promise.all(
    regions.map(async (region) => {
      try {
        const { source, status, issuedAt } = await desk.world.grid.carbon(region, interval, 'forecast');
        return { region, source, status, issuedAt, unavailable: null };
      } catch (error) {
        if (!(error instanceof Fault)) throw error;
        return { region, source: '', status: 'none', issuedAt: state.from, unavailable: error.message };
      }
    }),
  );
  return { signals };
};
