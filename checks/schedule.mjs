// Is a schedule feasible, and what does it cost? Reads a problem (caco-opt-1) and a solution; shares no code with the planner.
//
//   node checks/schedule.mjs PROBLEM.json[.gz] SOLUTION.json[.gz]
//
// Writes JSON; exit 0 feasible, 1 infeasible, 2 bad input.
// Solution: {"assignments":[{"job":"j000001","region":0,"segments":[[from,to],...]}], "objective"?: number}
import fs from 'node:fs';
import { pathToFileURL } from 'node:url';
import zlib from 'node:zlib';
export function load(f) {
  const b = fs.readFileSync(f);
  return JSON.parse(b[0] === 0x1f && b[1] === 0x8b ? zlib.gunzipSync(b) : b);
}
export function capOf(I, r, t) {
  const m = I.regions[r].maxPowerKw;
  let c = m == null ? Infinity : Array.isArray(m) ? m[t] : m;
  for (const e of I.events ?? []) if (e.region === r && t >= e.fromSlot && t < e.toSlot) c = Math.min(c, e.maxPowerKw);
  return c;
}
export function check(I, sol, tol = 1e-6) {
  const bad = [],
    T = I.slots,
    R = I.regions.length,
    h = I.slotHours;
  const by = new Map(I.jobs.map((j) => [j.id, j])),
    seen = new Set();
  const kw = Array.from({ length: R }, () => new Float64Array(T)),
    vc = Array.from({ length: R }, () => new Float64Array(T)),
    gp = Array.from({ length: R }, () => new Float64Array(T));
  const carbon = new Map(I.carbonCaps.map((c) => [c.id, 0]));
  const cost = { energy: 0, instance: 0, egress: 0, carbon: 0, tardiness: 0, resume: 0, peak: 0 };
  let kg = 0,
    kWh = 0;
  for (const a of sol.assignments) {
    const j = by.get(a.job),
      r = a.region;
    if (!j) {
      bad.push({ kind: 'unknown-job', job: a.job });
      continue;
    }
    if (seen.has(a.job)) {
      bad.push({ kind: 'duplicate-job', job: a.job });
      continue;
    }
    seen.add(a.job);
    const g = I.regions[r];
    if (!g || !(j.sla === 'urgent' ? [j.home] : j.regions).includes(r)) {
      bad.push({ kind: 'region', job: j.id, region: r });
      continue;
    }
    const S = a.segments;
    let n = 0,
      prev = -1,
      ok = Array.isArray(S) && S.length > 0;
    for (const [x, y] of S ?? []) {
      if (
        !Number.isInteger(x) ||
        !Number.isInteger(y) ||
        y <= x ||
        x < 0 ||
        y > T ||
        x < prev ||
        (x === prev && prev >= 0)
      )
        ok = false;
      n += y - x;
      prev = y;
    }
    if (!ok) {
      bad.push({ kind: 'segments', job: j.id });
      continue;
    }
    if (n !== j.slots) bad.push({ kind: 'duration', job: j.id, want: j.slots, got: n });
    if (S[0][0] < j.release) bad.push({ kind: 'release', job: j.id });
    const end = S[S.length - 1][1];
    if (end > j.deadline) bad.push({ kind: 'deadline', job: j.id, end });
    if (j.sla === 'urgent' && (S.length > 1 || S[0][0] !== j.release)) bad.push({ kind: 'urgent-moved', job: j.id });
    if (S.length > 1) {
      if (!j.interruptible) bad.push({ kind: 'not-interruptible', job: j.id });
      else {
        cost.resume += (S.length - 1) * j.interruptible.resumeUsd;
      }
    }
    if (j.interruptible)
      for (const [x, y] of S) if (y - x < j.interruptible.minChunk) bad.push({ kind: 'min-chunk', job: j.id });
    for (const [x, y] of S)
      for (let t = x; t < y; t++) {
        const e = j.powerKw * g.pue * h,
          k = (e * g.ciGPerKwh[t]) / 1000;
        kWh += e;
        kg += k;
        cost.energy += (e * g.priceUsdPerMwh[t]) / 1000;
        kw[r][t] += j.powerKw * g.pue;
        vc[r][t] += j.vcpu;
        gp[r][t] += j.gpu;
        for (const c of I.carbonCaps)
          if (c.team === j.team && t >= c.fromSlot && t < c.toSlot) carbon.set(c.id, carbon.get(c.id) + k);
      }
    cost.instance += n * h * (j.vcpu * g.instanceUsdPerVcpuHour + j.gpu * g.instanceUsdPerGpuHour);
    if (r !== j.home) cost.egress += I.egressUsdPerGb * j.dataGb;
    cost.tardiness += j.tardyUsdPerHour * h * Math.max(0, end - j.due);
  }
  for (const j of I.jobs) if (!seen.has(j.id)) bad.push({ kind: 'missing-job', job: j.id });
  cost.carbon = (kg * I.carbonPriceUsdPerTonne) / 1000;
  for (let r = 0; r < R; r++) {
    const g = I.regions[r];
    let pk = 0;
    for (let t = 0; t < T; t++) {
      pk = Math.max(pk, kw[r][t]);
      const c = capOf(I, r, t);
      if (kw[r][t] > c + tol * Math.max(1, c))
        bad.push({ kind: 'power-cap', region: r, slot: t, load: kw[r][t], cap: c });
      if (g.vcpuCapacity != null && vc[r][t] > g.vcpuCapacity + tol)
        bad.push({ kind: 'vcpu', region: r, slot: t, load: vc[r][t], cap: g.vcpuCapacity });
      if (g.gpuCapacity != null && gp[r][t] > g.gpuCapacity + tol)
        bad.push({ kind: 'gpu', region: r, slot: t, load: gp[r][t], cap: g.gpuCapacity });
    }
    cost.peak += (g.peakUsdPerKw ?? 0) * pk;
  }
  for (const c of I.carbonCaps)
    if (carbon.get(c.id) > c.capKg + tol * Math.max(1, c.capKg))
      bad.push({ kind: 'carbon-cap', cap: c.id, kg: carbon.get(c.id), capKg: c.capKg });
  const objective = Object.values(cost).reduce((a, b) => a + b, 0);
  if (sol.objective != null && Math.abs(sol.objective - objective) > 1e-6 * Math.max(1, Math.abs(objective)))
    bad.push({ kind: 'objective', claimed: sol.objective, computed: objective });
  return {
    feasible: bad.length === 0,
    objective,
    cost,
    kWh,
    kgCo2: kg,
    violations: bad.length,
    first: bad.slice(0, 20),
  };
}
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  try {
    const r = check(load(process.argv[2]), load(process.argv[3]));
    console.log(JSON.stringify(r, null, 1));
    process.exit(r.feasible ? 0 : 1);
  } catch (e) {
    console.error(String(e));
    process.exit(2);
  }
}
