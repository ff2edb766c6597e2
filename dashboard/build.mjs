// Builds the page into a folder: index.html, page.js, page.css, each also compressed, and proof.html, which is one file that needs
// no server. Both are given their content by this step alone, so that a stricter policy than "what this server sends" can hold.
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { gzipSync } from 'node:zlib';
import { rolldown } from 'rolldown';

const here = dirname(fileURLToPath(import.meta.url));
const read = (name) => readFileSync(join(here, name), 'utf8');

/** Of the domain's files the page takes words and drops the schemas beside them: making one changes nothing else. */
const SCHEMAS = /[\\/](domain|zod|temporal-polyfill)[\\/]/;
const wordsOnly = {
  name: 'words-only',
  transform: (code, id) =>
    /[\\/]domain[\\/]/.test(id)
      ? code.replace("import { z } from 'zod'", "import { z as zod } from 'zod'").replaceAll(/\bz(?=\s*\.)/g, 'zod')
      : null,
};

/** A program of one file, minified. */
const bundled = async (entry) => {
  const bundle = await rolldown({
    input: join(here, entry),
    platform: 'browser',
    tsconfig: join(here, 'tsconfig.json'),
    transform: { define: { 'process.env.NODE_ENV': '"production"' } },
    plugins: [wordsOnly],
    treeshake: { moduleSideEffects: (id) => !SCHEMAS.test(id), manualPureFunctions: ['zod'] },
  });
  const { output } = await bundle.generate({ format: 'esm', minify: true, codeSplitting: false });
  await bundle.close();
  return output[0].code;
};

const minifiedCss = (css) =>
  css
    .replace(/\/\*[\s\S]*?\*\//g, '')
    .replace(/\s+/g, ' ')
    .replace(/ ?([{};,]) ?/g, '$1')
    .trim();

const hashOf = (text) => `'sha256-${createHash('sha256').update(text).digest('base64')}'`;

/** Throws where the sources cannot be read or bundled. Answers the sizes in bytes, raw and compressed. */
export const buildPage = async (folder) => {
  mkdirSync(folder, { recursive: true });
  const css = minifiedCss(
    `${read('style/base.css')}\n${read('style/parts.css')}\n${read('style/frame.css')}\n${read('style/views.css')}`,
  );
  const files = { 'page.js': await bundled('main.tsx'), 'page.css': css, 'index.html': read('page.html') };
  const sizes = {};
  for (const [name, text] of Object.entries(files)) {
    const packed = gzipSync(text, { level: 9 });
    writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, `${name}.gz`), packed);
    sizes[name] = { bytes: Buffer.byteLength(text), gzipBytes: packed.length };
  }
  const script = (await bundled('offline.tsx')).replaceAll('</script', '<\\/script');
  const style = minifiedCss(`${read('style/base.css')}\n${read('style/parts.css')}`);
  const policy = `default-src 'none'; script-src ${hashOf(script)}; style-src ${hashOf(style)}; base-uri 'none'; form-action 'none'`;
  const proof = read('proof.html')
    .replace('<!--policy-->', () => `<meta http-equiv="Content-Security-Policy" content="${policy}">`)
    .replace('<!--style-->', () => `<style>${style}</style>`)
    .replace('<!--script-->', () => `<script type="module">${script}</script>`);
  writeFileSync(join(folder, 'proof.html'), proof);
  sizes['proof.html'] = { bytes: Buffer.byteLength(proof), gzipBytes: gzipSync(proof, { level: 9 }).length };
  return sizes;
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  console.log(await buildPage(process.argv[2] ?? join(here, '../dist/dashboard')));
