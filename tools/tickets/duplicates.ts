/** Tickets that were filed twice after a lost answer. */
import type { Versioned } from '../../domain/store.js';
import { plusSeconds } from '../../domain/time.js';
import { toAdf } from './adf.js';
import { code, paragraph } from './document.js';
import { toMarkdown } from './markdown.js';
import { change, type Round, troubleOf, write } from './round.js';
import type { OutboxRow } from './ticket.js';

const REPAIR_AFTER_S = 900;

/** Once, well after a creation: several tickets with one key are made one. None is ever deleted. */
export const mergeDuplicates = async (round: Round, rows: readonly Versioned<OutboxRow>[]) => {
  for (const row of rows) {
    const { deliveredAt, ticketId } = row.value;
    if (round.stopped || row.value.repaired || deliveredAt === null || row.value.state !== 'delivered') continue;
    if (plusSeconds(deliveredAt, REPAIR_AFTER_S) > round.tracker.now()) continue;
    try {
      const open = (await round.tracker.find(ticketId)).filter((hit) => hit.open);
      const kept = open[0];
      for (const extra of open.slice(1)) {
        const note = [
          paragraph('Duplicate of ', code(kept!.ref), ', filed twice after a lost answer. CACO goes on there.'),
        ];
        await round.tracker.comment(extra.ref, {
          id: `${ticketId}:duplicate`,
          markdown: toMarkdown(note),
          adf: toAdf(note),
        });
        if (!extra.assigned && !(await round.tracker.close(extra.ref, 'not-wanted')))
          round.alerts.push(`${extra.ref} is a duplicate of ${kept!.ref} and has to be closed by hand`);
        round.repaired += 1;
      }
      if (kept) await change(round, ticketId, { ref: kept.ref, url: kept.url });
      await write(round, row, { repaired: true });
    } catch (error) {
      // The look will be repeated: nothing depends on it meanwhile.
      round.alerts.push(`${ticketId}: the look for duplicates failed: ${troubleOf(error).message}`);
      return;
    }
  }
};
