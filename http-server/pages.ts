/** The page for people: files of a folder, under a policy that lets nothing in from elsewhere and no script but the page's own. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import express, { type RequestHandler, Router } from 'express';

const POLICY = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self'",
  "img-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

const TYPES: Readonly<Record<string, string>> = { js: 'text/javascript', css: 'text/css', html: 'text/html' };

/** Files that were compressed when the page was built are sent so to whoever takes them. */
export const pagesOf = (folder: string): RequestHandler => {
  const router = Router();
  router.use((req, res, next) => {
    if (req.method !== 'GET' && req.method !== 'HEAD') return next('router');
    const name = req.path === '/' ? '/index.html' : req.path;
    if (!/^\/[a-z]+\.(html|js|css|svg)$/.test(name)) return next('router');
    // Checking a proof needs no server: the file for it is taken away, not opened here.
    if (name === '/proof.html') res.attachment('caco-proof.html');
    const packed = `${name}.gz`;
    res.vary('Accept-Encoding');
    if (!req.acceptsEncodings('gzip') || !existsSync(join(folder, packed))) return next();
    res
      .set('Content-Encoding', 'gzip')
      .type(TYPES[name.slice(name.lastIndexOf('.') + 1)] ?? 'application/octet-stream');
    req.url = packed;
    next();
  });
  router.use(
    express.static(folder, {
      index: 'index.html',
      setHeaders: (res) => {
        res.setHeader('Content-Security-Policy', POLICY);
        res.setHeader('Cache-Control', 'no-cache');
      },
    }),
  );
  return router;
};
