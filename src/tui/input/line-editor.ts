/** One line of text being typed: a pure function of what there is and the key. */
import { clean } from '../sanitise.ts';
import type { Key } from './keys.ts';

export interface LineState {
  readonly text: string;
  /** An index into `text`. */
  readonly cursor: number;
}

export const EMPTY_LINE: LineState = { text: '', cursor: 0 };

export function lineOf(text: string): LineState {
  return { text, cursor: text.length };
}

/** Undefined where the key does nothing to a line. */
export function editLine(line: LineState, key: Key): LineState | undefined {
  const { text, cursor } = line;
  switch (key.name) {
    case 'Left':
      return { text, cursor: before(text, cursor) };
    case 'Right':
      return { text, cursor: after(text, cursor) };
    case 'Home':
      return { text, cursor: 0 };
    case 'End':
    case 'C-e':
      return { text, cursor: text.length };
    case 'Backspace':
      return spliced(text, before(text, cursor), cursor, '');
    case 'Delete':
      return spliced(text, cursor, after(text, cursor), '');
    case 'C-u':
      return spliced(text, 0, cursor, '');
    case 'C-k':
      return spliced(text, cursor, text.length, '');
    case 'C-w':
      return spliced(text, /\S*\s*$/.exec(text.slice(0, cursor))!.index, cursor, '');
    default:
      return key.text === '' ? undefined : spliced(text, cursor, cursor, clean(key.text));
  }
}

export function spliced(text: string, from: number, to: number, inserted: string): LineState {
  return { text: text.slice(0, from) + inserted + text.slice(to), cursor: from + inserted.length };
}

function before(text: string, cursor: number): number {
  const code = text.charCodeAt(cursor - 1);
  return Math.max(0, cursor - (code >= 0xdc00 && code < 0xe000 ? 2 : 1));
}

function after(text: string, cursor: number): number {
  const code = text.charCodeAt(cursor);
  return Math.min(text.length, cursor + (code >= 0xd800 && code < 0xdc00 ? 2 : 1));
}
