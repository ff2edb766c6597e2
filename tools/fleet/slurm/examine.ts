/** What an operator wants to know before CACO is let loose on a cluster: who answers, what is kept and measured, and what we may do. */
import { userInfo } from 'node:os';
import type { Finding } from '../../../domain/finding.js';
import type { Slurm } from './commands.js';
import { type Controller, MOST_SKEW_SECONDS, skewOf } from './controller.js';
import type { Cluster } from './desk.js';
import type { Queue } from './queue.js';

/** Throws Fault `unavailable` where Slurm does not answer. */
export const examine = async (
  { slurm, clock, controller, rehearses, consent }: Cluster,
  queue: () => Promise<Queue>,
): Promise<Finding[]> => {
  const { controller: told, ahead } = await skewOf(controller, clock);
  return [
    controllerFinding(told, ahead),
    await accountsFinding(slurm, told),
    energyFinding(told),
    await rightsFinding(slurm, told, rehearses),
    queueFinding(await queue(), consent),
  ];
};

const controllerFinding = ({ cluster, version }: Controller, ahead: number): Finding => {
  const found = `cluster ${cluster}, Slurm ${version}`;
  return Math.abs(ahead) <= MOST_SKEW_SECONDS
    ? { what: 'slurm', state: 'ok', found, remedy: null }
    : {
        what: 'slurm',
        state: 'missing',
        found: `${found}; its clock is ${Math.abs(ahead)} s ${ahead > 0 ? 'ahead of' : 'behind'} ours`,
        remedy: 'Set the clocks (chronyc tracking), or leave out --now and CACO_NOW.',
      };
};

const accountsFinding = async (slurm: Slurm, { keepsAccounts }: Controller): Promise<Finding> => {
  const what = 'slurm accounts';
  const remedy = 'Without slurmdbd it is not known what ran: nothing can be verified.';
  if (!keepsAccounts) return { what, state: 'off', found: 'none are kept', remedy };
  const { code, err } = await slurm.run('sacctmgr', ['-n', 'show', 'cluster', 'format=cluster']);
  return code === 0
    ? { what, state: 'ok', found: 'slurmdbd answers', remedy: null }
    : { what, state: 'missing', found: `slurmdbd does not answer: ${err.trim().slice(0, 200)}`, remedy };
};

const energyFinding = ({ measuresEnergy }: Controller): Finding =>
  measuresEnergy
    ? { what: 'slurm energy', state: 'ok', found: 'a plugin measures nodes', remedy: null }
    : {
        what: 'slurm energy',
        state: 'off',
        found: 'no plugin measures nodes; energy comes from a meter, or is modelled',
        remedy: 'Optional: AcctGatherEnergyType in slurm.conf, or CACO_METER.',
      };

const rightsFinding = async (slurm: Slurm, { administrator }: Controller, rehearses: boolean): Promise<Finding> => {
  const what = 'slurm rights';
  const user = userInfo().username;
  const deeds = rehearses ? 'a dry run: nothing is changed (CACO_DRY_RUN)' : 'approved plans are carried out';
  if (user === 'root' || user === administrator)
    return { what, state: 'ok', found: `${user} may move every job; ${deeds}`, remedy: null };
  const { out } = await slurm.run('sacctmgr', ['-n', '-P', 'show', 'user', user, 'format=adminlevel']);
  if (/operator|administrator/i.test(out))
    return { what, state: 'ok', found: `${user} is ${out.trim()}; ${deeds}`, remedy: null };
  return {
    what,
    state: rehearses ? 'off' : 'missing',
    found: `${user} may move no jobs but its own; ${deeds}`,
    remedy: `sacctmgr modify user ${user} set adminlevel=Operator`,
  };
};

const queueFinding = ({ waiting, others, refused }: Queue, consent: Cluster['consent']): Finding => {
  const movable = waiting.filter(({ slurm, leave }) => slurm.stays === null && (leave || consent === 'all')).length;
  const parts = [
    `${waiting.length} jobs wait, ${movable} of them may be moved`,
    ...(others > 0 ? [`${others} more are of other partitions or accounts`] : []),
    ...(refused.length > 0 ? [`${refused.length} cannot be planned (${refused[0]!.slurmId}: ${refused[0]!.why})`] : []),
  ];
  return { what: 'slurm queue', state: 'ok', found: parts.join('; '), remedy: null };
};
