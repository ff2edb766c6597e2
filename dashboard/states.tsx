/** What stands where facts are not there yet, are none, or could not be had; always with the next step. */
import type { ComponentChildren } from 'preact';
import type { Trouble } from './client.js';
import { type Fact, refresh } from './facts.js';

export const Loading = ({ what }: { what: string }) => (
  <p class="state loading" role="status">
    Looking up {what} …
  </p>
);

export const Empty = ({ title, children }: { title: string; children?: ComponentChildren }) => (
  <div class="state empty">
    <p>
      <strong>{title}</strong>
    </p>
    {children}
  </div>
);

export const Failed = ({ trouble }: { trouble: Trouble }) => (
  <div class="state failed" role="alert">
    <p>
      <strong>{trouble.message}</strong>
    </p>
    <p>{trouble.remedy}</p>
    <button type="button" onClick={refresh}>
      Try again
    </button>
  </div>
);

/** The value once it is there; an older one stays with a word of what went wrong since. */
export const Shown = <T,>({
  fact,
  what,
  children,
}: {
  fact: Fact<T>;
  what: string;
  children: (value: T) => ComponentChildren;
}) => {
  if (fact.value === undefined)
    return fact.trouble === null ? <Loading what={what} /> : <Failed trouble={fact.trouble} />;
  return (
    <>
      {fact.trouble === null ? null : (
        <p class="state old" role="status">
          Not up to date: {fact.trouble.message} <small>{fact.trouble.remedy}</small>
        </p>
      )}
      {children(fact.value)}
    </>
  );
};

/** A command that can be pasted. */
export const Command = ({ text }: { text: string }) => (
  <code class="command">
    <span>{text}</span>
    <button type="button" aria-label={`Copy ${text}`} onClick={() => void navigator.clipboard?.writeText(text)}>
      Copy
    </button>
  </code>
);

export const Card = ({
  title,
  id,
  aside,
  children,
}: {
  title: string;
  id?: string;
  aside?: ComponentChildren;
  children: ComponentChildren;
}) => (
  <section class="card" aria-labelledby={id ?? slug(title)}>
    <header>
      <h2 id={id ?? slug(title)}>{title}</h2>
      {aside === undefined ? null : <div class="aside">{aside}</div>}
    </header>
    {children}
  </section>
);

const slug = (text: string): string => `t-${text.toLowerCase().replace(/[^a-z0-9]+/g, '-')}`;

/** What may be larger than its place; whoever has no mouse scrolls it with the arrow keys. */
export const Scroll = ({ name, children }: { name: string; children: ComponentChildren }) => (
  // biome-ignore lint/a11y/noNoninteractiveTabindex: without it the keyboard does not reach what is scrolled away
  <section class="scroll" tabIndex={0} aria-label={name}>
    {children}
  </section>
);
