/**
 * GPUs as zones of their own. A board that counts energy is read as a counter; of one that tells power only, power is integrated
 * over the looks that really came, and a longer silence is a gap. Boards are outside of what the processor counts.
 */

/** One look at one board. */
export interface GpuLook {
  /** stable on one machine: UUID, or address on the bus */
  readonly id: string;
  readonly name: string;
  readonly vendor: 'nvidia' | 'amd' | 'intel';
  /** since the driver was loaded; null where the board does not count */
  readonly counterUj: bigint | null;
  readonly watts: number | null;
  /** average: mean of about the last second; instant: of a sensor’s last sample; unstated: the driver does not say which */
  readonly powerIs: 'average' | 'instant' | 'unstated';
  /** states that change what a figure means: driver, persistence, mig, ecc */
  readonly labels: Readonly<Record<string, string>>;
}

export interface GpuReport {
  readonly id: string;
  readonly name: string;
  readonly vendor: GpuLook['vendor'];
  readonly method: 'counter' | 'integral';
  readonly powerIs: GpuLook['powerIs'];
  readonly labels: Readonly<Record<string, string>>;
  /** of the time that is known; null: nothing is */
  readonly energyUj: bigint | null;
  readonly coveredMs: number;
  readonly spanMs: number;
  readonly looks: number;
  /** mean time between two looks; null with fewer than two */
  readonly intervalMs: number | null;
  readonly gapCount: number;
}

/** Power at two looks further apart says nothing of the time between. */
const APART_MS = 5000;

interface Count {
  readonly firstMs: number;
  readonly lastMs: number;
  readonly look: GpuLook;
  readonly energyUj: bigint;
  /** microjoules below one, so that many short steps lose nothing */
  readonly restUj: number;
  readonly coveredMs: number;
  readonly looks: number;
  readonly gapCount: number;
}

const isCounted = ({ counterUj }: GpuLook) => counterUj !== null;

/** The step from one look to the next; null: not known. */
const stepUj = (before: Count, now: GpuLook, ms: number): { uj: bigint; rest: number } | null => {
  const { look } = before;
  if (look.counterUj !== null && now.counterUj !== null) {
    const uj = now.counterUj - look.counterUj;
    // The driver was loaded anew: what was counted between is gone.
    return uj < 0n ? null : { uj, rest: before.restUj };
  }
  if (look.watts === null || now.watts === null || ms > APART_MS) return null;
  const exact = ((look.watts + now.watts) / 2) * ms * 1000 + before.restUj;
  const uj = Math.floor(exact);
  return { uj: BigInt(uj), rest: exact - uj };
};

export interface GpuSession {
  sample(looks: readonly GpuLook[], atMs: number): void;
  report(): GpuReport[];
}

export const gpuSession = (): GpuSession => {
  const counts = new Map<string, Count>();
  return {
    sample(looks, atMs) {
      for (const look of looks) {
        const before = counts.get(look.id);
        if (before === undefined) {
          const none = { energyUj: 0n, restUj: 0, coveredMs: 0, gapCount: 0 };
          counts.set(look.id, { firstMs: atMs, lastMs: atMs, look, looks: 1, ...none });
          continue;
        }
        const ms = atMs - before.lastMs;
        if (ms <= 0) continue;
        const step = stepUj(before, look, ms);
        counts.set(look.id, {
          ...{ firstMs: before.firstMs, lastMs: atMs, look, looks: before.looks + 1 },
          energyUj: before.energyUj + (step?.uj ?? 0n),
          restUj: step?.rest ?? before.restUj,
          coveredMs: before.coveredMs + (step === null ? 0 : ms),
          gapCount: before.gapCount + (step === null ? 1 : 0),
        });
      }
    },
    report: () =>
      [...counts.values()].map(({ look, firstMs, lastMs, ...count }) => ({
        ...{ id: look.id, name: look.name, vendor: look.vendor, powerIs: look.powerIs, labels: look.labels },
        method: isCounted(look) ? 'counter' : 'integral',
        energyUj: count.coveredMs > 0 ? count.energyUj : null,
        ...{ coveredMs: count.coveredMs, spanMs: lastMs - firstMs, looks: count.looks, gapCount: count.gapCount },
        intervalMs: count.looks > 1 ? (lastMs - firstMs) / (count.looks - 1) : null,
      })),
  };
};

/** Microjoules as text, as everywhere. */
export const gpuJson = (report: GpuReport) => ({
  ...{ id: report.id, name: report.name, vendor: report.vendor, method: report.method, powerIs: report.powerIs },
  ...{ labels: report.labels, boundary: 'gpu' as const },
  energyUj: report.energyUj === null ? null : String(report.energyUj),
  seconds: Math.round(report.spanMs) / 1000,
  coverageRatio: report.spanMs > 0 ? Math.min(1, report.coveredMs / report.spanMs) : 0,
  ...{ looks: report.looks, intervalMs: report.intervalMs, gapCount: report.gapCount },
});
export type GpuJson = ReturnType<typeof gpuJson>;
