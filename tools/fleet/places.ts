/** Where a job lives and may go: its home, the regions that it allows, and its cluster, looked up among the sites that are known. */
import type { Site } from '../../domain/site.js';
import { type Draft, nearest, type Rejected, rejected } from './formats/formats.js';

/** Where the jobs live, as far as the world knows. */
export interface Places {
  readonly sites: readonly Site[];
  /** home of jobs that name none; null: the cluster's, else the first site's */
  readonly region: string | null;
  /** cluster of jobs that name none */
  readonly clusterId: string | null;
}

export interface Home {
  readonly region: string;
  readonly allowedRegions: string[];
  readonly clusterId: string | null;
  /** null: no site is known there */
  readonly payer: Site['payer'] | null;
}

export class PlaceBook {
  readonly #siteOfRegion: ReadonlyMap<string, Site>;
  readonly #siteOfCluster: ReadonlyMap<string, Site>;
  /** The list that holds one region and nothing else, once for all jobs that may not leave it. */
  readonly #homeOnly = new Map<string, string[]>();

  constructor(private readonly places: Places) {
    this.#siteOfRegion = new Map(places.sites.map((site) => [site.region, site]));
    this.#siteOfCluster = new Map(
      places.sites.flatMap((site) => (site.clusterId ? [[site.clusterId, site] as const] : [])),
    );
  }

  homeOf(draft: Draft): Home | Rejected {
    const { places } = this;
    const region =
      draft.region ??
      this.#siteOfCluster.get(draft.clusterId ?? places.clusterId ?? '')?.region ??
      places.region ??
      places.sites[0]?.region;
    if (region === undefined)
      return rejected(
        draft.line,
        'region',
        'missing',
        null,
        'the job names no region and no site is known',
        'Give the region, or import a site with `caco site import`.',
      );
    if (!this.#knows(region)) return this.#unknown(draft.line, 'region', region);
    const allowed = draft.allowedRegions;
    const problem = allowed && this.#problemOf(draft.line, region, allowed);
    if (problem) return problem;
    const site = this.#siteOfRegion.get(region);
    return {
      region,
      allowedRegions: allowed ?? this.#only(region),
      clusterId: draft.clusterId ?? places.clusterId ?? site?.clusterId ?? null,
      payer: site?.payer ?? null,
    };
  }

  #problemOf(line: number, home: string, allowed: readonly string[]): Rejected | undefined {
    const unknown = allowed.find((region) => !this.#knows(region));
    if (unknown !== undefined) return this.#unknown(line, 'allowed_regions', unknown);
    if (allowed.includes(home)) return undefined;
    return rejected(
      line,
      'allowed_regions',
      'impossible',
      allowed.join(';'),
      `the allowed regions leave out the job’s home ${home}`,
      `Add ${home}, or make an allowed region the home.`,
    );
  }

  /** A world without sites has nothing to compare regions with. */
  #knows(region: string): boolean {
    return this.#siteOfRegion.size === 0 || this.#siteOfRegion.has(region);
  }

  #unknown(line: number, field: string, region: string): Rejected {
    const all = [...this.#siteOfRegion.keys()];
    const close = nearest(region, all);
    return rejected(
      line,
      field,
      'unknown_value',
      region,
      `there is no region '${region}' here`,
      close
        ? `Did you mean ${close}?`
        : `Use one of ${all.slice(0, 8).join(', ')}${all.length > 8 ? ', …' : ''}, or import the site with \`caco site import\`.`,
    );
  }

  #only(region: string): string[] {
    let list = this.#homeOnly.get(region);
    if (!list) {
      list = [region];
      this.#homeOnly.set(region, list);
    }
    return list;
  }
}
