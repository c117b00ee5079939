/** blessed-contrib's braille canvas, driven off-screen: lines in dot coordinates in, rows of toned text out. */
import { createRequire } from 'node:module';
import { type Row, type Segment, toned } from '../frame/row.ts';
import type { Theme, Tone } from '../theme.ts';

/** The part of the canvas context that is used: a 2D context whose pixels are braille dots. */
interface Context {
  strokeStyle: number;
  beginPath(): void;
  moveTo(x: number, y: number): void;
  lineTo(x: number, y: number): void;
  stroke(): void;
  readonly _canvas: {
    /** One byte a cell: the dots of its braille character. */
    readonly content: Uint8Array;
    /** The SGR sequence that the cell was last drawn with. */
    readonly colors: readonly (string | null | undefined)[];
    set(x: number, y: number): void;
  };
}

type CanvasConstructor = new (width: number, height: number) => { getContext(): Context };

let loaded: CanvasConstructor | undefined;

/** Only the canvas is loaded, when the first chart is drawn: no widget, and no blessed screen. */
function canvasConstructor(): CanvasConstructor {
  if (loaded === undefined) {
    const own = createRequire(import.meta.url);
    const fromContrib = createRequire(own.resolve('blessed-contrib'));
    loaded = (fromContrib('drawille-canvas-blessed-contrib') as { readonly Canvas: CanvasConstructor }).Canvas;
  }
  return loaded;
}

export interface BrailleCanvas {
  /** Dots across: two a column. */
  readonly dotsWide: number;
  /** Dots down: four a row. */
  readonly dotsHigh: number;
  /** A connected line through the points `[x, y]`, in dots; each is clamped to the canvas. */
  line(points: readonly (readonly [number, number])[], tone: Tone): void;
  rows(theme: Theme): Row[];
}

// By how many dots are set, without Unicode.
const ASCII_DENSITY = [' ', '.', '.', ':', ':', '+', '+', '*', '#'];

export function makeCanvas(columns: number, height: number): BrailleCanvas {
  const dotsWide = columns * 2;
  const dotsHigh = height * 4;
  const context = new (canvasConstructor())(dotsWide, dotsHigh).getContext();
  const tones: Tone[] = [];
  const clamp = (value: number, limit: number): number =>
    Number.isNaN(value) ? 0 : Math.max(0, Math.min(limit - 1, Math.round(value)));
  return {
    dotsWide,
    dotsHigh,
    line(points, tone) {
      if (!tones.includes(tone)) tones.push(tone);
      // The canvas keeps an SGR sequence with this number in it: it names the tone, not a colour.
      context.strokeStyle = tones.indexOf(tone);
      context.beginPath();
      for (const [i, [x, y]] of points.entries()) {
        if (i === 0) context.moveTo(clamp(x, dotsWide), clamp(y, dotsHigh));
        else context.lineTo(clamp(x, dotsWide), clamp(y, dotsHigh));
      }
      context.stroke();
      const [only] = points;
      if (points.length === 1 && only) context._canvas.set(clamp(only[0], dotsWide), clamp(only[1], dotsHigh));
    },
    rows(theme) {
      const { content, colors } = context._canvas;
      return Array.from({ length: height }, (_, y) => {
        const segments: Segment[] = [];
        for (let x = 0; x < columns; x++) {
          const at = y * columns + x;
          const dots = content[at]!;
          const text =
            dots === 0 ? ' ' : theme.glyphs.ascii ? ASCII_DENSITY[bits(dots)]! : String.fromCharCode(0x2800 + dots);
          const tone: Tone =
            dots === 0 ? 'plain' : (tones[Number(/5;(\d+)m/.exec(colors[at] ?? '')?.[1] ?? 0)] ?? 'plain');
          const last = segments.at(-1);
          if (last?.tone === tone) segments[segments.length - 1] = toned(tone, last.text + text);
          else segments.push(toned(tone, text));
        }
        return segments;
      });
    },
  };
}

function bits(value: number): number {
  let count = 0;
  for (let rest = value; rest > 0; rest >>= 1) count += rest & 1;
  return count;
}
