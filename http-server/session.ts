/**
 * The page's session: a person shows a token once, and the browser keeps it in a cookie that no script can read. It ends with the
 * browser, with `DELETE /session`, or when the token is revoked; nothing of it is kept here, so that a restart ends none.
 */
import express, { type Request, Router } from 'express';
import { z } from 'zod';
import { sendProblem } from './problems.js';

/** One per port: browsers send a cookie to every port of a host. */
const nameOf = (req: Request) => `caco_session_${req.socket.localPort ?? 0}`;
const SECRET = /^[\w.~-]{1,200}$/;

/** The token of the page that asks, or undefined. */
export const secretOfPage = (req: Request): string | undefined => {
  const name = `${nameOf(req)}=`;
  const pair = (req.headers.cookie ?? '').split(/; */).find((part) => part.startsWith(name));
  const secret = pair?.slice(name.length);
  return secret !== undefined && SECRET.test(secret) ? secret : undefined;
};

/**
 * Whether a request that comes with the cookie is the page's own: a browser says so of itself, and what changes something carries a
 * header that no other origin may send without being asked first.
 */
export const isOwnPage = (req: Request): boolean => {
  const from = req.get('sec-fetch-site');
  if (from !== undefined && from !== 'same-origin' && from !== 'none') return false;
  return req.method === 'GET' || req.method === 'HEAD' || req.get('caco-page') === '1';
};

const Body = z.strictObject({ token: z.string().regex(SECRET) });

/** Taking a token up and laying it down: before anybody is asked who they are. */
export const sessionRoutes = (
  isGood: (secret: string) => Promise<boolean>,
  onWrong: (req: Request) => number,
): Router => {
  const router = Router();
  router.post('/session', express.json({ limit: 4096 }), async (req, res) => {
    if (!isOwnPage(req))
      return sendProblem(res, {
        status: 403,
        code: 'forbidden',
        detail: 'a session is opened by this server’s own page',
        remedy: 'Programs send `Authorization: Bearer TOKEN` with each request.',
      });
    const body = Body.safeParse(req.body);
    if (body.success && (await isGood(body.data.token))) {
      res.cookie(nameOf(req), body.data.token, { httpOnly: true, sameSite: 'strict', path: '/', secure: req.secure });
      return void res.status(204).end();
    }
    const waitSeconds = onWrong(req);
    if (waitSeconds > 0) res.set('Retry-After', String(waitSeconds));
    sendProblem(res, {
      status: waitSeconds > 0 ? 429 : 401,
      code: waitSeconds > 0 ? 'unavailable' : 'forbidden',
      detail: waitSeconds > 0 ? 'too many wrong tokens from this address' : 'the token is unknown, revoked or expired',
      remedy: 'Make one with `caco token create --scope approve --for NAME` and show it whole.',
    });
  });
  router.delete('/session', (req, res) => {
    if (isOwnPage(req)) res.clearCookie(nameOf(req), { httpOnly: true, sameSite: 'strict', path: '/' });
    res.status(204).end();
  });
  return router;
};
