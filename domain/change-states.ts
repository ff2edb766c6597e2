/** How a change of a job stands, each state in words for people and for the schema. */
export const CHANGE_STATES = {
  rehearsed: 'would be moved; nothing was changed',
  intended: 'its move was begun, and the scheduler has not been asked since what became of it',
  made: 'moved, and read back so',
  'not-needed': 'runs as planned without a change',
  lost: 'started or ended before it could be moved',
  refused: 'the scheduler refused the move',
  left: 'not touched',
  undoing: 'its way back was begun, and the scheduler has not been asked since',
  undone: 'put back',
  kept: 'not put back: it has started, or somebody else changed it since',
} as const;
export type ChangeState = keyof typeof CHANGE_STATES;
