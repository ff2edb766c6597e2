import { parse } from 'csv-parse/sync';
import { describe, expect, it } from 'vitest';
import { plusHours, toEpoch } from '../domain/time.js';
import { simulatedClock } from './clock.js';
import { simulatedGrid } from './grid.js';
import { loadScenario } from './scenario.js';
import {
  JOBS_FILE,
  PLACEMENTS_FILE,
  PRICES_FILE,
  priceRows,
  RECOMMENDATIONS_FILE,
  SIGNALS_FILE,
  signalRows,
  touchedHours,
} from './simulate.js';
import { simulateJobs } from './workload.js';

const scenario = loadScenario('five-regions');
const jobs = simulateJobs(scenario, { seed: 7, start: scenario.start, days: 2 });
const rowsIn = (text: string): Record<string, string>[] => parse(text, { columns: true });

describe('jobs.csv', () => {
  it('has the documented header and gives every value back', () => {
    const text = JOBS_FILE.text(jobs);
    expect(text.split('\n')[0]).toBe(
      'id,name,kind,team,category,submitted_at,earliest_start,due,deadline,duration_hours,vcpus,gpus,power_kw,region,allowed_regions,cluster_id,data_gb,instance_type,interruptible,min_chunk_minutes,resume_cost,tardiness_cost_per_hour,work_units',
    );
    expect(text).not.toContain('\r');
    const rows = rowsIn(text);
    expect(rows).toHaveLength(jobs.length);
    for (const [i, job] of jobs.entries()) {
      const row = rows[i]!;
      expect(row.id).toBe(job.id);
      expect(Number(row.duration_hours)).toBe(job.durationHours);
      expect(row.allowed_regions!.split(';')).toEqual(job.allowedRegions);
      expect(row.power_kw).toBe(job.powerKw === null ? '' : String(job.powerKw));
      expect(row.interruptible).toBe(String(job.interruptible));
      expect(row.deadline).toBe(job.deadline);
    }
    expect(JOBS_FILE.text(simulateJobs(scenario, { seed: 7, start: scenario.start, days: 2 }))).toBe(text);
  });

  it('quotes what would break a line, and refuses what is not a number', () => {
    const odd = { ...jobs[0]!, name: 'a "b", c\nd' };
    expect(rowsIn(JOBS_FILE.text([odd]))[0]!.name).toBe(odd.name);
    expect(() => JOBS_FILE.line({ ...odd, dataGb: Number.NaN })).toThrow('cannot stand');
  });
});

describe('signals.csv and prices.csv', () => {
  it('cover every hour that any job may touch, with the truth', async () => {
    const hours = touchedHours(jobs)!;
    for (const job of jobs) {
      expect(hours.start <= job.earliestStart).toBe(true);
      expect(hours.end >= job.deadline!).toBe(true);
    }
    const grid = simulatedGrid(scenario, 7, simulatedClock(scenario.start));
    const regions = await grid.regions();
    const rows = rowsIn(SIGNALS_FILE.text(await signalRows(grid, regions, hours)));
    expect(rows).toHaveLength((5 * (toEpoch(hours.end) - toEpoch(hours.start))) / 3600);
    expect(rows.every((r) => r.intensity_g_per_kwh !== '' && r.price_per_mwh !== '' && r.step_minutes === '60')).toBe(
      true,
    );
    const at = plusHours(scenario.start, 5);
    const truth = await grid.carbon('eu-north-1', { start: at, end: plusHours(at, 1) }, 'actual');
    expect(Number(rows.find((r) => r.region === 'eu-north-1' && r.start === at)!.intensity_g_per_kwh)).toBe(
      truth.series.values[0],
    );
    expect(touchedHours([])).toBeNull();
  });

  it('price every machine in every region', () => {
    const rows = rowsIn(PRICES_FILE.text(priceRows(scenario.sites)));
    const known = new Set(rows.map((r) => `${r.region} ${r.instance_type}`));
    for (const job of jobs)
      for (const region of job.allowedRegions) expect(known).toContain(`${region} ${job.instanceType}`);
  });
});

describe('placements and recommendations', () => {
  it('have the documented headers', () => {
    expect(PLACEMENTS_FILE.header).toBe(
      'job_id,region,start,end,energy_kwh,emissions_kg,emissions_low_kg,emissions_high_kg,energy_cost,instance_cost,egress_cost\n',
    );
    expect(RECOMMENDATIONS_FILE.header).toBe(
      'job_id,from_region,to_region,from_start,to_start,saved_kg,saved_cost,reason\n',
    );
    expect(SIGNALS_FILE.header).toBe('region,start,step_minutes,intensity_g_per_kwh,price_per_mwh\n');
    expect(PRICES_FILE.header).toBe('region,instance_type,price_per_hour\n');
  });
});
