/** Rows as aligned columns of plain text, safe for a terminal. */
import stringWidth from 'string-width';

export type Align = 'left' | 'right';

/** Columns as wide as their widest cell, two blanks between them; the first row is the heading. */
export function textTable(rows: readonly (readonly string[])[], align: readonly Align[] = []): string {
  const clean = rows.map((row) => row.map(printable));
  const widths: number[] = [];
  for (const row of clean) {
    for (const [i, cell] of row.entries()) widths[i] = Math.max(widths[i] ?? 0, stringWidth(cell));
  }
  return clean
    .map((row) =>
      row
        .map((cell, i) => {
          const gap = ' '.repeat(widths[i]! - stringWidth(cell));
          return align[i] === 'right' ? gap + cell : cell + gap;
        })
        .join('  ')
        .trimEnd(),
    )
    .map((line) => `${line}\n`)
    .join('');
}

/** Without control characters and bidi overrides: they would act on the terminal. */
export function printable(text: string): string {
  return text.replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, (character) =>
    character === '\t' || character === '\n' ? ' ' : '\ufffd',
  );
}
