/** A Slurm cluster as a fleet: its queue, its nodes, what its accounts say ran, and starts that it is given for jobs that wait. */
import { rehearsalOf } from '../../../domain/change.js';
import { importedSites, overlaySites, type Site } from '../../../domain/site.js';
import type { Fleet, Ran } from '../../../domain/world.js';
import type { FleetGround } from '../ground.js';
import { type BookRow, isTaken, placeOrder, undoOrder } from '../orders/orders.js';
import { sitesOf } from './capacity.js';
import { slurmCommands } from './commands.js';
import { askController, type Controller } from './controller.js';
import { BOOK, type Cluster, deskOf } from './desk.js';
import { examine } from './examine.js';
import { type Partitions, partitionsOf, type Share } from './partitions.js';
import { jobsOf, readWaiting } from './queue.js';
import { ranOf } from './ran.js';

const PAGE = 1000;

export interface SlurmSettings extends Share {
  readonly slurmCluster?: string | undefined;
  readonly slurmConsent: 'comment' | 'all';
  readonly dryRun: boolean;
  readonly kwPerVcpu: number;
  readonly kwPerGpu: number;
}

export const slurmFleet = (
  settings: SlurmSettings,
  { store, clock, sites: own, jobForecaster = null }: FleetGround,
): Fleet => {
  const slurm = slurmCommands(settings.slurmCluster);
  const controller = () => askController(slurm);
  const known = async (): Promise<Site[]> => overlaySites(own, await importedSites(store));
  const partitions = async ({ cluster }: Controller): Promise<Partitions> =>
    partitionsOf(settings, await known(), cluster);
  const sites = async () => sitesOf(slurm, await partitions(await controller()));
  const queue = async () => {
    const told = await controller();
    return readWaiting(slurm, await partitions(told), told.cluster);
  };
  const cluster: Cluster = {
    slurm,
    store,
    clock,
    rehearses: settings.dryRun,
    consent: settings.slurmConsent,
    controller,
    queue: async () => new Map((await queue()).waiting.map((one) => [one.slurm.id, one])),
  };
  const desk = deskOf(cluster);

  return {
    sites,

    waiting: async function* ({ start, end }) {
      const { waiting } = await queue();
      const { jobs } = jobsOf(waiting, { now: clock.now(), sites: await known(), method: settings, jobForecaster });
      const within = jobs.filter((job) => job.earliestStart < end && (job.deadline ?? end) > start);
      within.sort((a, b) => (a.id < b.id ? -1 : 1));
      for (let from = 0; from < within.length; from += PAGE) yield within.slice(from, from + PAGE);
    },

    rehearses: settings.dryRun,
    cannotPause: 'Slurm is told when a job may start, and nothing of one that runs',
    place: (order) => placeOrder(desk, order),
    undo: (key) => undoOrder(desk, key),
    examine: () => examine(cluster, queue),

    changes: async function* (key) {
      for await (const page of store.rows(BOOK.rows).pages(key)) yield page.map(({ change }) => change);
    },

    ran: (key) => ranUnder(key, ({ change }) => isTaken(change)),
    ranByItself: (key) => ranUnder(rehearsalOf(key), () => true),
  };

  async function* ranUnder(key: string, wanted: (row: BookRow) => boolean): AsyncGenerator<Ran[]> {
    const pues = new Map((await known()).map(({ region, pue }) => [region, pue]));
    let told: Controller | undefined;
    for await (const page of store.rows(BOOK.rows).pages(key)) {
      const ordered = page.filter(wanted).map(({ change: { target }, piece, orderedAt }) => ({
        target,
        piece,
        orderedAt,
        pue: pues.get(piece.region) ?? 1,
      }));
      if (ordered.length === 0) continue;
      told ??= await controller();
      const ran: Ran[] = await ranOf(slurm, told, ordered, clock.now());
      if (ran.length > 0) yield ran;
    }
  }
};
