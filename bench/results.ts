/** Where a measurement is kept: one data file each under results/, with the machine named and how busy it was. */
import { mkdirSync, writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';

export const machine = () => ({ cpu: cpus()[0]?.model ?? 'unknown', cores: cpus().length, node: process.version });

/** Writes results/NAME.json anew and prints it. Call it once everything was measured. */
export const keep = (name: string, result: object): void => {
  const folder = new URL('results/', import.meta.url);
  mkdirSync(folder, { recursive: true });
  const whole = {
    at: new Date().toISOString().slice(0, 10),
    machine: machine(),
    /** above 1 the machine was busy with other work: then CPU seconds say more than seconds */
    loadPerCore: Number((loadavg()[0]! / cpus().length).toFixed(1)),
    ...result,
  };
  const text = `${JSON.stringify(whole, null, 2)}\n`;
  writeFileSync(new URL(`${name}.json`, folder), text);
  process.stdout.write(text);
};

/** Seconds by the clock and of this process's CPU that some work took. */
export const timed = async (work: () => unknown): Promise<{ seconds: number; cpuSeconds: number }> => {
  const begun = process.hrtime.bigint();
  const cpu = process.cpuUsage();
  await work();
  const used = process.cpuUsage(cpu);
  return {
    seconds: Number(process.hrtime.bigint() - begun) / 1e9,
    cpuSeconds: (used.user + used.system) / 1e6,
  };
};

export const rounded = (value: number, digits = 2): number => Number(value.toFixed(digits));
