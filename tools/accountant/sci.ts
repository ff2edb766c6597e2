/**
 * Software Carbon Intensity, ISO/IEC 21031:2024: SCI = ((E × I) + M) per R. E × I are the operational emissions as accounted
 * (reserved hardware and PUE included, location-based, no offsets), M the embodied emissions of the hardware for the time and
 * share that was reserved: vCPU-hours × g per vCPU-hour.
 */
import { figure } from '../../domain/figures.js';
import type { Account } from './account.js';

export const FUNCTIONAL_UNITS = ['work_unit', 'job', 'vcpu_hour'] as const;
export type FunctionalUnit = (typeof FUNCTIONAL_UNITS)[number];

export interface Sci {
  readonly functionalUnit: FunctionalUnit;
  readonly units: number;
  readonly operationalG: number;
  readonly embodiedG: number;
  readonly gPerUnit: number;
  readonly costPerUnit: number | null;
  readonly notes: string[];
}

/** Null when there are no such units, or when a part of the energy has no known intensity: a rate of a part is no rate. */
export const sciOf = (
  account: Account,
  embodiedGPerVcpuHour: number,
  asked: FunctionalUnit | undefined,
): Sci | null => {
  const { sums } = account;
  const functionalUnit = asked ?? (sums.workUnits > 0 ? 'work_unit' : 'job');
  const notes: string[] = [];
  if (sums.gpuHours > 0)
    notes.push(`Embodied emissions of GPUs are not known and not included (${figure(sums.gpuHours)} GPU-hours).`);
  if (functionalUnit === 'work_unit') {
    if (account.gPerWorkUnit === null) return null;
    const embodiedG = sums.unitVcpuHours * embodiedGPerVcpuHour;
    const operationalG = sums.unitKg * 1000;
    return {
      functionalUnit,
      units: sums.workUnits,
      operationalG,
      embodiedG,
      gPerUnit: (operationalG + embodiedG) / sums.workUnits,
      costPerUnit: account.costPerWorkUnit,
      notes: [...notes, 'Counts only jobs that carry a number of work units.'],
    };
  }
  const units = functionalUnit === 'job' ? sums.jobs : sums.vcpuHours;
  if (units === 0 || account.emissionsKg === null || sums.energyKwh - sums.coveredKwh > 1e-9 * sums.energyKwh)
    return null;
  const operationalG = account.emissionsKg.value * 1000;
  const embodiedG = sums.vcpuHours * embodiedGPerVcpuHour;
  return {
    functionalUnit,
    units,
    operationalG,
    embodiedG,
    gPerUnit: (operationalG + embodiedG) / units,
    costPerUnit: account.cost === null || account.priceCoverageRatio < 1 ? null : account.cost.total / units,
    notes,
  };
};
