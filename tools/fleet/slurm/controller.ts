/** What the controller says of itself: its name and version, its clock, and what is measured and kept. */
import { Fault } from '../../../domain/fault.js';
import { fromEpoch, type Instant, secondsBetween } from '../../../domain/time.js';
import type { Slurm } from './commands.js';

export interface Controller {
  readonly cluster: string;
  readonly version: string;
  /** the user that Slurm runs as */
  readonly administrator: string;
  /** its clock as it answered */
  readonly now: Instant;
  /** a plugin measures what nodes use; without one every figure of energy in the accounts is 0 */
  readonly measuresEnergy: boolean;
  /** slurmdbd keeps what ran */
  readonly keepsAccounts: boolean;
}

/** Throws Fault `unavailable`. */
export const askController = async (slurm: Slurm): Promise<Controller> => {
  const { out } = await slurm.run('scontrol', ['show', 'config']);
  const said = (name: string) => new RegExp(`^${name}\\s*=\\s*(.*?)\\s*$`, 'm').exec(out)?.[1] ?? '';
  const [, at] = /^Configuration data as of (\S+)/m.exec(out) ?? [];
  const cluster = said('ClusterName');
  if (at === undefined || cluster === '')
    throw new Fault(
      'unavailable',
      'scontrol does not tell its configuration',
      'Look at `scontrol show config`; it must name the cluster.',
    );
  const energy = said('AcctGatherEnergyType');
  return {
    cluster,
    version: said('SLURM_VERSION'),
    administrator: said('SlurmUser').replace(/\(.*$/, ''),
    now: fromEpoch(/^\d+$/.test(at) ? Number(at) : Math.floor(Date.parse(`${at}Z`) / 1000)),
    measuresEnergy: !/(^|\/)none$|^\(null\)$|^$/.test(energy),
    keepsAccounts: /slurmdbd/.test(said('AccountingStorageType')),
  };
};

/** A start is an instant of the controller's clock: one that is further off than this starts jobs at other times than were planned. */
export const MOST_SKEW_SECONDS = 60;

/** Seconds by which its clock is before ours, or behind it (below 0). The answer may have taken a while: 0 is anything within that. */
export const skewOf = async (ask: () => Promise<Controller>, clock: { now(): Instant }) => {
  const asked = clock.now();
  const controller = await ask();
  const answered = clock.now();
  const { now: theirs } = controller;
  const ahead =
    theirs < asked ? secondsBetween(asked, theirs) : theirs > answered ? secondsBetween(answered, theirs) : 0;
  return { controller, ahead };
};

/** Throws Fault `conflict` where the controller's clock and ours differ. */
export const askInTime = async (ask: () => Promise<Controller>, clock: { now(): Instant }): Promise<Controller> => {
  const { controller, ahead } = await skewOf(ask, clock);
  if (Math.abs(ahead) <= MOST_SKEW_SECONDS) return controller;
  throw new Fault(
    'conflict',
    `Slurm's clock says ${controller.now}, this program's ${clock.now()}: jobs would start at other times than were planned`,
    'Set the clocks (chronyc tracking), or leave out --now and CACO_NOW: a real cluster lives in the present.',
  );
};
