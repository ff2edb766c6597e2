/** Policy reading without a model: a text of ten pages, and how the time grows with its length. Run: npx tsx bench/policy.ts */
import { readPolicy } from '../offline.js';
import { keep, rounded } from './results.js';

const SECTION = (n: number) => `
## Team team-${n}

1. Workloads of the team-${n} team that process customer personal data must run in eu-west-1 or eu-north-1 only.
2. Batch jobs of the team-${n} team may be postponed by up to ${(n % 12) + 1} hours, but never past their deadline.
3. No batch job may start between 16:00 and 19:00 on weekdays, except on Fridays.
4. The ceiling of the team-${n} team is ${100 + n} kg CO2e per calendar month; its budget is £${2 + (n % 9)},500 per month.
5. When a plan is forecast to exceed 80% of the ceiling, the head of platform has to approve it.
6. Silver services may wait up to 30 minutes, and anything expensive needs sign-off.

We care about the climate, and this section explains why. Electricity is cleanest when the wind blows; work that can wait
should therefore wait. The team keeps its own notes on what it learned, and shares them with others once a quarter.

| Class | Maximum delay |
|---|---|
| Silver | 30 minutes |
| Bronze | ${n + 1} h |
`;

/** A page holds about 3000 characters. */
const pages = (count: number, first: number): string => {
  let text = '# Sustainable compute standard\n';
  for (let n = first; text.length < count * 3000; n++) text += SECTION(n);
  return text.slice(0, count * 3000);
};

const seconds = (text: string): number => {
  const before = process.cpuUsage();
  readPolicy(text, { doc: 'bench.md', tz: 'Europe/London' });
  const { user, system } = process.cpuUsage(before);
  return (user + system) / 1e6;
};

/** A different text each time, so that nothing is remembered from the run before. */
const median = (count: number): number => {
  const runs = Array.from({ length: 5 }, (_, i) => seconds(pages(count, 1000 * (i + 1) + count))).sort((a, b) => a - b);
  return runs[2]!;
};

const cold = seconds(pages(10, 0));
const ten = median(10);
const twenty = median(20);
const text = pages(10, 0);
const read = readPolicy(text, { doc: 'bench.md', tz: 'Europe/London' });
keep('policy', {
  pages: 10,
  characters: text.length,
  sentences: read.sentences,
  constraints: read.constraints.length,
  firstOfProcessCpuSeconds: rounded(cold, 3),
  cpuSeconds: rounded(ten, 3),
  twentyPagesToTen: rounded(twenty / ten),
  targets: { seconds: 1 },
});
