/** Prompts are Markdown files in this folder. Each is named by its file and known by the SHA-256 of its text. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';

export interface Prompt {
  readonly name: string;
  readonly text: string;
  /** 64 hex digits; evidence of what a model was told. */
  readonly sha256: string;
}

const loaded = new Map<string, Prompt>();

/** File names without `.md`, in order. */
export const promptNames = (): string[] =>
  readdirSync(new URL('.', import.meta.url))
    .filter((file) => file.endsWith('.md'))
    .map((file) => file.slice(0, -3))
    .sort();

/** Throws Error for a name without a file: the names are ours, so that is a defect. */
export const loadPrompt = (name: string): Prompt => {
  const known = loaded.get(name);
  if (known) return known;
  if (!/^[a-z][a-z0-9-]*$/.test(name)) throw new Error(`"${name}" is no name of a prompt`);
  const text = readFileSync(new URL(`./${name}.md`, import.meta.url), 'utf8')
    .replaceAll('\r\n', '\n')
    .trim();
  const prompt = { name, text, sha256: createHash('sha256').update(text).digest('hex') };
  loaded.set(name, prompt);
  return prompt;
};
