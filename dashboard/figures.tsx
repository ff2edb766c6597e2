/** Figures as the house says them, each with its unit and its interval, and a link to what it comes from. */
import type { ComponentChildren } from 'preact';
import type { Estimate } from '../domain/estimate.js';
import {
  change,
  countText,
  dayText,
  energyText,
  exact,
  figure,
  isNothing,
  massEstimateText,
  massText,
  moneyText,
  percentText,
  powerText,
} from '../domain/figures.js';
import type { Instant } from '../domain/time.js';
import { shortMomentText } from './chart/scale.js';

export { countText, energyText, exact, figure, massText, moneyText, percentText, powerText };

/** `7.40 t` and `6.10 to 8.70`, in one unit. */
const parted = (of: Estimate): readonly [string, string] => {
  const [value = '', range = ''] = massEstimateText(of).split(' (');
  return [value, range.replace(')', '')];
};

interface Linked {
  readonly href?: string | undefined;
  /** names the figure for those who hear it and for tests */
  readonly name: string;
}

const inLink = (href: string | undefined, name: string, content: ComponentChildren) =>
  href === undefined ? (
    <span class="figure" data-figure={name}>
      {content}
    </span>
  ) : (
    <a class="figure" data-figure={name} href={href} title="Where this comes from">
      {content}
    </a>
  );

/** kg CO2e with its interval. `undefined`: not known yet; null: not known. */
export const Mass = ({
  of,
  href,
  name,
  signed = false,
}: Linked & { of: Estimate | null | undefined; signed?: boolean }) => {
  if (of === undefined) return <span class="figure waits">…</span>;
  if (of === null) return <span class="figure">not known</span>;
  const sign = signed && of.value > 0 ? '+' : '';
  return inLink(
    href,
    name,
    <>
      <strong>
        {sign}
        {parted(of)[0]}
      </strong>
      {of.low === of.high ? null : (
        <small>
          {parted(of)[1]}, {exact(of.confidence * 100)} %
        </small>
      )}
    </>,
  );
};

/** A figure without an interval: what it is is written out. */
export const Said = ({
  text,
  note,
  href,
  name,
}: Linked & { text: string | null | undefined; note?: string | undefined }) =>
  text === undefined ? (
    <span class="figure waits">…</span>
  ) : (
    inLink(
      href,
      name,
      <>
        <strong>{text ?? 'not known'}</strong>
        {note === undefined ? null : <small>{note}</small>}
      </>,
    )
  );

/** A moment in UTC; the reader's own time on hover. */
export const Moment = ({ at, short = false }: { at: string; short?: boolean }) => (
  <time dateTime={at} title={`${new Date(at).toLocaleString()} here`}>
    {short ? shortMomentText(Date.parse(at)) : dayText(at as Instant)}
  </time>
);

/** `2 h 40 min ago`, `in 3 days`, from one moment to another; both by the world's clock. */
export const apartText = (at: string, now: string): string => {
  const minutes = Math.round((Date.parse(now) - Date.parse(at)) / 60_000);
  const size = Math.abs(minutes);
  const text =
    size < 1
      ? 'now'
      : size < 60
        ? `${size} min`
        : size < 60 * 48
          ? `${Math.floor(size / 60)} h${size % 60 === 0 ? '' : ` ${size % 60} min`}`
          : `${Math.round(size / 1440)} days`;
  return size < 1 ? text : minutes > 0 ? `${text} ago` : `in ${text}`;
};

/** A change of mass with its sign; nothing is neither more nor less. */
export const massChangeText = (kg: number): string => (isNothing(kg) ? massText(0) : change(massText(kg)));

/** Why a verified saving is another than the planned one, as the records name it, in words. */
const CAUSES: Readonly<Record<string, string>> = {
  'forecast error': 'the grid was cleaner or dirtier than foreseen',
  'execution drift': 'jobs ran at other hours than planned',
  'use drift': 'jobs used more or less energy than planned',
  overhead: 'what moving them took',
  'not separable': 'what cannot be told apart: a step between plan and outcome is not known',
  'not verified': 'jobs of which nobody knows what they did',
};

export const Cause = ({ name }: { name: string }) => (
  <>
    {name}
    {CAUSES[name] === undefined ? null : (
      <>
        <br />
        <small>{CAUSES[name]}</small>
      </>
    )}
  </>
);
