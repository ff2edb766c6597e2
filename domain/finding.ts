/** What a look at the installation found of one of its parts. */
export interface Finding {
  readonly what: string;
  /** A part that is optional is *off*, one that was asked for and is not there is *missing*. */
  readonly state: 'ok' | 'off' | 'missing';
  readonly found: string;
  /** null where there is nothing to do */
  readonly remedy: string | null;
}
