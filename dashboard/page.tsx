/** The frame around every view: where one is, whose data this is and how old, whether the server is heard, and who is signed in. */
import { useEffect, useRef, useState } from 'preact/hooks';
import type { Session, Status } from './answers.js';
import { callTool, getJson } from './client.js';
import { refresh, useFact } from './facts.js';
import { type Line, onLine } from './feed.js';
import { Moment } from './figures.js';
import { linkTo, type Route, useRoute } from './route.js';
import { SignIn } from './sign-in.js';
import { Shown } from './states.js';
import { keepTheme, THEMES, themeKept } from './theme.js';
import { VIEWS } from './views.js';

/** How the status begins of a clock that does not run. */
const STANDS = 'time stands';
/** Between two looks at a world whose clock runs, when nothing is heard. */
const LIVE_LOOK_MS = 60_000;

const LineState = () => {
  const [line, setLine] = useState<Line>({ state: 'joining' });
  useEffect(() => onLine(setLine), []);
  const text = {
    joining: 'connecting …',
    open: 'live',
    broken:
      'remedy' in line && line.remedy !== null
        ? `The server has trouble: ${line.why}. ${line.remedy} Figures are as they were.`
        : 'The server is away; reconnecting. Figures are as they were.',
    refused: 'Not let in: sign in again.',
  }[line.state];
  return (
    <span
      class={`line-state ${line.state}`}
      role="status"
      title={'why' in line ? line.why : 'Changes appear by themselves.'}
    >
      <i aria-hidden="true" /> {text}
    </span>
  );
};

const ThemeChoice = () => {
  const [theme, setTheme] = useState(themeKept());
  return (
    <label class="theme">
      <span class="unseen">Colours</span>
      <select
        value={theme}
        onChange={(event) => {
          const chosen = THEMES.find((one) => one === event.currentTarget.value) ?? 'system';
          keepTheme(chosen);
          setTheme(chosen);
          dispatchEvent(new Event('themechange'));
        }}
      >
        <option value="system">Colours: system</option>
        <option value="light">Light</option>
        <option value="dark">Dark</option>
      </select>
    </label>
  );
};

/** Where the data comes from stands above every view: nobody shall take a simulation for their cluster. */
const Provenance = ({ status }: { status: Status }) => {
  const kind = /simulated/i.test(status.dataNote) ? 'simulated' : status.clock.startsWith(STANDS) ? 'recorded' : 'live';
  const ages = status.signals.flatMap((s) => (s.ageHours === null ? [] : [s.ageHours]));
  const oldest = ages.length === 0 ? null : Math.max(...ages);
  return (
    <details class="provenance">
      <summary>
        <b class={`badge ${kind}`}>{kind}</b>
        <span>
          now <Moment at={status.now} />
        </span>
        <span>
          {oldest === null
            ? 'no signal'
            : `signals ${oldest === 0 ? 'of this hour' : `${Math.round(oldest * 10) / 10} h old`}`}
        </span>
        <span class="where">{status.scenario.split(':')[0]}</span>
      </summary>
      <p>
        {status.scenario}. {status.dataNote}
      </p>
      <p>{status.clock}</p>
      {status.signals.map((s) => (
        <p key={s.region}>
          <b>{s.region}</b>: {s.source}
          {s.trouble === null ? '' : ` – ${s.trouble}`}
        </p>
      ))}
    </details>
  );
};

const Navigation = ({ view, rooms }: { view: string; rooms: readonly string[] }) => (
  <nav aria-label="Views">
    <a class="brand" href={linkTo('now')} aria-label="CACO, to the view Now">
      <svg viewBox="0 0 16 16" width="22" height="22" aria-hidden="true">
        <path d="M1 11l4-6 3 4 3-7 4 9z" />
      </svg>
      CACO
    </a>
    <ul>
      {VIEWS.filter(
        (one) => one.title !== null && (one.room === undefined || rooms.includes(one.room) || one.name === view),
      ).map((one) => (
        <li key={one.name}>
          <a href={linkTo(one.name)} aria-current={one.name === view ? 'page' : undefined}>
            {one.title}
          </a>
        </li>
      ))}
    </ul>
  </nav>
);

const Shell = ({ route }: { route: Route }) => {
  const status = useFact('status', () => callTool<Status>('get_status'));
  const session = useFact('session', () => getJson<Session>('session'));
  const isLive = status.value?.clock.startsWith(STANDS) === false;
  useEffect(() => {
    // Forecasts come and ages grow without anybody's deed.
    const timer = isLive ? setInterval(refresh, LIVE_LOOK_MS) : undefined;
    return () => clearInterval(timer);
  }, [isLive]);
  const main = useRef<HTMLElement>(null);
  const shown = VIEWS.find((one) => one.name === route.view);
  const first = useRef(true);
  useEffect(() => {
    document.title = `${shown?.title ?? 'CACO'} · CACO`;
    // Whoever hears the page is taken to what has changed; at the first view the browser's own order holds.
    if (!first.current) main.current?.focus();
    first.current = false;
    scrollTo(0, 0);
  }, [route.view, route.id]);
  const refused = status.trouble?.status === 401 || session.trouble?.status === 401;
  return (
    <>
      <button type="button" class="skip" onClick={() => main.current?.focus()}>
        To the content
      </button>
      <Navigation view={route.view} rooms={status.value?.rooms ?? []} />
      <header class="top">
        {status.value === undefined ? <span /> : <Provenance status={status.value} />}
        <div class="tools">
          <LineState />
          <ThemeChoice />
          <SignIn session={session.value} open={refused} />
        </div>
      </header>
      <main id="main" ref={main} tabIndex={-1}>
        {refused ? null : (
          <Shown fact={status} what="the server">
            {(value) =>
              shown === undefined ? (
                <NotThere route={route} />
              ) : (
                <shown.View route={route} status={value} session={session.value} />
              )
            }
          </Shown>
        )}
      </main>
    </>
  );
};

const NotThere = ({ route }: { route: Route }) => (
  <div class="view">
    <h1>There is no view “{route.view.slice(0, 60)}”</h1>
    <p>
      <a href={linkTo('now')}>To the view Now</a>
    </p>
  </div>
);

export const Page = () => <Shell route={useRoute()} />;
