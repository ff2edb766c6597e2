/** Kinds of work that have a word of their own. */

export const KINDS: Readonly<Record<string, string>> = {
  batch: 'batch',
  training: 'training',
  trainings: 'training',
  inference: 'inference',
  rendering: 'rendering',
  render: 'rendering',
  backup: 'backup',
  backups: 'backup',
  database: 'database',
  databases: 'database',
  etl: 'etl',
  analytics: 'analytics',
  reporting: 'reporting',
  report: 'report',
  reports: 'report',
  simulation: 'simulation',
  simulations: 'simulation',
  ci: 'ci',
  'ci/cd': 'ci',
  build: 'build',
  builds: 'build',
  interactive: 'interactive',
  payroll: 'payroll',
  notebook: 'notebook',
  notebooks: 'notebook',
  'ci-build': 'ci-build',
  streaming: 'streaming',
  indexing: 'indexing',
  hpc: 'hpc',
  transcoding: 'transcoding',
};
/** A word that names a kind of work by itself. */
export const isKnownKind = (kind: string): boolean => Object.values(KINDS).includes(kind);
/** Kinds that stand alone, without "jobs" behind them. */
export const ALONE =
  /\b(?:batch(?! window| calendar| policy| size)|databases?|backups?|(?<=\b(?:no|run|start|launch|schedule) )training\b(?! (?:jobs|runs|data|team))|(?:model |ml |ai )?training(?= (?:may|must|shall|should|can|has|is|starts?|runs?|and|or|up to|at most)\b)|rendering|renders|simulations|notebooks|ci builds?|builds|reports(?= (?:may|must|shall|should|can|are|have)\b)|payroll(?! data)|inference|analytics(?= (?:may|must|shall|should)\b))\b/g;
