/**
 * Boards whose drivers stand in the kernel, by hwmon under `/sys/class/drm`: amdgpu tells power (`power1_average` of the last while,
 * on newer ones `power1_input` of this moment, µW), i915 and xe count energy (`energy1_input`, µJ, 64 bits).
 */
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { GpuLook } from './gpu.js';

export const DRM_ROOT = '/sys/class/drm';
const VENDORS: Readonly<Record<string, GpuLook['vendor']>> = { amdgpu: 'amd', i915: 'intel', xe: 'intel' };

const textOf = (path: string): string | null => {
  try {
    return readFileSync(path, 'latin1').trim();
  } catch {
    return null;
  }
};
const listOf = (folder: string): string[] => {
  try {
    return readdirSync(folder);
  } catch {
    return [];
  }
};
const integer = (text: string | null): bigint | null =>
  text !== null && /^\d{1,20}$/.test(text) ? BigInt(text) : null;

/** Each board once, by its place on the bus: what cannot be read is not there. */
export const lookAtBoards = (root = DRM_ROOT): GpuLook[] =>
  listOf(root)
    .filter((name) => /^card\d+$/.test(name))
    .flatMap((card): GpuLook[] => {
      const device = join(root, card, 'device');
      for (const hwmon of listOf(join(device, 'hwmon'))) {
        const folder = join(device, 'hwmon', hwmon);
        const driver = textOf(join(folder, 'name')) ?? '';
        const vendor = VENDORS[driver];
        if (vendor === undefined) continue;
        const average = integer(textOf(join(folder, 'power1_average')));
        const microwatts = average ?? integer(textOf(join(folder, 'power1_input')));
        const counterUj = integer(textOf(join(folder, 'energy1_input')));
        if (microwatts === null && counterUj === null) continue;
        const bus = /^PCI_SLOT_NAME=(.+)$/m.exec(textOf(join(device, 'uevent')) ?? '')?.[1];
        const name = textOf(join(device, 'product_name')) || `${driver} ${bus ?? card}`;
        return [
          {
            ...{ id: bus ?? card, name: name.slice(0, 100), vendor, counterUj, labels: { driver } },
            watts: microwatts === null ? null : Number(microwatts) / 1e6,
            powerIs: average === null ? 'instant' : 'average',
          },
        ];
      }
      return [];
    });
