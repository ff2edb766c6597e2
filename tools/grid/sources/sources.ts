/**
 * The door of the sources. The program's settings are read through it at every start, so it loads the list alone; what opens
 * sources and files comes with the first that is opened.
 */

import type { readHistory as read } from './history-file.js';
import type { openGrid as open } from './open.js';
import type { openSignalFile as openFile } from './signal-file.js';

export type { HistoryFile } from './history-file.js';
export { CHOICES, readChoice, SOURCE_SETTINGS } from './list.js';
export type { OpenedGrid } from './open.js';
export type { SignalFile } from './signal-file.js';

/** The world's Grid, from the sources that are chosen. */
export const openGrid = async (...given: Parameters<typeof open>): ReturnType<typeof open> =>
  (await import('./open.js')).openGrid(...given);

/** A signal file for one question, without a world. */
export const openSignalFile = async (...given: Parameters<typeof openFile>): Promise<ReturnType<typeof openFile>> =>
  (await import('./signal-file.js')).openSignalFile(...given);

/** A signal file as history, to train and test forecasts on. */
export const readHistory = async (...given: Parameters<typeof read>): Promise<ReturnType<typeof read>> =>
  (await import('./history-file.js')).readHistory(...given);

/** The recording that ships, as history. */
export const recordedHistory = async () => {
  const { readRecording, shippedRecording } = await import('./recorded.js');
  return readRecording(shippedRecording());
};

/** The formats of signal files that are known by name, as tables in Markdown. */
export const formatTables = async (): Promise<string> => (await import('./formats-page.js')).formatTables();
