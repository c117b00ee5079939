/** Writes a frame to the terminal cell by cell where it differs from the one before: few bytes over a slow link. */
import { widthOf } from '../sanitise.ts';

export interface Painter {
  /** The frame as ANSI lines. Gives the bytes to write, empty where nothing changed. */
  paint(frame: string): string;
  /** The terminal's content is not known any more: the next frame is written whole. */
  forget(): void;
}

interface Cell {
  /** Empty for the second half of a wide character. */
  text: string;
  style: string;
}

const TOKEN = /\u001b\[([0-9;:]*)m|\u001b\[[0-9;?]*[ -/]*[@-~]|([\s\S])/gu;
const SYNC_START = '\u001b[?2026h';
const SYNC_END = '\u001b[?2026l';

export function makePainter(): Painter {
  let shown: string[] | undefined;
  // The cells of the lines that are shown, parsed once.
  let cells: (Cell[] | undefined)[] = [];
  return {
    paint(frame) {
      const lines = frame.split('\n');
      let out = '';
      if (shown === undefined) {
        out += '\u001b[0m\u001b[2J';
        shown = [];
        cells = [];
      }
      const count = Math.max(lines.length, shown.length);
      for (let y = 0; y < count; y++) {
        const before = shown[y] ?? '';
        const after = lines[y] ?? '';
        if (before === after) continue;
        const next = cellsOf(after);
        out += paintLine(y, cells[y] ?? cellsOf(before), next);
        cells[y] = next;
      }
      shown = lines;
      return out === '' ? '' : `${SYNC_START}${out}${SYNC_END}`;
    },
    forget() {
      shown = undefined;
    },
  };
}

function paintLine(y: number, old: readonly Cell[], cells: readonly Cell[]): string {
  let from = 0;
  while (from < cells.length && from < old.length && same(cells[from]!, old[from]!)) from++;
  let to = cells.length;
  if (cells.length === old.length) while (to > from && same(cells[to - 1]!, old[to - 1]!)) to--;
  // Terminals differ on the width of wide characters: such a line is written whole, so that no error is left standing.
  if (cells.some((cell) => cell.text === '') || old.some((cell) => cell.text === '')) {
    from = 0;
    to = cells.length;
  }
  let out = `\u001b[${y + 1};${from + 1}H`;
  let style = '';
  for (let x = from; x < to; x++) {
    const cell = cells[x]!;
    if (cell.text === '') continue;
    if (cell.style !== style) {
      out += cell.style === '' ? '\u001b[0m' : `\u001b[0;${cell.style}m`;
      style = cell.style;
    }
    out += cell.text;
  }
  if (style !== '') out += '\u001b[0m';
  if (old.length > cells.length) out += '\u001b[K';
  return out;
}

function same(a: Cell, b: Cell): boolean {
  return a.text === b.text && a.style === b.style;
}

function cellsOf(line: string): Cell[] {
  const cells: Cell[] = [];
  const state = new Map<string, string>();
  let style = '';
  for (const match of line.matchAll(TOKEN)) {
    if (match[1] !== undefined) {
      applySgr(state, match[1]);
      style = [...state.values()].join(';');
      continue;
    }
    const text = match[2];
    if (text === undefined) continue;
    const width = widthOf(text);
    const last = cells.at(-1);
    if (width === 0 && last !== undefined) {
      const owner = last.text === '' ? cells[cells.length - 2] : last;
      if (owner) owner.text += text;
      continue;
    }
    cells.push({ text, style });
    if (width === 2) cells.push({ text: '', style });
  }
  return cells;
}

const SWITCHED_OFF: Readonly<Record<number, readonly string[]>> = {
  22: ['bold', 'dim'],
  23: ['italic'],
  24: ['underline'],
  27: ['inverse'],
  29: ['strike'],
  39: ['fg'],
  49: ['bg'],
};
const SWITCHED_ON: Readonly<Record<number, string>> = {
  1: 'bold',
  2: 'dim',
  3: 'italic',
  4: 'underline',
  7: 'inverse',
  9: 'strike',
};

function applySgr(state: Map<string, string>, parameters: string): void {
  const codes = parameters.split(/[;:]/).map(Number);
  for (let i = 0; i < codes.length; i++) {
    const code = codes[i]!;
    if (code === 0) state.clear();
    else if (code === 38 || code === 48) {
      const length = codes[i + 1] === 5 ? 3 : 5;
      state.set(code === 38 ? 'fg' : 'bg', codes.slice(i, i + length).join(';'));
      i += length - 1;
    } else if (SWITCHED_OFF[code]) for (const name of SWITCHED_OFF[code]) state.delete(name);
    else if (SWITCHED_ON[code]) state.set(SWITCHED_ON[code], String(code));
    else state.set((code >= 40 && code < 48) || code >= 100 ? 'bg' : 'fg', String(code));
  }
}
