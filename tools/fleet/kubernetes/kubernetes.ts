/** A Kubernetes cluster as a fleet: Jobs that wait in it, what its nodes hold, holds on Jobs until their planned start, and what ran. */
import { rehearsalOf } from '../../../domain/change.js';
import { kubernetesTarget } from '../../../domain/kubernetes.js';
import { importedSites, overlaySites, type Site } from '../../../domain/site.js';
import type { Fleet, Ran } from '../../../domain/world.js';
import type { FleetGround } from '../ground.js';
import { type BookRow, isTaken, placeOrder, undoOrder } from '../orders/orders.js';
import { openApi } from './api.js';
import { BOOK, deskOf, type Ground } from './desk.js';
import { examine } from './examine.js';
import { openCluster } from './kubeconfig.js';
import { listOf, placesOf, type Share, sitesOf } from './nodes.js';
import { jobsOf, readWaiting } from './queue.js';
import { ranOf, readSpans } from './ran.js';

export { type Keeping, keepReleasing, type Released, releaseDue } from './release.js';

const PAGE = 1000;

/** Of the cluster and what is ours of it. */
export interface KubernetesAccess {
  readonly kubernetesContext?: string | undefined;
  readonly kubernetesNamespaces?: string | undefined;
  readonly kubernetesHome: string;
}

export interface KubernetesSettings extends KubernetesAccess, Share {
  readonly kubernetesConsent: 'label' | 'all';
  readonly dryRun: boolean;
  readonly kwPerVcpu: number;
  readonly kwPerGpu: number;
}

export const openAccess = ({ kubernetesContext, kubernetesNamespaces, kubernetesHome }: KubernetesAccess) => ({
  api: openApi(() => openCluster(kubernetesContext)),
  namespaces: listOf(kubernetesNamespaces),
  home: kubernetesHome,
});

export const kubernetesFleet = (
  settings: KubernetesSettings,
  { store, clock, sites: own, jobForecaster = null }: FleetGround,
): Fleet => {
  const { api, namespaces, home } = openAccess(settings);
  const known = async (): Promise<Site[]> => overlaySites(own, await importedSites(store));
  const places = async () => placesOf(settings, await known(), api.cluster);
  const queue = async () => readWaiting(api, await places(), namespaces);
  const ground: Ground = {
    ...{ api, store, clock, namespaces, home },
    rehearses: settings.dryRun,
    consent: settings.kubernetesConsent,
    queue: async () => new Map((await queue()).waiting.map((one) => [kubernetesTarget(one.kubernetes), one])),
  };
  const desk = deskOf(ground);

  return {
    sites: async () => sitesOf(api, await places()),

    waiting: async function* ({ start, end }) {
      const { waiting } = await queue();
      const { jobs } = jobsOf(waiting, { now: clock.now(), sites: await known(), method: settings, jobForecaster });
      const within = jobs.filter((job) => job.earliestStart < end && (job.deadline ?? end) > start);
      within.sort((a, b) => (a.id < b.id ? -1 : 1));
      for (let from = 0; from < within.length; from += PAGE) yield within.slice(from, from + PAGE);
    },

    rehearses: settings.dryRun,
    place: (order) => placeOrder(desk, order),
    undo: (key) => undoOrder(desk, key),
    examine: () => examine(ground, queue),

    changes: async function* (key) {
      for await (const page of store.rows(BOOK.rows).pages(key)) yield page.map(({ change }) => change);
    },

    ran: (key) => ranUnder(key, ({ change }) => isTaken(change)),
    ranByItself: (key) => ranUnder(rehearsalOf(key), () => true),
  };

  async function* ranUnder(key: string, wanted: (row: BookRow) => boolean): AsyncGenerator<Ran[]> {
    let spans: Awaited<ReturnType<typeof readSpans>> | undefined;
    for await (const page of store.rows(BOOK.rows).pages(key)) {
      const ordered = page
        .filter(wanted)
        .map(({ change: { target }, piece, orderedAt }) => ({ target, piece, orderedAt }));
      if (ordered.length === 0) continue;
      spans ??= await readSpans(api, namespaces);
      const ran = ranOf(spans, ordered, clock.now());
      if (ran.length > 0) yield ran;
    }
  }
};
