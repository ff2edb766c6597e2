/**
 * Pictures of every view in light, dark and narrow, to be looked at: `npm run build && npx tsx dashboard/look.ts out/look [view …]`.
 * Into docs/ it makes the three that the README shows. Needs Chromium.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openBrowser, openScene, settled } from './fixtures/scene.js';

const [folder = 'out/look', ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const scene = await openScene();
const browser = await openBrowser();
const { ids } = scene;
const verifications = await scene.tool<{ verifications: { id: string }[] }>('list_verifications');
const views: Record<string, string> = {
  now: '#/now',
  approvals: '#/approvals',
  approval: `#/approvals/${ids.approval}`,
  plan: `#/plan/${ids.waitingPlan}`,
  compare: `#/compare?a=${ids.verifiedPlan}&b=${ids.waitingPlan}`,
  price: `#/price?plan=${ids.waitingPlan}`,
  proof: '#/proof',
  evidence: `#/proof/${verifications.verifications[0]?.id}`,
  savings: '#/savings',
  policy: '#/policy',
  chat: '#/chat',
};
const forReadme = folder === 'docs';
if (forReadme && wanted.length === 0) wanted.push('now', 'plan', 'evidence');
const every = {
  light: { width: 1360, height: 900, colorScheme: 'light' },
  dark: { width: 1360, height: 900, colorScheme: 'dark' },
  narrow: { width: 360, height: 780, colorScheme: 'light' },
} as const;
const one = { page: { width: 1120, height: 700, colorScheme: 'light' } } as const;
try {
  for (const [size, { colorScheme, ...viewport }] of Object.entries(forReadme ? one : every)) {
    const context = await browser.newContext({ viewport, colorScheme });
    const page = await context.newPage();
    page.on('pageerror', (error) => console.error(size, error.message));
    for (const [name, hash] of Object.entries(views)) {
      if (wanted.length > 0 && !wanted.includes(name)) continue;
      await page.goto(`${scene.url}/${hash}`);
      await settled(page).catch(() => console.error(`${name} ${size}: still loading`));
      await page.waitForTimeout(300);
      const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
      if (wide > 0) console.error(`${name} ${size}: ${wide} px too wide`);
      const file = forReadme ? `page-${name}.png` : `${name}-${size}.png`;
      await page.screenshot({ path: join(folder, file), fullPage: !forReadme });
    }
    await context.close();
  }
} finally {
  await browser.close();
  await scene.close();
}
