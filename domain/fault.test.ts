import { expect, it } from 'vitest';
import { Fault, invalid, notFound } from './fault.js';

it('a fault says what is wrong, what to do and, for programs, the details; its cause stays inside', () => {
  const cause = new Error('secret path');
  const fault = new Fault('unavailable', 'the disk is full', 'Make room.', { cause, details: { line: 7 } });
  expect(fault).toBeInstanceOf(Error);
  expect(fault.cause).toBe(cause);
  const said = { code: 'unavailable', message: 'the disk is full', remedy: 'Make room.', details: { line: 7 } };
  expect(JSON.parse(JSON.stringify(fault))).toEqual(said);
});

it('a fault without details has no such member', () => {
  expect(notFound('no plan', 'List them.').toJSON()).toEqual({
    code: 'not-found',
    message: 'no plan',
    remedy: 'List them.',
  });
  expect(invalid('bad', 'Mend it.', [1]).toJSON()).toMatchObject({ code: 'invalid-input', details: [1] });
});
