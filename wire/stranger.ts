/** Whether a stranger's URL may be asked, told before anything is sent: for addresses that are kept now and asked later. */
import { isPublic, type NotPublic, refusePrivateHost, systemResolve } from './addresses.js';
import type { Ask } from './ask.js';
import { Broken } from './broken.js';
import { urlOf } from './request.js';
import { faultOf } from './trouble.js';

/**
 * Throws Fault (`refused`) for what is no URL of HTTP, holds credentials, or leads anywhere but to the public internet. A name that is
 * not known now is let pass: when it is asked, the connection is held to the same rule.
 */
export const requirePublic = async (ask: Pick<Ask, 'who' | 'url' | 'own' | 'resolve'>): Promise<URL> => {
  const url = urlOf({ chosenBy: 'stranger', ...ask });
  if ((ask.own ?? []).includes(url.origin)) return url;
  const refused = (why: string) =>
    faultOf(new Broken('address', false, why), { where: `${ask.who} at ${url.host}`, what: 'POST', remedies: {} });
  try {
    refusePrivateHost(url);
  } catch (error) {
    throw refused((error as NotPublic).message);
  }
  const found = await (ask.resolve ?? systemResolve)(url.hostname.replace(/^\[|\]$/g, ''), {}).catch(() => []);
  if (!found.every(({ address }) => isPublic(address)))
    throw refused('its name leads to an address that is not public');
  return url;
};
