/**
 * Series over one time axis in panels below each other, with a cross-hair that reads all of them at one moment, by mouse, touch or
 * arrow keys. The picture is one image to a screen reader, named by its finding; the same values stand in a table beside it.
 */
import { useId, useMemo, useState } from 'preact/hooks';
import { Scroll } from '../states.js';
import { band, path, type Scale, scale, shortMomentText, ticks, timeTicks, timeTickText } from './scale.js';
import { useWidth } from './width.js';

export interface Series {
  readonly name: string;
  /** class of its colour and stroke */
  readonly look: string;
  readonly shape: 'line' | 'step' | 'area';
  /** value of the step that begins at each place of the axis; null: unknown */
  readonly values: readonly (number | null)[];
  readonly low?: readonly (number | null)[];
  readonly high?: readonly (number | null)[];
  readonly say: (value: number) => string;
}

export interface Panel {
  readonly title: string;
  readonly height: number;
  readonly series: readonly Series[];
  /** a limit across the panel */
  readonly limit?: { readonly value: number; readonly text: string } | null;
  readonly say: (value: number) => string;
}

export interface Mark {
  readonly at: number;
  readonly until?: number;
  readonly text: string;
  readonly look: string;
  readonly href?: string;
}

interface Props {
  readonly finding: string;
  /** epoch milliseconds at which each step begins */
  readonly times: readonly number[];
  readonly stepMs: number;
  readonly now: number;
  readonly panels: readonly Panel[];
  readonly marks?: readonly Mark[];
  /** more lines of the read-out, such as what was foreseen earlier */
  readonly more?: (index: number) => readonly string[];
}

const LEFT = 52;
const RIGHT = 12;
const GAP = 26;
const LANE = 20;

const extent = ({ series, limit }: Panel): [number, number] => {
  const all = series
    .flatMap((s) => [...s.values, ...(s.low ?? []), ...(s.high ?? [])])
    .filter((v): v is number => v !== null);
  if (limit) all.push(limit.value);
  const high = all.reduce((a, b) => Math.max(a, b), 0);
  const low = all.reduce((a, b) => Math.min(a, b), 0);
  return [low, high === low ? low + 1 : high * 1.06];
};

const PanelPicture = ({
  panel,
  top,
  x,
  times,
  stepMs,
}: {
  panel: Panel;
  top: number;
  x: Scale;
  times: readonly number[];
  stepMs: number;
}) => {
  const [low, high] = extent(panel);
  const y = scale(low, high, top + panel.height, top);
  const right = x(x.to);
  const points = (values: readonly (number | null)[]) => [
    ...values.map((value, i) => ({ x: x(times[i]!), y: value === null ? null : y(value) })),
    // The last step has a length, too.
    ...(values.length > 0
      ? [{ x: x(times[values.length - 1]! + stepMs), y: values.at(-1) == null ? null : y(values.at(-1)!) }]
      : []),
  ];
  return (
    <g>
      <text class="panel-title" x={LEFT} y={top - 8}>
        {panel.title}
      </text>
      {ticks(low, high, Math.max(2, panel.height / 36)).map((tick) => (
        <g key={tick}>
          <line class="grid" x1={LEFT} x2={right} y1={y(tick)} y2={y(tick)} />
          <text class="tick" x={LEFT - 6} y={y(tick) + 4} text-anchor="end">
            {panel.say(tick)}
          </text>
        </g>
      ))}
      {panel.series.map((s) => (
        <g key={s.name} class={s.look}>
          {s.low && s.high ? <path class="band" d={band(points(s.low), points(s.high))} /> : null}
          {s.shape === 'area' ? (
            <path class="area" d={band(points(s.values.map((v) => (v === null ? null : 0))), points(s.values))} />
          ) : null}
          <path class="stroke" d={path(points(s.values), s.shape !== 'line')} />
        </g>
      ))}
      {panel.limit ? (
        <g class="limit">
          <line x1={LEFT} x2={right} y1={y(panel.limit.value)} y2={y(panel.limit.value)} />
          <text x={right - 4} y={y(panel.limit.value) - 4} text-anchor="end">
            {panel.limit.text}
          </text>
        </g>
      ) : null}
    </g>
  );
};

const Marks = ({ marks, x, top }: { marks: readonly Mark[]; x: Scale; top: number }) => (
  <g>
    {marks.map((mark) => {
      const left = Math.max(LEFT, x(mark.at));
      const width = Math.max(6, mark.until === undefined ? 6 : x(mark.until) - left);
      return (
        <g key={`${mark.at} ${mark.text}`} class={`mark ${mark.look}`}>
          <rect x={left} y={top} width={width} height={12} rx={3} />
        </g>
      );
    })}
  </g>
);

/** The marks in words, each a link to what it stands for. */
const MarkList = ({ marks }: { marks: readonly Mark[] }) => (
  <ul class="mark-list" aria-label="On this axis">
    {marks.map((mark) => (
      <li key={`${mark.at} ${mark.text}`} class={mark.look}>
        <i class="swatch" aria-hidden="true" />{' '}
        {mark.href === undefined ? mark.text : <a href={mark.href}>{mark.text}</a>}
      </li>
    ))}
  </ul>
);

/** What all panels say of one step. */
const ReadOut = ({
  at,
  index,
  panels,
  more,
}: {
  at: number;
  index: number;
  panels: readonly Panel[];
  more: readonly string[];
}) => (
  <div class="read-out" aria-live="polite">
    <time dateTime={new Date(at).toISOString()} title={`${new Date(at).toLocaleString()} here`}>
      {timeTickText(at).length > 5 ? `${timeTickText(at)} 00:00` : shortMomentText(at)} UTC
    </time>
    {panels.flatMap((panel) =>
      panel.series.map((s) => {
        const value = s.values[index];
        const [low, high] = [s.low?.[index], s.high?.[index]];
        return (
          <span key={`${panel.title} ${s.name}`} class={s.look}>
            <i class="swatch" aria-hidden="true" /> {s.name} <b>{value == null ? 'not known' : s.say(value)}</b>
            {low == null || high == null ? '' : ` (${s.say(low)} to ${s.say(high)})`}
          </span>
        );
      }),
    )}
    {more.map((line) => (
      <span key={line}>{line}</span>
    ))}
  </div>
);

const Table = ({ times, panels }: { times: readonly number[]; panels: readonly Panel[] }) => {
  const [open, setOpen] = useState(false);
  const all = panels.flatMap((panel) => panel.series);
  return (
    <details onToggle={(event) => setOpen(event.currentTarget.open)}>
      <summary>Show as a table</summary>
      {open ? (
        <Scroll name="Values of the chart">
          <table>
            <thead>
              <tr>
                <th scope="col">UTC</th>
                {all.map((s) => (
                  <th scope="col" key={s.name}>
                    {s.name}
                  </th>
                ))}
              </tr>
            </thead>
            <tbody>
              {times.map((at, i) => (
                <tr key={at}>
                  <th scope="row">{new Date(at).toISOString().slice(0, 16).replace('T', ' ')}</th>
                  {all.map((s) => (
                    <td key={s.name}>{s.values[i] == null ? '–' : s.say(s.values[i]!)}</td>
                  ))}
                </tr>
              ))}
            </tbody>
          </table>
        </Scroll>
      ) : null}
    </details>
  );
};

export const TimeChart = ({ finding, times, stepMs, now, panels, marks = [], more }: Props) => {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [held, setHeld] = useState<number | null>(null);
  const id = useId();
  const from = times[0] ?? now;
  const to = (times.at(-1) ?? now) + stepMs;
  const x = scale(from, to, LEFT, Math.max(LEFT + 40, width - RIGHT));
  const atNow = times.findIndex((at) => now >= at && now < at + stepMs);
  const index = Math.min(times.length - 1, Math.max(0, held ?? (atNow < 0 ? 0 : atNow)));
  const tops = useMemo(
    () => panels.map((_, i) => GAP + panels.slice(0, i).reduce((sum, p) => sum + p.height + GAP, 0)),
    [panels],
  );
  const bottom = (tops.at(-1) ?? 0) + (panels.at(-1)?.height ?? 0);
  const seen = marks.filter((m) => (m.until ?? m.at) >= from && m.at <= to);
  const height = bottom + 22 + (seen.length > 0 ? LANE : 0);
  const point = (event: PointerEvent) => {
    const box = ref.current!.getBoundingClientRect();
    setHeld(Math.floor((x.back(event.clientX - box.left) - from) / stepMs));
  };
  const onKeyDown = (event: KeyboardEvent) => {
    const step = { ArrowLeft: -1, ArrowRight: 1, PageUp: -12, PageDown: 12 }[event.key];
    if (step === undefined && event.key !== 'Home' && event.key !== 'End') return;
    event.preventDefault();
    setHeld(
      event.key === 'Home'
        ? 0
        : event.key === 'End'
          ? times.length - 1
          : Math.min(times.length - 1, Math.max(0, index + step!)),
    );
  };
  return (
    <figure class="chart" aria-labelledby={id}>
      <figcaption id={id}>{finding}</figcaption>
      {times.length === 0 ? null : (
        <ReadOut at={times[index]!} index={index} panels={panels} more={more?.(index) ?? []} />
      )}
      <div
        ref={ref}
        class="plot"
        tabIndex={0}
        role="slider"
        aria-label={`Moment that is read; ${finding}`}
        aria-valuemin={0}
        aria-valuemax={Math.max(0, times.length - 1)}
        aria-valuenow={index}
        aria-valuetext={times.length === 0 ? 'nothing' : new Date(times[index]!).toISOString().slice(0, 16)}
        onKeyDown={onKeyDown}
        onPointerMove={point}
        onPointerDown={point}
        onPointerLeave={() => setHeld(null)}
      >
        {width === 0 ? null : (
          <svg width={width} height={height} aria-hidden="true" focusable="false">
            {timeTicks(from, to, Math.max(2, (width - LEFT) / 76)).map((at) => (
              <g key={at}>
                <line class="grid" x1={x(at)} x2={x(at)} y1={GAP} y2={bottom} />
                <text class="tick" x={x(at)} y={bottom + 15} text-anchor="middle">
                  {timeTickText(at)}
                </text>
              </g>
            ))}
            {panels.map((panel, i) => (
              <PanelPicture key={panel.title} panel={panel} top={tops[i]!} x={x} times={times} stepMs={stepMs} />
            ))}
            {seen.length > 0 ? <Marks marks={seen} x={x} top={bottom + 22} /> : null}
            {now >= from && now <= to ? (
              <g class="now">
                <line x1={x(now)} x2={x(now)} y1={GAP - 4} y2={bottom} />
                <text x={x(now) + 4} y={GAP + 15}>
                  now
                </text>
              </g>
            ) : null}
            {times.length === 0 ? null : (
              <line
                class="cross"
                x1={x(times[index]! + stepMs / 2)}
                x2={x(times[index]! + stepMs / 2)}
                y1={GAP}
                y2={bottom}
              />
            )}
          </svg>
        )}
      </div>
      {seen.length > 0 ? <MarkList marks={seen} /> : null}
      <Table times={times} panels={panels} />
    </figure>
  );
};
