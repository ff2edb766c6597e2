/** Where the page begins. */
import { render } from 'preact';
import { startFeed } from './feed.js';
import { Page } from './page.js';
import { applyTheme, themeKept } from './theme.js';

applyTheme(themeKept());
startFeed();
render(<Page />, document.getElementById('page')!);
