/** Who acts on a cluster where several might: a Lease of coordination.k8s.io, taken and renewed by the version that it replaces. */
import { Fault } from '../../../domain/fault.js';
import { fromEpoch, type Instant, plusSeconds, secondsBetween } from '../../../domain/time.js';
import { type Api, type Row, refusal, rowOf, textOf, timeOf } from './api.js';

/** Go reads exactly six decimals: a time with three is refused. */
export const microTime = (at: Date): string => at.toISOString().replace('Z', '000Z');

export interface LeaseState {
  /** null: nobody */
  readonly holder: string | null;
  readonly renewedAt: Instant | null;
  /** when it is free again, unless it is renewed; null: it is free */
  readonly until: Instant | null;
  readonly version: string | null;
  readonly spec: Row;
}

const pathOf = (namespace: string): string =>
  `/apis/coordination.k8s.io/v1/namespaces/${encodeURIComponent(namespace)}/leases`;

/** As it stands; nobody's where it is not there. Throws Fault. */
export const leaseAt = async (
  api: Api,
  namespace: string,
  name: string,
): Promise<LeaseState & { readonly now: Instant }> => {
  const { status, body, date } = await api.ask(`${pathOf(namespace)}/${name}`);
  const now = date ?? fromEpoch(Math.floor(Date.now() / 1000));
  if (status === 404) return { holder: null, renewedAt: null, until: null, version: null, spec: {}, now };
  if (status !== 200) throw refusal(status, body, `GET lease ${namespace}/${name}`);
  const spec = rowOf(body.spec);
  const holder = textOf(spec.holderIdentity) ?? null;
  const renewedAt = timeOf(spec.renewTime);
  const seconds = typeof spec.leaseDurationSeconds === 'number' ? spec.leaseDurationSeconds : 0;
  return {
    holder,
    renewedAt,
    until: holder === null || renewedAt === null ? null : plusSeconds(renewedAt, seconds),
    version: textOf(rowOf(body.metadata).resourceVersion) ?? null,
    spec,
    now,
  };
};

export interface Claim {
  readonly namespace: string;
  readonly name: string;
  readonly holder: string;
  readonly seconds: number;
}

/** Takes or renews it. Null: it is ours for that many seconds; else who has it. Throws Fault. */
export const claim = async (api: Api, { namespace, name, holder, seconds }: Claim): Promise<LeaseState | null> => {
  const found = await leaseAt(api, namespace, name);
  if (found.holder !== null && found.holder !== holder && found.until !== null && found.until > found.now) return found;
  const at = microTime(new Date());
  const taken = found.holder === holder ? (found.spec.acquireTime ?? at) : at;
  const { status, body } = await write(api, namespace, name, found.version, {
    holderIdentity: holder,
    leaseDurationSeconds: seconds,
    acquireTime: taken,
    renewTime: at,
    leaseTransitions: (Number(found.spec.leaseTransitions) || 0) + (found.holder === holder ? 0 : 1),
  });
  if (status === 409) return { ...(await leaseAt(api, namespace, name)) };
  if (status >= 300) throw refusal(status, body, `lease ${namespace}/${name}`);
  return null;
};

const write = (api: Api, namespace: string, name: string, version: string | null, spec: Row) => {
  const metadata = { namespace, name, ...(version === null ? {} : { resourceVersion: version }) };
  const body = { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', metadata, spec };
  return version === null
    ? api.ask(pathOf(namespace), { method: 'POST', body })
    : api.ask(`${pathOf(namespace)}/${name}`, { method: 'PUT', body });
};

/** Lets others have it at once. What goes wrong is no matter: it ends by itself. */
export const giveUp = async (api: Api, { namespace, name, holder }: Claim): Promise<void> => {
  try {
    const found = await leaseAt(api, namespace, name);
    if (found.holder === holder)
      await write(api, namespace, name, found.version, { ...found.spec, holderIdentity: '' });
  } catch (error) {
    if (!(error instanceof Fault)) throw error;
  }
};

/**
 * Does the work while the lease is ours, renewing it at every third of its time. Throws Fault `conflict` where somebody else has it,
 * and at `check` where it was lost meanwhile.
 */
export const leading = async <T>(api: Api, of: Claim, work: (check: () => void) => Promise<T>): Promise<T> => {
  const taken = (by: LeaseState) =>
    new Fault(
      'conflict',
      `another one places on this cluster: ${by.holder ?? 'somebody'}, until ${by.until ?? 'a moment ago'}`,
      'Wait for it to end, and do the same again.',
    );
  const other = await claim(api, of);
  if (other !== null) throw taken(other);
  let lost: Fault | null = null;
  let renewedAt = Date.now();
  const renew = async () => {
    try {
      const by = await claim(api, of);
      if (by !== null) lost = taken(by);
      else renewedAt = Date.now();
    } catch (error) {
      if (!(error instanceof Fault)) throw error;
    }
  };
  const timer = setInterval(() => void renew(), (of.seconds * 1000) / 3);
  timer.unref();
  try {
    return await work(() => {
      if (lost !== null) throw lost;
      if (Date.now() - renewedAt >= of.seconds * 1000)
        throw new Fault(
          'unavailable',
          'the lease on this cluster could not be renewed',
          'Do the same again; what was done is not done twice.',
        );
    });
  } finally {
    clearInterval(timer);
    await giveUp(api, of);
  }
};

export const agoText = (from: Instant, to: Instant): string => `${Math.max(0, secondsBetween(from, to))} s ago`;
