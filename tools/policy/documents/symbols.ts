/** Signs of fonts that show other signs than their codes say: Adobe's Symbol encoding, as far as a rule may need it. */

const SYMBOL: Readonly<Record<number, string>> = {
  34: '∀',
  36: '∃',
  45: '−',
  160: '€',
  162: '′',
  163: '≤',
  164: '⁄',
  165: '∞',
  171: '↔',
  172: '←',
  173: '↑',
  174: '→',
  175: '↓',
  176: '°',
  177: '±',
  178: '″',
  179: '≥',
  180: '×',
  183: '•',
  184: '÷',
  185: '≠',
  186: '≡',
  187: '≈',
  188: '…',
  208: '∠',
  210: '®',
  211: '©',
  212: '™',
  213: '∏',
  214: '√',
  215: '⋅',
  216: '¬',
  217: '∧',
  218: '∨',
  226: '®',
  227: '©',
  228: '™',
  229: '∑',
};
const GREEK = 'ΑΒΧΔΕΦΓΗΙϑΚΛΜΝΟΠΘΡΣΤΥςΩΞΨΖ';
const WINGDINGS: Readonly<Record<number, string>> = {
  108: '•',
  110: '▪',
  113: '❑',
  118: '❖',
  167: '▪',
  216: '➢',
  224: '→',
  240: '⇨',
  252: '✓',
  251: '✗',
  254: '☑',
  253: '☒',
  168: '☐',
  111: '☐',
};

/** Fonts of signs put their codes into U+F000 to U+F0FF. What is not known here comes back as U+FFFD, the sign for a sign that could not be read. */
export const symbolOf = (font: string, code: number): string => {
  if (!Number.isInteger(code) || code < 0 || code > 0x10ffff) return '\ufffd';
  const low = code >= 0xf000 && code <= 0xf0ff ? code - 0xf000 : code;
  if (/^symbol/i.test(font)) {
    if (SYMBOL[low] !== undefined) return SYMBOL[low];
    if (low >= 0x41 && low <= 0x5a) return GREEK[low - 0x41]!;
    if (low >= 0x61 && low <= 0x7a) return GREEK[low - 0x61]!.toLowerCase();
    return low >= 0x20 && low < 0x7f ? String.fromCharCode(low) : '\ufffd';
  }
  if (/wingdings/i.test(font)) return WINGDINGS[low] ?? '\ufffd';
  // A letter font may be named for any character; its codes mean what they say.
  return code >= 0xe000 && code <= 0xf8ff ? '\ufffd' : String.fromCodePoint(code);
};
