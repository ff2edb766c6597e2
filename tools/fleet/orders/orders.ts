/** Orders on somebody else's scheduler: its waiting jobs are given another start and are put back, each change written down first. */
export { type Book, BookRow, isTaken, Receipt } from './book.js';
export type { Desk, Free, Item, Left, Moves, Standing } from './desk.js';
export { placeOrder } from './place.js';
export { undoOrder } from './undo.js';
