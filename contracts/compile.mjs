// Compiles KWhSave.sol with the pinned compiler, without a network. `node contracts/compile.mjs` writes KWhSave.json anew; a test
// compiles again and compares, so that what is deployed is what is read here.
import { createHash } from 'node:crypto';
import { readFileSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { fileURLToPath } from 'node:url';

const require = createRequire(import.meta.url);
const SOURCE = 'KWhSave.sol';
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const sha256 = (text) => createHash('sha256').update(text).digest('hex');

export const compile = () => {
  const solc = require('solc');
  const content = readFileSync(here(SOURCE), 'utf8');
  // OpenZeppelin's Bytes.sol needs an opcode of Cancun; what the compiler takes by default is newer than some chains.
  const settings = { evmVersion: 'cancun', optimizer: { enabled: true, runs: 200 } };
  const input = {
    language: 'Solidity',
    sources: { [SOURCE]: { content } },
    settings: { ...settings, outputSelection: { '*': { '*': ['abi', 'evm.bytecode.object'] } } },
  };
  const imported = {};
  const found = (path) => {
    const contents = readFileSync(require.resolve(path), 'utf8');
    imported[path] = sha256(contents);
    return { contents };
  };
  const output = JSON.parse(solc.compile(JSON.stringify(input), { import: found }));
  const complaints = output.errors ?? [];
  if (complaints.length > 0) throw new Error(complaints.map(({ formattedMessage }) => formattedMessage).join('\n'));
  const { abi, evm } = output.contracts[SOURCE].KWhSave;
  return {
    contract: 'KWhSave',
    compiler: solc.version(),
    settings,
    sources: { [SOURCE]: sha256(content), ...Object.fromEntries(Object.entries(imported).sort()) },
    abi,
    bytecode: `0x${evm.bytecode.object}`,
  };
};

if (process.argv[1] === fileURLToPath(import.meta.url))
  writeFileSync(here('KWhSave.json'), `${JSON.stringify(compile(), null, 1)}\n`);
