/**
 * Grid: asks for the signals of the regions in question, so that coordination begins only where their sources answer. The plan
 * reads the same signals and keeps where they came from. A region without a signal is the plan's to name; a source that is
 * down is asked again, and then the run ends before anything is computed.
 */
import { Fault } from '../../domain/fault.js';
import { needsPrices } from '../../domain/site.js';
import { plusHours } from '../../domain/time.js';
import type { Node } from '../node.js';

export const grid: Node = async (state, { world }) => {
  const interval = { start: state.from, end: plusHours(state.from, state.horizonHours) };
  const { region } = state.request;
  const sites = await world.fleet.sites();
  const regions = region === undefined ? [...new Set(sites.map((s) => s.region))] : [region];
  // Prices of live sources are asked for beside them, so that the plan that needs both waits for silent servers once.
  const priced =
    world.grid.live === undefined ? [] : regions.filter((r) => sites.some((s) => s.region === r && needsPrices(s)));
  const paid = Promise.allSettled(priced.map((r) => world.grid.price(r, interval, 'forecast')));
  const down: Fault[] = [];
  for (const asked of await Promise.allSettled(regions.map((r) => world.grid.carbon(r, interval, 'forecast')))) {
    if (asked.status === 'fulfilled') continue;
    if (!(asked.reason instanceof Fault)) throw asked.reason;
    if (asked.reason.code !== 'not-found') down.push(asked.reason);
  }
  await paid;
  const [first, ...others] = down;
  if (first === undefined) return {};
  if (others.length === 0) throw first;
  throw new Fault(first.code, down.map((fault) => fault.message).join('; '), first.remedy, { cause: first });
};
