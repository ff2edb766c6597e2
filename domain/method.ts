/** Constants of method: configuration, and written into every evidence record that they shaped. */
import { z } from 'zod';

export const Method = z.strictObject({
  kwPerVcpu: z.number().positive().default(0.005).describe('kW per vCPU, vCPU-linear power model'),
  kwPerGpu: z.number().positive().default(0.4).describe('kW per whole GPU under load'),
  carbonPricePerTonne: z.number().min(0).default(75).describe('money per tonne CO2e in the objective'),
  uncertaintyRatio: z.number().min(0).max(1).default(0.2).describe('half-width of an emissions interval, as a share'),
  confidence: z.number().gt(0).lt(1).default(0.95).describe('stated coverage of intervals'),
  slotMinutes: z.number().int().min(5).max(60).default(30).describe('grid of the plan: starts lie on it'),
  embodiedGPerVcpuHour: z.number().min(0).default(0.9).describe('embodied emissions per vCPU-hour for SCI, g'),
});
export type Method = Readonly<z.infer<typeof Method>>;
