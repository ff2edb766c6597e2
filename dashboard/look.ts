/**
 * Pictures of every view in light, dark, narrow and 4K, to be looked at: `npm run build && npx tsx dashboard/look.ts out/look [view …]`.
 * Into docs/ it makes the three that the README shows. Needs Chromium.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { openEvents } from './fixtures/events.js';
import { openBrowser, openRooms, openScene, type Served, settled } from './fixtures/scene.js';
import { openTrade } from './fixtures/trade.js';

const [folder = 'out/look', ...wanted] = process.argv.slice(2);
mkdirSync(folder, { recursive: true });
const forReadme = folder === 'docs';
if (forReadme && wanted.length === 0) wanted.push('now', 'plan', 'evidence');
const isWanted = (name: string) => wanted.length === 0 || wanted.includes(name);

const planned = async (): Promise<[Served, Record<string, string>]> => {
  const scene = await openScene();
  const { ids } = scene;
  const { verifications } = await scene.tool<{ verifications: { id: string }[] }>('list_verifications');
  return [
    scene,
    {
      now: '#/now',
      approvals: '#/approvals',
      approval: `#/approvals/${ids.approval}`,
      plan: `#/plan/${ids.waitingPlan}`,
      compare: `#/compare?a=${ids.verifiedPlan}&b=${ids.waitingPlan}`,
      price: `#/price?plan=${ids.waitingPlan}`,
      proof: '#/proof',
      evidence: `#/proof/${verifications[0]?.id}`,
      savings: '#/savings',
      policy: '#/policy',
      chat: '#/chat',
      missing: '#/nowhere',
    },
  ];
};
const rooms = async (): Promise<[Served, Record<string, string>]> => [
  await openRooms(),
  { energy: '#/energy', fleet: '#/fleet', settlement: '#/settlement', token: '#/token' },
];
/** Two programs trade first, which takes a minute. */
const market = async (): Promise<[Served, Record<string, string>]> => [
  await openTrade(),
  { market: '#/market', sold: '#/now' },
];
const events = async (): Promise<[Served, Record<string, string>]> => {
  const world = await openEvents();
  const answer = await fetch(`${world.url}/flexibility/events`);
  const all = ((await answer.json()) as { events: { id: string; asked: { ref: string } }[] }).events;
  const declined = all.find(({ asked }) => asked.ref.startsWith('TOO-DEEP'))!.id;
  const kept = all.find(({ asked }) => asked.ref === 'PEAK-1')!.id;
  return [world, { flexibility: `#/flexibility/${kept}`, declined: `#/flexibility/${declined}` }];
};
const WORLDS = [
  [
    planned,
    [
      'now',
      'approvals',
      'approval',
      'plan',
      'compare',
      'price',
      'proof',
      'evidence',
      'savings',
      'policy',
      'chat',
      'missing',
    ],
  ],
  [rooms, ['energy', 'fleet', 'settlement', 'token']],
  [market, ['market', 'sold']],
  [events, ['flexibility', 'declined']],
] as const;

const every = {
  light: { width: 1360, height: 900, colorScheme: 'light' },
  dark: { width: 1360, height: 900, colorScheme: 'dark' },
  narrow: { width: 360, height: 780, colorScheme: 'light' },
  wide: { width: 3840, height: 2160, colorScheme: 'light' },
} as const;
const one = { page: { width: 1120, height: 700, colorScheme: 'light' } } as const;

const browser = await openBrowser();
try {
  for (const [open, names] of WORLDS) {
    if (!names.some(isWanted)) continue;
    const [world, views] = await open();
    try {
      for (const [size, { colorScheme, ...viewport }] of Object.entries(forReadme ? one : every)) {
        const context = await browser.newContext({ viewport, colorScheme });
        const page = await context.newPage();
        page.setDefaultTimeout(120_000);
        page.on('pageerror', (error) => console.error(size, error.message));
        for (const [name, hash] of Object.entries(views)) {
          if (!isWanted(name)) continue;
          await page.goto(`${world.url}/${hash}`, { waitUntil: 'domcontentloaded' });
          await settled(page).catch(() => console.error(`${name} ${size}: still loading`));
          if (name === 'chat') {
            await page.getByRole('button', { name: 'How much did we save?' }).click();
            await page.locator('.told[aria-busy="false"]').first().waitFor();
          }
          await page.waitForTimeout(300);
          const wide = await page.evaluate<number>('document.documentElement.scrollWidth - innerWidth');
          if (wide > 0) console.error(`${name} ${size}: ${wide} px too wide`);
          const file = forReadme ? `page-${name}.png` : `${name}-${size}.png`;
          await page.screenshot({ path: join(folder, file), fullPage: !forReadme });
        }
        await context.close();
      }
    } finally {
      await world.close();
    }
  }
} finally {
  await browser.close();
}
