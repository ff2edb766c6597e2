/** Every GPU of this machine, whoever made it, behind one watch. */
import { setTimeout as pause } from 'node:timers/promises';
import { DRM_ROOT, lookAtBoards } from './amdgpu.js';
import type { GpuLook } from './gpu.js';
import { watchNvidia } from './nvidia.js';
import { machineTimer } from './pace.js';

export interface GpuWatcher {
  /** looks since the last call; none where no board is */
  take(): readonly { readonly looks: readonly GpuLook[]; readonly atMs: number }[];
  /** Ends the program that is asked, and waits for what it still had to say. */
  stop(): Promise<void>;
}

/** One look at every board, for as long as it takes up to a limit. */
export const lookAtGpus = async (of: {
  readonly program: string;
  readonly drmRoot?: string | undefined;
  readonly withinMs: number;
}): Promise<readonly GpuLook[]> => {
  const watcher = openGpus({ ...of, intervalMs: of.withinMs });
  if (watcher === null) return [];
  const boards = new Map<string, GpuLook>();
  const take = () => {
    for (const { looks } of watcher.take()) for (const look of looks) boards.set(look.id, look);
  };
  const until = machineTimer.nowMs() + of.withinMs;
  for (take(); boards.size === 0 && machineTimer.nowMs() < until; take()) await pause(20);
  await watcher.stop();
  take();
  return [...boards.values()];
};

/** Null where there is no board. Nothing is ever set on one. */
export const openGpus = (of: {
  readonly program: string;
  readonly drmRoot?: string | undefined;
  readonly intervalMs: number;
  readonly nowMs?: () => number;
}): GpuWatcher | null => {
  const { program, drmRoot = DRM_ROOT, intervalMs, nowMs = machineTimer.nowMs } = of;
  const others = lookAtBoards(drmRoot);
  const nvidia = watchNvidia(program, intervalMs, nowMs);
  if (nvidia === null && others.length === 0) return null;
  return {
    take: () => [
      ...(nvidia?.take() ?? []),
      ...(others.length === 0 ? [] : [{ looks: lookAtBoards(drmRoot), atMs: nowMs() }]),
    ],
    stop: async () => nvidia?.stop(),
  };
};
