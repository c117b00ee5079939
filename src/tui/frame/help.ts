/** The `?` page: every key that acts here, made from the table of bindings. */
import { type Binding, type Keymap, keyLabel, type Scope } from '../input/bindings.ts';
import type { Key } from '../input/keys.ts';
import { widthOf } from '../sanitise.ts';
import type { Area, Overlay } from './place.ts';
import { BLANK, type Row, row, sized, toned } from './row.ts';
import { pageHints, Scroll } from './text-page.ts';

const TITLES: Partial<Record<Scope, string>> = {
  global: 'Everywhere',
  list: 'Moving',
  subject: 'From the selected row',
  page: 'Scrolling',
};

function titleOf(scope: Scope): string {
  return TITLES[scope] ?? scope.charAt(0).toUpperCase() + scope.slice(1);
}

export class HelpPage implements Overlay {
  readonly title = 'Keys';
  readonly shape = 'page';
  #sections: readonly { readonly scope: Scope; readonly bindings: readonly Binding[] }[];
  #scroll = new Scroll();

  constructor(keymap: Keymap, scopes: readonly Scope[]) {
    this.#sections = keymap.acting(scopes).filter(({ bindings }) => bindings.length > 0);
  }

  rows(area: Area): Row[] {
    const columns = Math.max(1, Math.min(3, Math.floor(area.width / 58)));
    const width = Math.floor((area.width - (columns - 1) * 3) / columns);
    const blocks = this.#sections.map(({ scope, bindings }) => sectionRows(titleOf(scope), bindings, width));
    const all = inColumns(blocks, columns, width, area.height);
    return this.#scroll.visible(all, area.height, area.theme);
  }

  key(key: Key, action: string | undefined): 'close' | 'stay' {
    if (action === 'back' || action === 'quit' || action === 'help' || key.name === 'Enter') return 'close';
    this.#scroll.press(key);
    return 'stay';
  }

  hints(): readonly (readonly [string, string])[] {
    return pageHints(this.#scroll);
  }
}

function sectionRows(title: string, bindings: readonly Binding[], width: number): Row[] {
  const labels = bindings.map((binding) =>
    binding.keys
      .filter((key) => !key.startsWith('Wheel'))
      .map(keyLabel)
      .join(' '),
  );
  const widest = Math.max(...labels.map(widthOf), 12);
  return [
    BLANK,
    row(toned('strong', title)),
    ...bindings.map((binding, i) =>
      sized(row('  ', sized(row(toned('accent', labels[i]!)), widest), '  ', binding.does), width),
    ),
  ];
}

/** Sections one after the other, broken into columns of about equal height. */
function inColumns(blocks: readonly Row[][], columns: number, width: number, height: number): Row[] {
  const total = blocks.reduce((sum, block) => sum + block.length, 0);
  const each = Math.max(Math.ceil(total / columns), Math.min(height, total));
  const laid: Row[][] = [[]];
  for (const block of blocks) {
    if (laid.length < columns && laid.at(-1)!.length + block.length > each && laid.at(-1)!.length > 0) laid.push([]);
    laid.at(-1)!.push(...block);
  }
  const tallest = Math.max(...laid.map((column) => column.length));
  return Array.from({ length: tallest }, (_, y) =>
    row(...laid.flatMap((column, i) => [i === 0 ? '' : '   ', sized(column[y] ?? BLANK, width)])),
  );
}
