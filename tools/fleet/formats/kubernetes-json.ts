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
  const meta = rowOf(job.metadata);
  const spec = rowOf(job.spec);
  const conditions = rowOf(job.status).conditions;
  if (Array.isArray(conditions) && conditions.some((c) => ['Complete', 'Failed'].includes(String(rowOf(c).type)))) {
    reading.skip('finished jobs');
    return [];
  }
  const notes = rowOf(meta.annotations);
  const note = (name: string) => textOf(notes[`caco.dev/${name}`]);
  const name = textOf(meta.name);
  const space = textOf(meta.namespace) ?? 'default';
  const stated = note('duration');
  const hours = stated === undefined ? undefined : isoHours(stated);
  if (hours === null)
    return [
      rejected(
        line,
        'duration_hours',
        'unknown_value',
        stated,
        'caco.dev/duration is not an ISO 8601 duration',
        'Write for example PT3H or PT90M.',
      ),
    ];
  const limit = typeof spec.activeDeadlineSeconds === 'number' ? spec.activeDeadlineSeconds / 3600 : undefined;
  const created = textOf(meta.creationTimestamp);
  const at = created === undefined ? undefined : instantOf(created, null);
  const deadlineText = note('deadline');
  const deadline = deadlineText === undefined ? null : instantOf(deadlineText, null);
  if (deadline === undefined)
    return [
      rejected(
        line,
        'deadline',
        'not_a_time',
        deadlineText,
        'caco.dev/deadline is not a time with a zone',
        'Write ISO 8601 with Z.',
      ),
    ];
  const pods = typeof spec.parallelism === 'number' ? spec.parallelism : 1;
  const pod = podSize(rowOf(rowOf(spec.template).spec));
  return [
    {
      line,
      id: name === undefined ? undefined : `${space}-${name}`,
      name,
      team: space,
      category: note('category'),
      submittedAt: at,
      earliestStart: at,
      deadline,
      durationHours: hours ?? limit,
      vcpus: pods * pod.vcpus,
      gpus: pods * pod.gpus,
      clusterId: reading.options.clusterId ?? undefined,
      interruptible: note('interruptible') === undefined ? undefined : note('interruptible') === 'true',
      assumed:
        hours === undefined && limit !== undefined
          ? [['duration_hours', 'activeDeadlineSeconds, an upper bound']]
          : undefined,
    },
  ];
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

/** Containers add up; an init container runs before them, so only the largest counts where it is more than all of them. */
const podSize = (pod: Row): { vcpus: number; gpus: number } => {
  const sizes = (list: unknown) =>
    Array.isArray(list) ? list.map((c) => containerSize(rowOf(rowOf(c).resources))) : [];
  const main = sizes(pod.containers);
  const init = sizes(pod.initContainers);
  const total = (pick: (s: { vcpus: number; gpus: number }) => number) =>
    Math.max(
      main.reduce((sum, s) => sum + pick(s), 0),
      ...init.map(pick),
      0,
    );
  return { vcpus: total((s) => s.vcpus), gpus: total((s) => s.gpus) };
};

const containerSize = (resources: Row) => {
  const requests = rowOf(resources.requests);
  const limits = rowOf(resources.limits);
  return {
    vcpus: cores(requests.cpu ?? limits.cpu),
    gpus: cores(limits['nvidia.com/gpu'] ?? requests['nvidia.com/gpu']),
  };
};

/** `3500m` is 3.5; what is not a quantity counts nothing. */
const cores = (quantity: unknown): number => {
  if (typeof quantity === 'number') return quantity;
  const [, number, milli] = /^(\d+(?:\.\d+)?)(m?)$/.exec(String(quantity ?? '')) ?? [];
  return number === undefined ? 0 : Number(number) / (milli === 'm' ? 1000 : 1);
};
