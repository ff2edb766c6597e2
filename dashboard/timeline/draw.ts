/** Draws the rows that are in sight, and only these: where each job would have run, and where the plan has it. */
import { oneLine } from '../../domain/text.js';
import { timeTicks, timeTickText } from '../chart/scale.js';
import type { Rows } from './rows.js';
import type { Pieces, PlanTable } from './table.js';

export interface Sight {
  readonly width: number;
  readonly height: number;
  readonly rowHeight: number;
  /** pixels that are scrolled away */
  readonly top: number;
  /** epoch seconds at the left and at the right */
  readonly from: number;
  readonly to: number;
  readonly now: number;
  readonly selected: number | null;
}

export interface Colours {
  readonly ink: string;
  readonly quiet: string;
  readonly line: string;
  readonly card: string;
  readonly soft: string;
  readonly before: string;
  readonly after: string;
  readonly stays: string;
  readonly accent: string;
}

export const HEAD = 24;
export const labelWidth = (width: number): number => Math.min(210, Math.round(width * 0.3));
/** Lower rows have no names: they would not be readable. */
const NAMED_FROM = 11;

export const coloursOf = (element: Element): Colours => {
  const style = getComputedStyle(element);
  const of = (name: string) => style.getPropertyValue(`--${name}`).trim();
  return {
    ...{ ink: of('ink'), quiet: of('quiet'), line: of('line'), card: of('card'), soft: of('soft') },
    ...{ before: of('before'), after: of('after'), stays: of('band'), accent: of('accent') },
  };
};

export const draw = (
  context: CanvasRenderingContext2D,
  table: PlanTable,
  rows: Rows,
  sight: Sight,
  colours: Colours,
): void => {
  const { width, height, rowHeight, top, from, to } = sight;
  const left = labelWidth(width);
  const x = (at: number) => left + ((at - from) / (to - from)) * (width - left);
  context.clearRect(0, 0, width, height);
  const first = Math.max(0, Math.floor(top / rowHeight));
  const last = Math.min(rows.jobs.length - 1, Math.ceil((top + height - HEAD) / rowHeight));
  const bar = Math.max(1, rowHeight - (rowHeight > 6 ? 4 : 1));

  const stripe = (pieces: Pieces, job: number, y: number, tall: number) => {
    for (let i = pieces.first[job]!; i < pieces.first[job + 1]!; i++) {
      const a = Math.max(left, x(pieces.start[i]!));
      const b = Math.min(width, x(pieces.end[i]!));
      if (b > left && a < width) context.fillRect(a, y, Math.max(1.5, b - a), tall);
    }
  };
  context.font = `${Math.min(12, Math.max(9, rowHeight - 2))}px system-ui, sans-serif`;
  context.textBaseline = 'middle';
  for (let row = first; row <= last; row++) {
    const y = HEAD + row * rowHeight - top;
    const job = rows.jobs[row]!;
    if (job < 0) {
      const group = rows.groups[-1 - job]!;
      context.fillStyle = colours.soft;
      context.fillRect(0, y, width, rowHeight);
      context.fillStyle = colours.ink;
      context.fillText(oneLine(`${group.name} · ${group.jobs} jobs, ${group.moved} moved`, 60), 8, y + rowHeight / 2);
      continue;
    }
    if (job === sight.selected) {
      context.fillStyle = colours.soft;
      context.fillRect(0, y, width, rowHeight);
      context.strokeStyle = colours.accent;
      context.strokeRect(0.5, y + 0.5, width - 1, rowHeight - 1);
    }
    const moved = table.baseline.first[job]! < table.baseline.first[job + 1]!;
    if (moved) {
      context.fillStyle = colours.before;
      stripe(table.baseline, job, y + rowHeight - 3, Math.min(2, rowHeight / 3));
    }
    context.fillStyle = moved ? colours.after : colours.stays;
    stripe(table.planned, job, y + 1, moved ? bar - 1 : bar);
    if (rowHeight >= NAMED_FROM) {
      context.fillStyle = colours.quiet;
      context.save();
      context.beginPath();
      context.rect(0, y, left - 8, rowHeight);
      context.clip();
      context.fillText(oneLine(table.ids[job]!, 60), 8, y + rowHeight / 2);
      context.restore();
    }
  }
  head(context, sight, colours, left, x);
};

const head = (
  context: CanvasRenderingContext2D,
  { width, height, from, to, now }: Sight,
  colours: Colours,
  left: number,
  x: (at: number) => number,
): void => {
  context.fillStyle = colours.card;
  context.fillRect(0, 0, width, HEAD);
  context.font = '11.5px system-ui, sans-serif';
  context.textAlign = 'center';
  for (const at of timeTicks(from * 1000, to * 1000, Math.max(2, (width - left) / 80))) {
    const place = Math.round(x(at / 1000)) + 0.5;
    context.strokeStyle = colours.line;
    context.beginPath();
    context.moveTo(place, HEAD);
    context.lineTo(place, height);
    context.stroke();
    context.fillStyle = colours.quiet;
    context.fillText(timeTickText(at), place, HEAD / 2);
  }
  context.textAlign = 'left';
  if (now > from && now < to) {
    context.strokeStyle = colours.ink;
    context.beginPath();
    context.moveTo(x(now), HEAD - 6);
    context.lineTo(x(now), height);
    context.stroke();
  }
};
