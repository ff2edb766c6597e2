/** What changed of a task, as the protocol tells it. Streams and push addresses hear the same, since both are told what was kept. */
import type { StreamResponse, Task } from '@a2a-js/sdk';

const same = (a: unknown, b: unknown): boolean => JSON.stringify(a) === JSON.stringify(b);

/** null before: the task begins. Artefacts come before the state that speaks of them. */
export const eventsBetween = (before: Task | null, after: Task): StreamResponse[] => {
  if (before === null) return [{ payload: { $case: 'task', value: after } }];
  const { id: taskId, contextId } = after;
  const about = { taskId, contextId, metadata: undefined };
  const known = new Map(before.artifacts.map((artifact) => [artifact.artifactId, artifact]));
  const events: StreamResponse[] = [];
  for (const artifact of after.artifacts)
    if (!same(known.get(artifact.artifactId), artifact))
      events.push({
        payload: { $case: 'artifactUpdate', value: { ...about, artifact, append: false, lastChunk: true } },
      });
  if (!same(before.status, after.status))
    events.push({ payload: { $case: 'statusUpdate', value: { ...about, status: after.status } } });
  return events;
};
