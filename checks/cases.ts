/**
 * Inputs from practice that were read or answered wrongly once. Their folder stands beside a checkout and is not shipped; a test
 * takes each folder by its listing, so that a case that is new fails until it is said what is right for it.
 */
import { existsSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const CASES = fileURLToPath(new URL('../../shared/cases/', import.meta.url));

/** The path of a case, by its folder and name. */
export const caseFile = (name: string): string => join(CASES, name);

/** The cases of some folders, each as `folder/name`. None where the folder is not here, which is then said aloud. */
export const casesIn = (...folders: readonly string[]): string[] => {
  if (existsSync(CASES))
    return folders.flatMap((folder) => readdirSync(join(CASES, folder)).map((name) => `${folder}/${name}`));
  console.warn(`Not tested here: cases from practice (${folders.join(', ')}); there is no folder ${CASES}.`);
  return [];
};
