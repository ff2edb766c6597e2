/** Schemas and pages are frozen: a change of a tool shows here, and `npx tsx mcp-server/document.ts` accepts it. */
import { readFileSync } from 'node:fs';
import { expect, test } from 'vitest';
import { PAGE, SNAPSHOT, schemasText, toolsMarkdown, withTools } from './document.js';

const ANEW = 'it is stale: npx tsx mcp-server/document.ts writes it anew';

test('the frozen schemas and docs/tools.md are those of the registry', async () => {
  const [schemas, page] = await withTools(async (tools) => [await schemasText(tools), await toolsMarkdown(tools)]);
  const frozen = JSON.parse(readFileSync(SNAPSHOT, 'utf8')) as Record<string, unknown>;
  const current = JSON.parse(schemas!) as Record<string, unknown>;
  const changed = [...new Set([...Object.keys(frozen), ...Object.keys(current)])].filter(
    (name) => JSON.stringify(frozen[name]) !== JSON.stringify(current[name]),
  );
  expect(changed, `${SNAPSHOT}: ${ANEW}`).toEqual([]);
  expect(readFileSync(PAGE, 'utf8') === page, `${PAGE}: ${ANEW}`).toBe(true);
});
