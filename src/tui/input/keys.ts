/** Bytes from the terminal → keys by name: `a`, `A`, `Enter`, `Esc`, `S-Tab`, `Up`, `C-d`, `M-x`, `Paste`, `WheelUp`. */

export interface Key {
  readonly name: string;
  /** What it types: printable characters, and the text of a paste. */
  readonly text: string;
}

export interface KeyParser {
  /** The keys that are complete; the beginning of a sequence waits for the next call. */
  push(chunk: string): Key[];
  /** What waits, taken as it is: a lone escape is the Esc key. Call it when nothing came for some 30 ms. */
  flush(): Key[];
  readonly waiting: boolean;
}

const ESC = '\u001b';
const PASTE_START = `${ESC}[200~`;
const PASTE_END = `${ESC}[201~`;
const CSI = /^\u001b\[([0-9;:<=>?]*)[ -/]*([@-~])/;
const SS3 = /^\u001bO(.)/;
const STRING = /^\u001b[\]PX^_][^\u0007\u001b]*(?:\u0007|\u001b\\)/;

const FINALS: Readonly<Record<string, string>> = {
  A: 'Up',
  B: 'Down',
  C: 'Right',
  D: 'Left',
  H: 'Home',
  F: 'End',
  Z: 'S-Tab',
  P: 'F1',
  Q: 'F2',
  R: 'F3',
  S: 'F4',
};
const TILDES: Readonly<Record<string, string>> = {
  1: 'Home',
  2: 'Insert',
  3: 'Delete',
  4: 'End',
  5: 'PgUp',
  6: 'PgDn',
  7: 'Home',
  8: 'End',
};

export function makeKeyParser(): KeyParser {
  let buffer = '';
  const drain = (final: boolean): Key[] => {
    const keys: Key[] = [];
    while (buffer !== '') {
      const taken = next(buffer, final);
      if (taken === undefined) break;
      buffer = buffer.slice(taken.length);
      if (taken.key !== undefined) keys.push(taken.key);
    }
    return keys;
  };
  return {
    push(chunk) {
      buffer += chunk;
      return drain(false);
    },
    flush: () => drain(true),
    get waiting() {
      return buffer !== '';
    },
  };
}

interface Taken {
  readonly length: number;
  readonly key?: Key;
}

/** Undefined: the sequence is not complete yet. */
function next(text: string, final: boolean): Taken | undefined {
  if (!text.startsWith(ESC)) return plain(text);
  if (text.startsWith(PASTE_START)) {
    const end = text.indexOf(PASTE_END);
    if (end < 0 && !final) return undefined;
    const body = text.slice(PASTE_START.length, end < 0 ? undefined : end);
    const length = end < 0 ? text.length : end + PASTE_END.length;
    return { length, key: { name: 'Paste', text: body } };
  }
  const string = STRING.exec(text);
  if (string) return { length: string[0].length };
  const csi = CSI.exec(text);
  if (csi) return control(csi[0], csi[1]!, csi[2]!);
  const ss3 = SS3.exec(text);
  if (ss3) return { length: ss3[0].length, ...named(FINALS[ss3[1]!]) };
  if (!final && (text.length === 1 || /^\u001b(?:\[[0-9;:<=>?]*[ -/]*|O|[\]PX^_][^\u0007]*)$/.test(text)))
    return undefined;
  if (text.length === 1 || text[1] === ESC) return { length: 1, key: { name: 'Esc', text: '' } };
  if (/^\u001b[[O\]PX^_]/.test(text)) return { length: text.length === 2 ? 2 : text.length };
  const rest = plain(text.slice(1));
  return { length: rest.length + 1, ...named(rest.key === undefined ? undefined : `M-${rest.key.name}`) };
}

function named(name: string | undefined): { readonly key?: Key } {
  return name === undefined ? {} : { key: { name, text: '' } };
}

function control(whole: string, parameters: string, final: string): Taken {
  const length = whole.length;
  if (parameters.startsWith('<')) {
    const button = Number(parameters.slice(1).split(';')[0]);
    return { length, ...named(button === 64 ? 'WheelUp' : button === 65 ? 'WheelDown' : undefined) };
  }
  const [first, second] = parameters.split(';');
  const base = final === '~' ? TILDES[first ?? ''] : parameters.startsWith('?') ? undefined : FINALS[final];
  if (base === undefined) return { length };
  const modifier = Number(second ?? 1) - 1;
  const prefix = `${modifier & 4 ? 'C-' : ''}${modifier & 2 ? 'M-' : ''}${modifier & 1 ? 'S-' : ''}`;
  return { length, ...named(prefix + base) };
}

function plain(text: string): Taken {
  const character = String.fromCodePoint(text.codePointAt(0)!);
  const length = character.length;
  const code = character.codePointAt(0)!;
  if (character === '\r' || character === '\n') return { length, key: { name: 'Enter', text: '' } };
  if (character === '\t') return { length, key: { name: 'Tab', text: '' } };
  if (character === ' ') return { length, key: { name: 'Space', text: ' ' } };
  if (code === 0x7f || code === 8) return { length, key: { name: 'Backspace', text: '' } };
  if (code === 0) return { length, key: { name: 'C-Space', text: '' } };
  if (code < 0x1b) return { length, key: { name: `C-${String.fromCharCode(code + 0x60)}`, text: '' } };
  if (code < 0x20 || (code >= 0x80 && code < 0xa0)) return { length };
  return { length, key: { name: character, text: character } };
}
