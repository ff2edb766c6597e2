/** A plan's jobs on one canvas: scrolled, zoomed and walked by keyboard; tens of thousands of rows cost what is in sight. */
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { oneLine } from '../../domain/text.js';
import { useWidth } from '../chart/width.js';
import { coloursOf, draw, HEAD, labelWidth } from './draw.js';
import { type Grouping, isMoved, rowsOf, startOf } from './rows.js';
import type { PlanTable } from './table.js';

interface Props {
  readonly table: PlanTable;
  readonly by: Grouping;
  readonly team: string;
  readonly now: number;
  /** id of the job that is shown beside it */
  readonly selected: string | null;
  readonly onSelect: (id: string) => void;
}

const HEIGHT = 460;
const ROW_HEIGHTS = [2, 4, 7, 11, 16, 22];

interface Span {
  readonly from: number;
  readonly to: number;
}
const NARROWEST = 1800;

const zoomed = ({ from, to }: Span, around: number, factor: number, whole: Span): Span => {
  const span = Math.min(whole.to - whole.from, Math.max(NARROWEST, (to - from) * factor));
  return shifted(
    {
      from: around - ((around - from) / (to - from)) * span,
      to: around - ((around - from) / (to - from)) * span + span,
    },
    0,
    whole,
  );
};
const shifted = ({ from, to }: Span, by: number, whole: Span): Span => {
  const start = Math.min(Math.max(from + by, whole.from), Math.max(whole.from, whole.to - (to - from)));
  return { from: start, to: start + (to - from) };
};

const timeText = (at: number) =>
  Number.isFinite(at) ? `${new Date(at * 1000).toISOString().slice(0, 16).replace('T', ' ')} UTC` : 'no place';

/** With Ctrl it zooms around where it is, else it moves in time. */
const wheeled = (event: WheelEvent, span: Span, whole: Span, width: number): Span => {
  const left = labelWidth(width);
  const length = span.to - span.from;
  const at = span.from + ((event.offsetX - left) / Math.max(1, width - left)) * length;
  return event.ctrlKey
    ? zoomed(span, at, event.deltaY > 0 ? 1.25 : 0.8, whole)
    : shifted(span, ((event.deltaY || event.deltaX) / 600) * length, whole);
};

const saidOf = (table: PlanTable, job: number | null): string =>
  job === null || job < 0
    ? 'No job is chosen.'
    : `${oneLine(table.ids[job]!)}, team ${oneLine(table.names[table.team[job]!]!)}, ${isMoved(table, job) ? 'moved, ' : ''}starts ${timeText(startOf(table, job))}`;

interface ToolsProps {
  readonly size: number;
  readonly onSize: (size: number) => void;
  readonly onTime: (factor: number) => void;
  readonly onAll: () => void;
}

const Tools = ({ size, onSize, onTime, onAll }: ToolsProps) => (
  <div class="row tl-tools">
    <button type="button" onClick={() => onTime(0.5)} aria-label="Zoom in in time">
      Time +
    </button>
    <button type="button" onClick={() => onTime(2)} aria-label="Zoom out in time">
      Time −
    </button>
    <button
      type="button"
      disabled={size === ROW_HEIGHTS.length - 1}
      onClick={() => onSize(size + 1)}
      aria-label="Higher rows"
    >
      Rows +
    </button>
    <button type="button" disabled={size === 0} onClick={() => onSize(size - 1)} aria-label="Lower rows">
      Rows −
    </button>
    <button type="button" onClick={onAll}>
      All
    </button>
    <span class="legend">
      <i class="swatch c-after" aria-hidden="true" /> planned, moved <i class="swatch c-stays" aria-hidden="true" />{' '}
      stays <i class="swatch thin c-before" aria-hidden="true" /> where it would have run
    </span>
  </div>
);

/** Draws at most once a frame, however often it is asked to. */
const useFrame = (paint: () => void): (() => void) => {
  const pending = useRef(0);
  const latest = useRef(paint);
  latest.current = paint;
  const ask = () => {
    pending.current ||= requestAnimationFrame(() => {
      pending.current = 0;
      latest.current();
    });
  };
  useEffect(ask);
  useEffect(() => {
    addEventListener('themechange', ask);
    return () => {
      removeEventListener('themechange', ask);
      cancelAnimationFrame(pending.current);
      pending.current = 0;
    };
  }, []);
  return ask;
};

export const Timeline = ({ table, by, team, now, selected, onSelect }: Props) => {
  const [outer, width] = useWidth<HTMLDivElement>();
  const scroller = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const whole = useMemo(() => ({ from: table.from - 1800, to: table.to + 1800 }), [table]);
  const [span, setSpan] = useState<Span>(whole);
  const [size, setSize] = useState(3);
  const [walked, setWalked] = useState<number | null>(null);
  useEffect(() => setSpan(whole), [whole]);
  const rows = useMemo(
    () => rowsOf(table, by, team === '' ? () => true : (job) => table.names[table.team[job]!] === team),
    [table, by, team],
  );
  const rowHeight = ROW_HEIGHTS[size]!;
  const chosen = useMemo(() => (selected === null ? null : table.ids.indexOf(selected)), [table, selected]);
  const job = walked ?? (chosen === -1 ? null : chosen);

  const ask = useFrame(() => {
    const context = canvas.current?.getContext('2d');
    if (!context || width === 0) return;
    const ratio = devicePixelRatio || 1;
    if (canvas.current!.width !== Math.round(width * ratio)) {
      canvas.current!.width = Math.round(width * ratio);
      canvas.current!.height = Math.round(HEIGHT * ratio);
    }
    context.setTransform(ratio, 0, 0, ratio, 0, 0);
    draw(
      context,
      table,
      rows,
      { width, height: HEIGHT, rowHeight, top: scroller.current!.scrollTop, ...span, now, selected: job },
      coloursOf(canvas.current!),
    );
  });
  const reveal = (row: number) => {
    const box = scroller.current!;
    const y = row * rowHeight;
    if (y < box.scrollTop) box.scrollTop = y;
    else if (y + rowHeight * 2 > box.scrollTop + HEIGHT - HEAD) box.scrollTop = y - HEIGHT + HEAD + rowHeight * 2;
  };
  useEffect(() => {
    setWalked(null);
    if (chosen !== null && chosen >= 0 && rows.rowOf[chosen]! >= 0) reveal(rows.rowOf[chosen]!);
  }, [selected, rows]);

  const walk = (by: number) => {
    const here = job === null ? -1 : rows.rowOf[job]!;
    let row = here + by;
    while (row >= 0 && row < rows.jobs.length && rows.jobs[row]! < 0) row += Math.sign(by);
    row = Math.min(rows.jobs.length - 1, Math.max(0, row));
    if (rows.jobs[row]! < 0) return;
    setWalked(rows.jobs[row]!);
    reveal(row);
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const middle = (span.from + span.to) / 2;
    const step = (span.to - span.from) / 8;
    const deeds: Record<string, () => void> = {
      ArrowDown: () => walk(1),
      ArrowUp: () => walk(-1),
      PageDown: () => walk(20),
      PageUp: () => walk(-20),
      ArrowLeft: () => setSpan(shifted(span, -step, whole)),
      ArrowRight: () => setSpan(shifted(span, step, whole)),
      '+': () => setSpan(zoomed(span, middle, 0.5, whole)),
      '-': () => setSpan(zoomed(span, middle, 2, whole)),
      Enter: () => job !== null && onSelect(table.ids[job]!),
    };
    const deed = deeds[event.key];
    if (deed === undefined) return;
    event.preventDefault();
    deed();
  };
  const onWheel = (event: WheelEvent) => {
    if (!event.ctrlKey && !event.shiftKey) return;
    event.preventDefault();
    setSpan(wheeled(event, span, whole, width));
  };
  const onClick = (event: MouseEvent) => {
    const y = event.clientY - canvas.current!.getBoundingClientRect().top - HEAD + scroller.current!.scrollTop;
    const found = rows.jobs[Math.floor(y / rowHeight)];
    if (found !== undefined && found >= 0) onSelect(table.ids[found]!);
  };
  return (
    <div class="timeline" ref={outer}>
      <Tools
        onTime={(factor) => setSpan(zoomed(span, (span.from + span.to) / 2, factor, whole))}
        size={size}
        onSize={setSize}
        onAll={() => {
          setSpan(whole);
          setSize(0);
        }}
      />
      <div
        ref={scroller}
        class="tl-scroll"
        // biome-ignore lint/a11y/noNoninteractiveTabindex: it is walked by keyboard
        tabIndex={0}
        role="application"
        aria-label="Timeline of the jobs: arrows walk and move in time, plus and minus zoom, Enter opens"
        aria-describedby="tl-said"
        onScroll={ask}
        onKeyDown={onKeyDown}
        onWheel={onWheel}
        onClick={onClick}
        style={{ height: `${HEIGHT}px` }}
      >
        <canvas ref={canvas} style={{ width: `${width}px`, height: `${HEIGHT}px` }} />
        <div style={{ height: `${Math.max(0, rows.jobs.length * rowHeight + HEAD - HEIGHT)}px` }} />
      </div>
      <p id="tl-said" class="note" aria-live="polite">
        {saidOf(table, job)}
      </p>
    </div>
  );
};
