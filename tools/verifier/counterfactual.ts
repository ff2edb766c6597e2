/**
 * One moved job, as it ran against as it would have run. Counterfactual: its actual use of resources, in its original region,
 * from its original time on, for as long as it really took. Both sides meet the intensity and the price that came true.
 */
import type { EvidenceJob } from '../../domain/evidence/record.js';
import { type Instant, toEpoch } from '../../domain/time.js';
import type { Place } from './place.js';

/** Facility energy used evenly over [from, to) epoch seconds. */
export interface Use {
  readonly place: Place;
  readonly from: number;
  readonly to: number;
  readonly kwh: number;
}

/** A use with what it takes at the instance. */
export interface Run extends Use {
  readonly meter: 'measured' | 'modelled' | 'simulated';
  /** IT energy: facility energy less what the building takes. */
  readonly itKwh: number;
  /** Seconds of machine time; in a chain of drifts not the span's own. */
  readonly seconds: number;
}

export interface Constants {
  readonly transferKwhPerGb: number;
  readonly resumeMinutes: number;
  readonly pausedPowerRatio: number;
}

export interface Side {
  readonly runs: readonly Run[];
  readonly itKwh: number;
  readonly seconds: number;
}

type Piece = { readonly region: string; readonly start: string; readonly end: string; readonly energyKwh: string };

/** A record's moments are canonical, which its schema checks; anything else is NaN and ends as not known. */
const epoch = (text: string) => toEpoch(text as Instant);

/** A region without a site, or the side; pieces in order of time. */
export const sideOf = (
  pieces: readonly (Piece & { readonly source?: Run['meter'] })[],
  places: ReadonlyMap<string, Place>,
): Side | { readonly unknownRegion: string } => {
  const runs: Run[] = [];
  let itKwh = 0;
  let seconds = 0;
  for (const piece of pieces) {
    const place = places.get(piece.region);
    if (!place) return { unknownRegion: piece.region };
    const [from, to, kwh] = [epoch(piece.start), epoch(piece.end), Number(piece.energyKwh)];
    const it = kwh / place.pue;
    runs.push({ place, from, to, kwh, itKwh: it, seconds: to - from, meter: piece.source ?? 'simulated' });
    itKwh += it;
    seconds += to - from;
  }
  runs.sort((a, b) => a.from - b.from);
  return { runs, itKwh, seconds };
};

/** The same places and times with another amount of work, in the same shares. */
export const withUse = (side: Side, itKwh: number, seconds: number): Side => ({
  itKwh,
  seconds,
  runs: side.runs.map((run) => {
    const share = side.itKwh > 0 ? run.itKwh / side.itKwh : (run.to - run.from) / side.seconds;
    return { ...run, itKwh: itKwh * share, kwh: itKwh * share * run.place.pue, seconds: seconds * share };
  }),
});

/**
 * The baseline's places and times with an amount of work: it takes `span` seconds of time from the original start on, in
 * the original pieces as far as they reach; the last one goes on until it is done.
 */
export const counterfactualOf = (baseline: Side, itKwh: number, span: number, seconds: number): Side => {
  const runs: Run[] = [];
  let left = span;
  baseline.runs.forEach((piece, i) => {
    if (left <= 0) return;
    const last = i === baseline.runs.length - 1;
    const length = last ? left : Math.min(left, piece.to - piece.from);
    const share = length / span;
    runs.push({
      place: piece.place,
      from: piece.from,
      to: piece.from + length,
      itKwh: itKwh * share,
      kwh: itKwh * share * piece.place.pue,
      seconds: seconds * share,
      meter: piece.meter,
    });
    left -= length;
  });
  return { runs, itKwh, seconds };
};

/** kg; NaN where the signal has a gap. */
export const kgOf = ({ place, from, to, kwh }: Use): number =>
  place.carbon === null ? Number.NaN : (kwh * place.carbon.mean(from, to)) / 1000;

export const sum = <T>(items: readonly T[], of: (item: T) => number): number => {
  let total = 0;
  for (const item of items) total += of(item);
  return total;
};

/** What the payer owes for energy; NaN where the price has a gap. */
export const energyCostOf = ({ place, from, to, kwh }: Use): number => {
  if (place.payer === 'tenant') return 0;
  return place.price === null ? Number.NaN : (kwh * place.price.mean(from, to)) / 1000;
};

/** Energy, machines and the data that leaves home; NaN where a price is not known. */
export const costOf = (side: Side, job: EvidenceJob, home: Place | undefined): number => {
  let cost = 0;
  for (const run of side.runs) {
    const machine = run.place.instancePrice(job.instanceType);
    cost += energyCostOf(run) + (machine ?? Number.NaN) * (run.seconds / 3600);
  }
  const first = side.runs[0];
  if (first && home && home.payer === 'tenant' && first.place !== home) cost += home.egressPerGb * Number(job.dataGb);
  return cost;
};

const HOUR = 3600;

export interface Overheads {
  /** Energy that the move took, where and when. The network's is not on the payer's bill. */
  readonly uses: readonly (Use & { readonly billed: boolean })[];
  readonly resumptions: number;
}

/**
 * What the move itself took: data brought to each region away from home (charged there, in the first hour), work written and
 * repeated at each resumption, and power held while a job waited between two pieces in one region. Energy of resumptions is
 * inside a measured figure already, where the counterfactual would not have had it: there it is charged where that is.
 */
export const overheadsOf = (actual: Side, counterfactual: Side, job: EvidenceJob, constants: Constants): Overheads => {
  const uses: (Use & { billed: boolean })[] = [];
  let resumptions = 0;
  const away = new Set<Place>();
  actual.runs.forEach((run, i) => {
    if (run.place.region !== job.homeRegion && !away.has(run.place)) {
      away.add(run.place);
      const kwh = Number(job.dataGb) * constants.transferKwhPerGb;
      if (kwh > 0)
        uses.push({ place: run.place, from: run.from, to: Math.min(run.to, run.from + HOUR), kwh, billed: false });
    }
    const before = actual.runs[i - 1];
    if (!before || (before.to === run.from && before.place === run.place)) return;
    resumptions++;
    const kw = run.to > run.from ? run.kwh / ((run.to - run.from) / HOUR) : 0;
    const kwh = kw * (constants.resumeMinutes / 60);
    if (run.meter === 'measured' && kwh > 0)
      for (const other of counterfactual.runs) {
        const share = counterfactual.itKwh > 0 ? other.itKwh / counterfactual.itKwh : 0;
        uses.push({ ...other, kwh: (kwh / run.place.pue) * other.place.pue * share, billed: true });
      }
    else if (kwh > 0)
      uses.push({ place: run.place, from: run.from, to: Math.min(run.to, run.from + HOUR), kwh, billed: true });
    if (before.place !== run.place || run.from <= before.to) return;
    const held = kw * constants.pausedPowerRatio * ((run.from - before.to) / HOUR);
    if (held > 0) uses.push({ place: run.place, from: before.to, to: run.from, kwh: held, billed: true });
  });
  return { uses, resumptions };
};

/** Money for finishing after `due`. */
export const latenessOf = (side: Side, job: EvidenceJob): number => {
  if (job.due === null) return 0;
  const end = side.runs.reduce((latest, run) => Math.max(latest, run.to), Number.NEGATIVE_INFINITY);
  return (Math.max(0, end - epoch(job.due)) / HOUR) * Number(job.tardinessCostPerHour);
};
