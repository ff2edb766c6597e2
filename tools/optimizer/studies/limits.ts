/** On the limitations of carbon-aware temporal shifting (Sukprasert et al., EuroSys 2024): what shifting in time can save at most. */
import { letsWaitAwhile, letsWaitAwhileInterrupting, runImmediately, View } from '../baselines/baselines.js';
import { buildModel } from '../engine/engine.js';
import { numberOf, type StudyData } from './data.js';
import { LIMITS, LIMITS_CASES } from './published.js';
import { answerOf, kgOf, row, type StudyAnswer, type StudyRow, type TraceJob, traceProblem } from './study.js';

const LENGTHS = [1, 6, 24, 168] as const;
const SLACKS = [24, 168, 720] as const;

export const limits = (data: StudyData, onProgress: (done: number, total: number) => void = () => {}): StudyAnswer => {
  const zones = Object.keys(LIMITS);
  const table = data.table('carbon/em-2022/hourly_123_zones.csv', zones);
  const rows: StudyRow[] = [];
  zones.forEach((zone, z) => {
    const actual = Float64Array.from(table, (cells) => numberOf(cells[z]!));
    const hours = actual.length;
    for (const length of LENGTHS)
      for (const slack of SLACKS) {
        // One job for each hour of arrival; its window ends with the year at the latest.
        const trace: TraceJob[] = Array.from({ length: hours - length }, (_, release) => ({
          release,
          slots: length,
          deadline: Math.min(hours, release + slack + length),
          kw: 1,
        }));
        const model = buildModel(traceProblem(actual, 1, trace));
        const view = new View(model);
        const now = kgOf(model, runImmediately.run(view));
        const published = LIMITS[zone]![LIMITS_CASES.findIndex(([j, s]) => j === length && s === slack)];
        for (const [mode, policy] of [letsWaitAwhile, letsWaitAwhileInterrupting].entries()) {
          const saving = 100 * (1 - kgOf(model, policy.run(view)) / now);
          const name = `${zone} ${length} h, slack ${slack} h, ${mode === 0 ? 'not interrupted' : 'interrupted'}`;
          rows.push(row(name, published?.[mode] ?? null, saving, 0.006, { unit: '%', variant: 'as-published' }));
        }
        onProgress(rows.length, zones.length * LENGTHS.length * SLACKS.length * 2);
      }
  });
  return answerOf(
    {
      study: 'limits',
      title: 'The most that shifting in time can save, by zone, length and slack',
      source:
        'Sukprasert et al., On the Limitations of Carbon-Aware Temporal and Spatial Workload Shifting, EuroSys 2024',
      notes: [
        'Perfect foresight and no limit on capacity: upper bounds. A saving above them on these data is a mistake.',
        'Rows without a published figure are computed in the same way; the study’s own table of them is not part of the data.',
      ],
    },
    rows,
  );
};
