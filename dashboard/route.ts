/** Where the page is: `#/plan/P-1?job=x`. Every state that a person may want to send to somebody stands in the address. */
import { useEffect, useState } from 'preact/hooks';

export interface Route {
  readonly view: string;
  /** what the view shows, such as a plan; empty where none is named */
  readonly id: string;
  readonly query: Readonly<Record<string, string>>;
}

const decoded = (text: string): string => {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
};

export const parseRoute = (hash: string): Route => {
  const [path = '', search = ''] = hash.replace(/^#\/?/, '').split('?', 2);
  const [view = '', ...rest] = path.split('/');
  return {
    view: view === '' ? 'now' : view,
    id: decoded(rest.join('/')),
    query: Object.fromEntries(new URLSearchParams(search)),
  };
};

/** The address of a state; members that are undefined or empty are left out. */
export const linkTo = (view: string, id = '', query: Readonly<Record<string, string | undefined>> = {}): string => {
  const given = Object.entries(query).filter(
    (pair): pair is [string, string] => pair[1] !== undefined && pair[1] !== '',
  );
  const search = new URLSearchParams(given).toString();
  return `#/${view}${id === '' ? '' : `/${encodeURIComponent(id)}`}${search === '' ? '' : `?${search}`}`;
};

/** Goes there; `replace` for what a person would not want to step back through. */
export const goTo = (link: string, replace = false): void => {
  if (replace) {
    history.replaceState(null, '', link);
    dispatchEvent(new Event('hashchange'));
  } else location.hash = link;
};

export const useRoute = (): Route => {
  const [hash, setHash] = useState(location.hash);
  useEffect(() => {
    const heard = () => setHash(location.hash);
    addEventListener('hashchange', heard);
    return () => removeEventListener('hashchange', heard);
  }, []);
  return parseRoute(hash);
};

/** What an entry of the ledger is about, to the view that shows it: some ids say too little by themselves. */
const VIEW_OF_KIND: Readonly<Record<string, string>> = {
  'savings-claim': 'token',
  mint_kwhsave: 'token',
  import_meter: 'energy',
};
export const linkOfEntry = (kind: string, about: string): string | null =>
  VIEW_OF_KIND[kind] === undefined ? linkOfId(about) : linkTo(VIEW_OF_KIND[kind], about);

/** An id as documents name it, to the view that shows it; null for what no view shows. */
export const linkOfId = (id: string): string | null => {
  const view: Readonly<Record<string, string>> = {
    P: 'plan',
    V: 'proof',
    E: 'proof',
    A: 'approvals',
    D: 'approvals',
    R: 'approvals',
    S: 'policy',
  };
  const found = /^([A-Z])-[0-9A-Z]{8}$/.exec(id)?.[1];
  return found !== undefined && view[found] !== undefined ? linkTo(view[found], id) : null;
};
