// What is the least that any schedule can cost? Reads a problem (caco-opt-1) and a certificate, which is a list of prices for
// its limits, and works the bound out again from the prices alone (Lagrangian relaxation); shares no code with the planner.
//
//   node checks/bound.mjs PROBLEM.json[.gz] CERTIFICATE.json[.gz]
//
// Writes JSON; exit 0 valid, 1 not.
// Certificate: {"power":[[region,slot,usdPerKw],...],"vcpu":[[region,slot,usd],...],"gpu":[...],"carbon":[[capId,usdPerKg],...],
// "peak":[[region,slot,usdPerKw],...]}. All prices are >= 0, and the peak prices of a region add up to at most its peakUsdPerKw.
// Any such prices give a valid bound.
import { pathToFileURL } from 'node:url';
import { capOf, load } from './schedule.mjs';

// w[t] is the cost of running in slot rel+t. State of the dynamic program: (slots done k, run length capped at m, 0 = idle).
function cheapestInterrupted(w, j, rel) {
  const L = w.length,
    d = j.slots,
    m = j.interruptible.minChunk,
    rc = j.interruptible.resumeUsd,
    NS = (d + 1) * (m + 1);
  let cur = new Float64Array(NS).fill(Infinity);
  cur[0] = 0;
  let best = Infinity;
  for (let t = 0; t < L; t++) {
    const nx = new Float64Array(NS).fill(Infinity);
    for (let k = 0; k <= Math.min(d, t); k++)
      for (let u = 0; u <= m; u++) {
        const c = cur[k * (m + 1) + u];
        if (c === Infinity) continue;
        if (u === 0 || u === m) {
          const q = k * (m + 1);
          if (c < nx[q]) nx[q] = c;
        } // idle
        if (k < d) {
          const q = (k + 1) * (m + 1) + Math.min(m, u + 1),
            v = c + w[t] + (u === 0 && k > 0 ? rc : 0);
          if (v < nx[q]) nx[q] = v;
        }
      }
    cur = nx;
    const f = cur[d * (m + 1) + m];
    if (f < Infinity) best = Math.min(best, f + j.tardyUsdPerHour * j._h * Math.max(0, rel + t + 1 - j.due));
  }
  return best;
}
export function bound(I, C) {
  const T = I.slots,
    R = I.regions.length,
    h = I.slotHours,
    cp = I.carbonPriceUsdPerTonne / 1000;
  const mk = () => Array.from({ length: R }, () => new Float64Array(T));
  const lam = mk(),
    mu = mk(),
    ga = mk();
  let rhs = 0;
  const errors = [];
  const put = (A, L, cap) => {
    for (const [r, t, v] of L ?? []) {
      if (!(v >= 0) || !Number.isFinite(v)) errors.push(['negative price', r, t, v]);
      const c = cap(r, t);
      if (v > 0) {
        if (c === Infinity) errors.push(['price on a row that does not exist', r, t]);
        else {
          A[r][t] += v;
          rhs += v * c;
        }
      }
    }
  };
  put(lam, C.power, (r, t) => capOf(I, r, t));
  put(mu, C.vcpu, (r) => I.regions[r].vcpuCapacity ?? Infinity);
  put(ga, C.gpu, (r) => I.regions[r].gpuCapacity ?? Infinity);
  const pk = new Float64Array(R);
  for (const [r, t, v] of C.peak ?? []) {
    if (!(v >= 0)) errors.push(['negative peak price', r, t]);
    lam[r][t] += v;
    pk[r] += v;
  }
  for (let r = 0; r < R; r++)
    if (pk[r] > (I.regions[r].peakUsdPerKw ?? 0) * (1 + 1e-9)) errors.push(['peak prices exceed the charge', r]);
  const nu = new Map();
  for (const [id, v] of C.carbon ?? []) {
    const c = I.carbonCaps.find((x) => x.id === id);
    if (!c || !(v >= 0)) {
      errors.push(['carbon price', id]);
      continue;
    }
    nu.set(id, v);
    rhs += v * c.capKg;
  }
  let sum = 0,
    comp = 0;
  const perSlot = new Map();
  for (const j of I.jobs) {
    let best = Infinity;
    const regs = j.sla === 'urgent' ? [j.home] : j.regions;
    j._h = h;
    for (const r of regs) {
      const g = I.regions[r],
        key = j.team + '|' + r;
      let K = perSlot.get(key);
      if (!K) {
        K = new Float64Array(T);
        for (let t = 0; t < T; t++) {
          let n = cp;
          for (const c of I.carbonCaps)
            if (c.team === j.team && t >= c.fromSlot && t < c.toSlot) n += nu.get(c.id) ?? 0;
          K[t] = g.pue * (h * (g.priceUsdPerMwh[t] / 1000 + (n * g.ciGPerKwh[t]) / 1000) + lam[r][t]);
        }
        perSlot.set(key, K);
      }
      const last = j.sla === 'urgent' ? j.release + j.slots : j.deadline,
        w = [];
      for (let t = j.release; t < last; t++) w.push(j.powerKw * K[t] + j.vcpu * mu[r][t] + j.gpu * ga[r][t]);
      const fx =
        j.slots * h * (j.vcpu * g.instanceUsdPerVcpuHour + j.gpu * g.instanceUsdPerGpuHour) +
        (r !== j.home ? I.egressUsdPerGb * j.dataGb : 0);
      if (j.interruptible && j.sla !== 'urgent') best = Math.min(best, fx + cheapestInterrupted(w, j, j.release));
      else {
        let s = 0;
        for (let t = 0; t < w.length; t++) {
          s += w[t];
          if (t >= j.slots) s -= w[t - j.slots];
          if (t >= j.slots - 1)
            best = Math.min(best, fx + s + j.tardyUsdPerHour * h * Math.max(0, j.release + t + 1 - j.due));
        }
      }
    }
    const y = best - comp,
      z = sum + y;
    comp = z - sum - y;
    sum = z; // Kahan
  }
  return { valid: errors.length === 0, errors: errors.slice(0, 10), lowerBound: sum - rhs };
}
if (import.meta.url === pathToFileURL(process.argv[1] ?? '').href) {
  const r = bound(load(process.argv[2]), load(process.argv[3]));
  console.log(JSON.stringify(r));
  process.exit(r.valid ? 0 : 1);
}
