/** What a page of a PDF paints, glyph by glyph: where each stands, how large it is, and what strikes it out, hides or covers it. */
import { HIDDEN, STRUCK } from './content.js';

/** Lengths in points, from the upper left corner of the page as it is shown. */
export interface Glyph {
  readonly text: string;
  readonly x: number;
  /** where the next one is expected */
  readonly end: number;
  /** the base line, counted downward */
  readonly y: number;
  readonly size: number;
  readonly aside?: string;
  /** the page says itself that this is a header, a footer or a page number */
  readonly isFurniture?: boolean;
}

interface Bar {
  readonly left: number;
  readonly right: number;
  readonly top: number;
  readonly bottom: number;
  /** painted after so many glyphs */
  readonly after: number;
  readonly color: string;
}

export interface Painted {
  readonly glyphs: readonly Glyph[];
  /** a picture covers most of it, as a scan does */
  readonly isScanned: boolean;
}

type Matrix = readonly [number, number, number, number, number, number];
interface Operators {
  readonly fnArray: readonly number[];
  readonly argsArray: readonly unknown[];
}
export interface PdfPage {
  getOperatorList(): Promise<Operators>;
  getViewport(o: { scale: number }): { transform: readonly number[]; width: number; height: number };
  commonObjs: { has(name: string): boolean; get(name: string): unknown };
}

const times = (m: Matrix, [a, b, c, d, e, f]: Matrix): Matrix => [
  m[0] * a + m[2] * b,
  m[1] * a + m[3] * b,
  m[0] * c + m[2] * d,
  m[1] * c + m[3] * d,
  m[0] * e + m[2] * f + m[4],
  m[1] * e + m[3] * f + m[5],
];
const UNIT: Matrix = [1, 0, 0, 1, 0, 0];
const matrixOf = (value: unknown): Matrix => {
  const numbers = Object.values(
    (Array.isArray(value) && typeof value[0] === 'object' ? value[0] : value) as ArrayLike<number>,
  );
  return numbers.length >= 6 ? (numbers.slice(0, 6).map(Number) as unknown as Matrix) : UNIT;
};

interface Graphics {
  ctm: Matrix;
  fill: string;
  stroke: string;
  width: number;
  /** it lets what is beneath it be seen */
  isGlassy: boolean;
  size: number;
  font: string;
  letter: number;
  word: number;
  scale: number;
  rise: number;
  leading: number;
  mode: number;
}

const TURNED = 'turned text: a watermark, a stamp or a note on the margin';
const EM = 1000;

/** `ops` are the codes of pdf.js by their names. */
export const paintedOn = async (page: PdfPage, ops: Readonly<Record<string, number>>): Promise<Painted> => {
  const { fnArray, argsArray } = await page.getOperatorList();
  const painter = new Painter(page);
  const names = new Map(Object.entries(ops).map(([name, code]) => [code, name]));
  for (const [i, code] of fnArray.entries())
    painter.apply(names.get(code) ?? '', (argsArray[i] ?? []) as unknown[], ops);
  return painter.painted();
};

class Painter {
  readonly #glyphs: (Glyph & { readonly color: string; readonly mode: number })[] = [];
  readonly #bars: Bar[] = [];
  readonly #stack: Graphics[] = [];
  #g: Graphics;
  #text: Matrix = UNIT;
  #line: Matrix = UNIT;
  readonly #page: { width: number; height: number };
  #isScanned = false;
  /** within the appearance of an annotation, which is told of by itself */
  #annotations = 0;
  readonly #marked: boolean[] = [];
  readonly #widths = new Map<string, number>();

  constructor(private readonly page: PdfPage) {
    const { transform, width, height } = page.getViewport({ scale: 1 });
    this.#page = { width, height };
    this.#g = {
      ctm: transform as unknown as Matrix,
      fill: '#000000',
      stroke: '#000000',
      width: 1,
      isGlassy: false,
      size: 0,
      font: '',
      letter: 0,
      word: 0,
      scale: 1,
      rise: 0,
      leading: 0,
      mode: 0,
    };
  }

  apply(name: string, args: unknown[], ops: Readonly<Record<string, number>>): void {
    const g = this.#g;
    const number = Number(args[0] ?? 0);
    switch (name) {
      case 'save':
        this.#stack.push({ ...g });
        return;
      case 'restore':
        this.#g = this.#stack.pop() ?? g;
        return;
      case 'transform':
        g.ctm = times(g.ctm, matrixOf(args));
        return;
      case 'paintFormXObjectBegin':
        this.#stack.push({ ...g });
        if (args[0]) g.ctm = times(g.ctm, matrixOf(args[0]));
        return;
      case 'paintFormXObjectEnd':
        this.#g = this.#stack.pop() ?? g;
        return;
      case 'beginAnnotation':
        this.#annotations++;
        return;
      case 'endAnnotation':
        this.#annotations--;
        return;
      case 'beginMarkedContent':
      case 'beginMarkedContentProps':
        this.#marked.push(String((args[0] as { name?: string } | undefined)?.name ?? args[0]) === 'Artifact');
        return;
      case 'endMarkedContent':
        this.#marked.pop();
        return;
      case 'setGState':
        for (const [key, value] of (args[0] ?? []) as [string, unknown][]) {
          if (key === 'ca') g.isGlassy = Number(value) < 0.95;
          if (key === 'BM' && value !== 'source-over' && value !== 'Normal') g.isGlassy = true;
        }
        return;
      case 'setFillRGBColor':
        g.fill = String(args[0]);
        return;
      case 'setStrokeRGBColor':
        g.stroke = String(args[0]);
        return;
      case 'setFillColorN':
      case 'shadingFill':
        g.fill = 'pattern';
        return;
      case 'setLineWidth':
        g.width = number;
        return;
      case 'constructPath':
        this.#path(args, ops);
        return;
      case 'paintImageXObject':
      case 'paintInlineImageXObject':
      case 'paintImageMaskXObject':
        this.#image();
        return;
      default:
        this.#textual(name, args, number);
    }
  }

  #textual(name: string, args: unknown[], number: number): void {
    const g = this.#g;
    switch (name) {
      case 'beginText':
        this.#text = UNIT;
        this.#line = UNIT;
        return;
      case 'setFont':
        g.font = String(args[0]);
        g.size = Number(args[1] ?? 0);
        return;
      case 'setCharSpacing':
        g.letter = number;
        return;
      case 'setWordSpacing':
        g.word = number;
        return;
      case 'setHScale':
        g.scale = number / 100;
        return;
      case 'setTextRise':
        g.rise = number;
        return;
      case 'setLeading':
        g.leading = -number;
        return;
      case 'setTextRenderingMode':
        g.mode = number;
        return;
      case 'setTextMatrix':
        this.#line = matrixOf(args);
        this.#text = this.#line;
        return;
      case 'moveText':
        this.#move(number, Number(args[1] ?? 0));
        return;
      case 'setLeadingMoveText':
        g.leading = Number(args[1] ?? 0);
        this.#move(number, Number(args[1] ?? 0));
        return;
      case 'nextLine':
        this.#move(0, g.leading);
        return;
      case 'showText':
        this.#show((args[0] ?? []) as (number | ShownGlyph)[]);
        return;
    }
  }

  #move(x: number, y: number): void {
    this.#line = times(this.#line, [1, 0, 0, 1, x, y]);
    this.#text = this.#line;
  }

  /** Widths are thousandths of the font's size, but for fonts that are drawings, which have a scale of their own. */
  #unit(font: string): number {
    let unit = this.#widths.get(font);
    if (unit === undefined) {
      const known = this.page.commonObjs.has(font)
        ? (this.page.commonObjs.get(font) as { isType3Font?: boolean; fontMatrix?: number[] })
        : undefined;
      unit = known?.isType3Font ? Math.abs(known.fontMatrix?.[0] ?? 1 / EM) : 1 / EM;
      this.#widths.set(font, unit);
    }
    return unit;
  }

  #show(shown: readonly (number | ShownGlyph)[]): void {
    const g = this.#g;
    const unit = this.#unit(g.font);
    for (const item of shown) {
      if (typeof item === 'number') {
        this.#text = times(this.#text, [1, 0, 0, 1, (-item * g.size * g.scale) / EM, 0]);
        continue;
      }
      const advance = (item.width * unit * g.size + g.letter + (item.isSpace ? g.word : 0)) * g.scale;
      const at = times(g.ctm, times(this.#text, [1, 0, 0, 1, 0, g.rise]));
      const next = times(this.#text, [1, 0, 0, 1, advance, 0]);
      const end = times(g.ctm, next);
      this.#text = next;
      if (this.#annotations > 0) continue;
      const size = Math.hypot(at[2], at[3]) * Math.abs(g.size);
      const isTurned = Math.abs(at[1]) > 0.02 * Math.hypot(at[0], at[1]) || at[0] < 0;
      this.#glyphs.push({
        text: item.unicode,
        x: at[4],
        end: end[4],
        y: at[5],
        size,
        color: g.mode === 1 ? g.stroke : g.fill,
        mode: g.mode,
        ...(isTurned ? { aside: TURNED } : {}),
        ...(this.#marked.includes(true) ? { isFurniture: true } : {}),
      });
    }
  }

  #path(args: unknown[], ops: Readonly<Record<string, number>>): void {
    const [kind, , bounds] = args as [number, unknown, ArrayLike<number> | undefined];
    if (!bounds || this.#annotations > 0) return;
    const isFilled = [ops.fill, ops.eoFill, ops.fillStroke, ops.eoFillStroke].includes(kind);
    const isStroked = [ops.stroke, ops.closeStroke, ops.fillStroke, ops.eoFillStroke].includes(kind);
    const { ctm, isGlassy, width } = this.#g;
    if ((!isFilled && !isStroked) || (isGlassy && !isStroked)) return;
    const corners = [
      [bounds[0]!, bounds[1]!],
      [bounds[2]!, bounds[3]!],
    ].map(([x, y]) => times(ctm, [1, 0, 0, 1, x!, y!]));
    const half = isStroked && !isFilled ? (width * Math.hypot(ctm[0], ctm[1])) / 2 : 0;
    const [xs, ys] = [corners.map((c) => c[4]), corners.map((c) => c[5])];
    const bar = {
      left: Math.min(...xs),
      right: Math.max(...xs),
      top: Math.min(...ys) - half,
      bottom: Math.max(...ys) + half,
      after: this.#glyphs.length,
      color: isFilled ? this.#g.fill : this.#g.stroke,
    };
    // The frame of a stroked box covers nothing.
    if (isFilled || bar.bottom - bar.top < 4) this.#bars.push(bar);
  }

  #image(): void {
    const { ctm } = this.#g;
    const area = Math.abs(ctm[0] * ctm[3] - ctm[1] * ctm[2]);
    if (area > 0.5 * this.#page.width * this.#page.height) this.#isScanned = true;
  }

  painted(): Painted {
    const glyphs = this.#glyphs.map(({ color, mode, ...glyph }, i): Glyph => {
      if (glyph.aside !== undefined || glyph.text.trim() === '') return glyph;
      const middle = (glyph.x + glyph.end) / 2;
      const over = this.#bars.filter((bar) => bar.left <= middle && middle <= bar.right);
      const isStruck = over.some(
        (bar) =>
          bar.bottom - bar.top < 0.2 * glyph.size &&
          bar.right - bar.left > 0.4 * glyph.size &&
          (bar.top + bar.bottom) / 2 < glyph.y - 0.14 * glyph.size &&
          (bar.top + bar.bottom) / 2 > glyph.y - 0.52 * glyph.size,
      );
      if (isStruck) return { ...glyph, aside: STRUCK };
      const waist = glyph.y - 0.3 * glyph.size;
      const beneath = over.filter(
        (bar) => bar.top <= waist && waist <= bar.bottom && bar.bottom - bar.top > 0.6 * glyph.size,
      );
      const isCovered = beneath.some((bar) => bar.after > i && bar.top < glyph.y - 0.5 * glyph.size);
      const ground = beneath.filter((bar) => bar.after <= i).at(-1)?.color ?? '#ffffff';
      const isOff = middle < 0 || middle > this.#page.width || glyph.y < 0 || glyph.y > this.#page.height;
      const isUnseen =
        isOff ||
        glyph.size < 1.5 ||
        (mode === 3 && !this.#isScanned) ||
        (mode !== 3 && !this.#isScanned && isAlike(color, ground));
      return isCovered || isUnseen ? { ...glyph, aside: HIDDEN } : glyph;
    });
    return { glyphs, isScanned: this.#isScanned };
  }
}

interface ShownGlyph {
  readonly unicode: string;
  readonly width: number;
  readonly isSpace: boolean;
}

/** Too close for an eye to tell the letter from its ground. */
const isAlike = (a: string, b: string): boolean => {
  const [p, q] = [a, b].map((hex) =>
    /^#([\da-f]{2})([\da-f]{2})([\da-f]{2})$/i
      .exec(hex)
      ?.slice(1)
      .map((part) => Number.parseInt(part, 16)),
  );
  return p !== undefined && q !== undefined && p.every((value, i) => Math.abs(value - q[i]!) <= 12);
};
