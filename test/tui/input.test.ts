import { describe, expect, it } from 'vitest';
import { candidateRow } from '../../src/tui/frame/candidates.ts';
import { toText } from '../../src/tui/frame/row.ts';
import { BINDINGS, FORBIDDEN_KEYS, makeKeymap, type Scope } from '../../src/tui/input/bindings.ts';
import { makeKeyParser } from '../../src/tui/input/keys.ts';
import { EMPTY_LINE, editLine, lineOf } from '../../src/tui/input/line-editor.ts';
import { makeTheme } from '../../src/tui/theme.ts';

function names(text: string): string[] {
  return makeKeyParser()
    .push(text)
    .map((key) => key.name);
}

describe('keys', () => {
  it('names what terminals send', () => {
    expect(names('a?\r\t \u007f')).toEqual(['a', '?', 'Enter', 'Tab', 'Space', 'Backspace']);
    expect(names('\u001b[A\u001bOB\u001b[1;5C\u001b[Z\u001b[5~\u001b[H')).toEqual([
      'Up',
      'Down',
      'C-Right',
      'S-Tab',
      'PgUp',
      'Home',
    ]);
    expect(names('\u0003\u0004\u001bx')).toEqual(['C-c', 'C-d', 'M-x']);
    expect(names('\u001b[<64;3;4M\u001b[<65;3;4M\u001b[<0;3;4M')).toEqual(['WheelUp', 'WheelDown']);
  });

  it('takes a paste as one', () => {
    expect(makeKeyParser().push('\u001b[200~up{a="b"}\n\u001b[201~x')).toEqual([
      { name: 'Paste', text: 'up{a="b"}\n' },
      { name: 'x', text: 'x' },
    ]);
  });

  it('swallows answers of the terminal', () => {
    expect(names('\u001b]11;rgb:0000/0000/0000\u001b\\j')).toEqual(['j']);
    expect(names('\u001b[?62;c\u001b[I')).toEqual([]);
  });

  it('waits for the rest of a sequence, and takes a lone escape as the key', () => {
    const parser = makeKeyParser();
    expect(parser.push('\u001b')).toEqual([]);
    expect(parser.waiting).toBe(true);
    expect(parser.flush()).toEqual([{ name: 'Esc', text: '' }]);
    expect(parser.push('\u001b[')).toEqual([]);
    expect(parser.push('B')).toEqual([{ name: 'Down', text: '' }]);
  });

  it('never hangs on to a broken sequence', () => {
    const parser = makeKeyParser();
    parser.push('\u001b[12;');
    parser.flush();
    expect(parser.waiting).toBe(false);
  });
});

describe('bindings', () => {
  const scopes = Object.keys(BINDINGS) as Scope[];

  it.each(scopes)('has every key of %s once', (scope) => {
    const keys = BINDINGS[scope].flatMap((binding) => binding.keys);
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('leaves tmux, flow control and Backspace alone', () => {
    const keys = scopes.flatMap((scope) => BINDINGS[scope].flatMap((binding) => binding.keys));
    expect(keys.filter((key) => FORBIDDEN_KEYS.includes(key))).toEqual([]);
  });

  it('keeps the keys that act everywhere free in every scope', () => {
    const everywhere = [
      '1',
      '2',
      '3',
      '4',
      '5',
      '6',
      '7',
      '?',
      ':',
      '/',
      'Esc',
      'q',
      'z',
      '[',
      ']',
      '+',
      '-',
      '0',
      'y',
      'Y',
      'n',
      'N',
      'Tab',
    ];
    for (const scope of scopes.filter((each) => each !== 'global')) {
      const taken = BINDINGS[scope].flatMap((binding) => binding.keys).filter((key) => everywhere.includes(key));
      expect(taken, scope).toEqual([]);
    }
  });

  it('can be changed, by action or by scope and action', () => {
    const keymap = makeKeymap({ 'logs.pause': 'P', help: ['H'] });
    expect(keymap.action('P', ['logs', 'list'])).toBe('pause');
    expect(keymap.action('Space', ['logs', 'list'])).toBeUndefined();
    expect(keymap.action('H', [])).toBe('help');
  });

  it('says what is wrong with a change', () => {
    expect(() => makeKeymap({ help: 'C-b' })).toThrow('C-b cannot be used for help');
    expect(() => makeKeymap({ nonsense: 'x' })).toThrow('there is no action nonsense');
    expect(() => makeKeymap({ help: 'q' })).toThrow('q is both help and quit in global');
  });

  it('tells of each key only where it acts', () => {
    const acting = makeKeymap().acting(['waterfall', 'list']);
    const enter = acting.flatMap(({ scope, bindings }) =>
      bindings.filter((each) => each.keys.includes('Enter')).map(() => scope),
    );
    expect(enter).toEqual(['waterfall']);
  });
});

describe('candidates', () => {
  const words = ['overview', 'metrics', 'alerts', 'logs', 'traces', 'a-name-that-takes-half-of-it'];
  const drawn = (chosen: number): string =>
    toText(candidateRow(words, chosen, 'plain', 'a note', 40, makeTheme('default', 16, false)));

  it('stand on one row, the chosen one always among them', () => {
    expect(drawn(-1)).toBe('overview  metrics  alerts  logs  …');
    for (const [i, word] of words.entries()) {
      expect(drawn(i)).toContain(word);
      expect(drawn(i).length).toBeLessThanOrEqual(40);
    }
    expect(drawn(5)).toBe('… a-name-that-takes-half-of-it  ');
  });
});

describe('the line editor', () => {
  const type = (text: string) =>
    [...text].reduce((line, character) => editLine(line, { name: character, text: character })!, EMPTY_LINE);

  it('inserts, moves and deletes by whole characters', () => {
    const line = editLine(type('a🔥b'), { name: 'Left', text: '' })!;
    expect(editLine(line, { name: 'Backspace', text: '' })).toEqual({ text: 'ab', cursor: 1 });
  });

  it('deletes a word and a line', () => {
    expect(editLine(lineOf('rate(up) by'), { name: 'C-w', text: '' })!.text).toBe('rate(up) ');
    expect(editLine(lineOf('rate'), { name: 'C-u', text: '' })).toEqual(EMPTY_LINE);
  });

  it('takes a paste without its line break or escapes', () => {
    expect(editLine(EMPTY_LINE, { name: 'Paste', text: 'up\u001b[31m\n' })!.text).toBe('up ');
  });
});
