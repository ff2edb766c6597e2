/**
 * Kubernetes Jobs as `kubectl get jobs -o json` prints them: one Job or a List. What is asked of us stands in annotations:
 *
 *     {"apiVersion": "v1", "kind": "List", "items": [{"apiVersion": "batch/v1", "kind": "Job", "metadata": {"name": "train",
 *       "namespace": "ml", "annotations": {"caco.dev/duration": "PT3H", "caco.dev/deadline": "2022-06-02T08:00:00Z"}}, …}]}
 */
import { type Draft, type Rejected, rejected } from './draft.js';
import { instantOf } from './fields.js';
import { JsonSplitter } from './json-values.js';
import type { Reader, Reading, Rows } from './reading.js';

type Row = Readonly<Record<string, unknown>>;
const rowOf = (value: unknown): Row => (typeof value === 'object' && value !== null ? (value as Row) : {});
const textOf = (value: unknown): string | undefined => (typeof value === 'string' && value !== '' ? value : undefined);

export const readKubernetes: Reader = async function* (pieces, reading) {
  const splitter = new JsonSplitter(['items']);
  const around: Record<string, unknown> = {};
  let listed = false;
  const take = (values: ReturnType<JsonSplitter['push']>): Rows => {
    const rows: Rows = [];
    for (const { key, text, line } of values) {
      let value: unknown = null;
      try {
        value = JSON.parse(text);
      } catch {}
      if (key !== null) {
        if (Object.keys(around).length < 100) around[key] = value;
        continue;
      }
      listed = true;
      rows.push(...jobOf(rowOf(value), line, reading));
    }
    return rows;
  };
  for await (const piece of pieces) {
    const rows = take(splitter.push(piece));
    if (rows.length > 0) yield rows;
  }
  const rest = take(splitter.end());
  yield listed ? rest : jobOf(around, 1, reading);
};

const jobOf = (job: Row, line: number, reading: Reading): (Draft | Rejected)[] => {
  if (job.kind !== 'Job') {
    reading.skip('objects that are no Job');
    return [];
  }
  const spec = rowOf(job.spec);
  const conditions = rowOf(job.status).conditions;
  if (Array.isArray(conditions) && conditions.some((c) => ['Complete', 'Failed'].includes(String(rowOf(c).type)))) {
    reading.skip('finished jobs');
    return [];
  }
  if (isRunning(spec, rowOf(job.status))) {
    reading.skip('running jobs');
    return [];
  }
  return [draftOfJob(job, line, reading)];
};

/** What a Job asks for, whatever its state. */
export const draftOfJob = (job: Row, line: number, reading: Reading): Draft | Rejected => {
  const meta = rowOf(job.metadata);
  const spec = rowOf(job.spec);
  const notes = rowOf(meta.annotations);
  const note = (name: string) => textOf(notes[`caco.dev/${name}`]);
  const name = textOf(meta.name);
  const space = textOf(meta.namespace) ?? 'default';
  const stated = note('duration');
  const hours = stated === undefined ? undefined : isoHours(stated);
  if (hours === null)
    return rejected(
      line,
      'duration_hours',
      'unknown_value',
      stated,
      'caco.dev/duration is not an ISO 8601 duration',
      'Write for example PT3H or PT90M.',
    );
  const limit = typeof spec.activeDeadlineSeconds === 'number' ? spec.activeDeadlineSeconds / 3600 : undefined;
  const created = textOf(meta.creationTimestamp);
  const at = created === undefined ? undefined : instantOf(created, null);
  const deadlineText = note('deadline');
  const deadline = deadlineText === undefined ? null : instantOf(deadlineText, null);
  if (deadline === undefined)
    return rejected(
      line,
      'deadline',
      'not_a_time',
      deadlineText,
      'caco.dev/deadline is not a time with a zone',
      'Write ISO 8601 with Z.',
    );
  const pods = podsOf(spec);
  const pod = podSize(rowOf(rowOf(spec.template).spec));
  for (const [resource, what] of pod.other) reading.warn(`Some jobs ask for ${resource}; ${what}.`);
  return {
    line,
    id: name === undefined ? undefined : `${space}-${name}`,
    name,
    team: space,
    category: note('category'),
    submittedAt: at,
    earliestStart: at,
    deadline,
    durationHours: hours ?? limit,
    limitHours: limit,
    durationIs: hours === undefined && limit !== undefined ? 'limit' : undefined,
    vcpus: pods * pod.vcpus,
    gpus: pods * pod.gpus,
    clusterId: reading.options.clusterId ?? undefined,
    interruptible: note('interruptible') === undefined ? undefined : note('interruptible') === 'true',
    assumed:
      hours === undefined && limit !== undefined
        ? [['duration_hours', 'activeDeadlineSeconds, an upper bound']]
        : undefined,
  };
};

/** `PT3H`, `P1DT30M`; null for anything else and for months and years, whose length is not known. */
const isoHours = (text: string): number | null => {
  const parts = /^P(?:(\d+)W)?(?:(\d+)D)?(?:T(?:(\d+(?:\.\d+)?)H)?(?:(\d+(?:\.\d+)?)M)?(?:(\d+(?:\.\d+)?)S)?)?$/.exec(
    text,
  );
  if (!parts || parts.slice(1).every((part) => part === undefined)) return null;
  const [weeks, days, hours, minutes, seconds] = parts.slice(1).map((part) => Number(part ?? 0)) as [
    number,
    number,
    number,
    number,
    number,
  ];
  return weeks * 168 + days * 24 + hours + minutes / 60 + seconds / 3600;
};

/** Pods at a time: never more than are left to complete, whatever the parallelism. */
const podsOf = ({ parallelism, completions }: Row): number => {
  const side = typeof parallelism === 'number' ? parallelism : 1;
  return typeof completions === 'number' && completions > 0 ? Math.min(side, completions) : side;
};

/** Its pods run, or are being started: it no longer waits for a plan. A suspended job has none. */
const isRunning = (spec: Row, status: Row): boolean =>
  spec.suspend !== true && [status.active, status.ready, status.succeeded].some((n) => typeof n === 'number' && n > 0);

interface PodSize {
  readonly vcpus: number;
  readonly gpus: number;
  /** resources that count otherwise than one device each, and how */
  readonly other: ReadonlyMap<string, string>;
}

/** Containers add up; an init container runs before them, so only the largest counts where it is more than all of them. */
const podSize = (pod: Row): PodSize => {
  const sizes = (list: unknown): PodSize[] =>
    Array.isArray(list) ? list.map((c) => containerSize(rowOf(rowOf(c).resources))) : [];
  const main = sizes(pod.containers);
  const init = sizes(pod.initContainers);
  const total = (pick: (s: PodSize) => number) =>
    init.reduce(
      (most, s) => Math.max(most, pick(s)),
      main.reduce((sum, s) => sum + pick(s), 0),
    );
  const other = new Map([...main, ...init].flatMap((s) => [...s.other]));
  return { vcpus: total((s) => s.vcpus), gpus: total((s) => s.gpus), other };
};

/** What requests and limits, or what a node can allocate as requests, amount to. */
export const containerSize = (resources: Row): PodSize => {
  const requests = rowOf(resources.requests);
  const limits = rowOf(resources.limits);
  const other = new Map<string, string>();
  let gpus = 0;
  // Kubernetes wants limits and requests of such resources equal where both stand.
  for (const [name, quantity] of Object.entries({ ...requests, ...limits })) {
    const { share, said } = deviceOf(name);
    const count = cores(quantity);
    if (said !== null && count > 0) other.set(name, said);
    gpus += share * count;
  }
  return { vcpus: cores(requests.cpu ?? limits.cpu), gpus, other };
};

/** A30 boards are cut in four, all others in seven. */
const QUARTERS = new Set(['1g.6gb', '2g.12gb', '4g.24gb']);

/** Which share of a GPU one unit of a resource is; 0 for what is none. */
const deviceOf = (name: string): { share: number; said: string | null } => {
  const [, profile, slices] = /^nvidia\.com\/mig-((\d+)g\.\d+gb)/.exec(name) ?? [];
  if (profile !== undefined) {
    const parts = QUARTERS.has(profile) ? 4 : 7;
    return { share: Number(slices) / parts, said: `it counts as ${slices}/${parts} of a GPU each` };
  }
  if (/^(nvidia|amd)\.com\/gpu$|^gpu\.intel\.com\/(i915|xe)$/.test(name)) return { share: 1, said: null };
  if (/^nvidia\.com\/gpu\.shared$/.test(name))
    return { share: 1, said: 'it counts as a whole GPU each, an upper bound, since others share the board' };
  if (/^[^/]*\/.*(gpu|tpu|npu|gaudi|neuron)/i.test(name))
    return { share: 0, said: 'its power is not known and not counted; give power_kw in a CSV where it matters' };
  return { share: 0, said: null };
};

/** `3500m` is 3.5; what is not a quantity counts nothing. */
const cores = (quantity: unknown): number => {
  if (typeof quantity === 'number') return quantity;
  const [, number, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(quantity ?? '')) ?? [];
  return number === undefined ? 0 : Number(number) / (milli === 'm' ? 1000 : 1);
};
