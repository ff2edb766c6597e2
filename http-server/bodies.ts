/** Which bodies are taken: JSON, within bounds. */
import type { RequestHandler } from 'express';
import { refuse } from './problems.js';

/** What browsers can send without asking first (forms, plain text) is not accepted as a command. */
export const demandJson: RequestHandler = (req, res, next) => {
  const hasBody = req.headers['transfer-encoding'] !== undefined || Number(req.headers['content-length'] ?? 0) > 0;
  if (!hasBody || req.body !== undefined) return next();
  refuse(req, res, {
    status: 415,
    code: 'unsupported',
    detail: 'the body must be JSON',
    remedy: 'Send Content-Type: application/json.',
  });
};

/** Deeper than any document of ours; recursion through a body must end before the stack does. */
const MAX_DEPTH = 64;
const isDeeper = (value: unknown, left: number): boolean =>
  value !== null &&
  typeof value === 'object' &&
  (left === 0 || Object.values(value).some((inner) => isDeeper(inner, left - 1)));
export const limitDepth: RequestHandler = (req, res, next) => {
  if (!isDeeper(req.body, MAX_DEPTH)) return next();
  refuse(req, res, {
    status: 400,
    code: 'invalid-input',
    detail: `the body is nested more than ${MAX_DEPTH} deep`,
    remedy: 'Send it as GET /openapi.json describes it.',
  });
};
