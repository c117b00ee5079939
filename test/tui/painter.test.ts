import { Terminal } from '@xterm/headless';
import fc from 'fast-check';
import { expect, it } from 'vitest';
import { makePainter } from '../../src/tui/frame/painter.ts';

const COLUMNS = 24;
const ROWS = 4;

function write(terminal: Terminal, bytes: string): Promise<void> {
  return new Promise((resolve) => terminal.write(bytes, resolve));
}

/** What the terminal shows: characters with their colours. */
function shown(terminal: Terminal): string {
  const out: string[] = [];
  for (let y = 0; y < ROWS; y++) {
    const line = terminal.buffer.active.getLine(y)!;
    for (let x = 0; x < COLUMNS; x++) {
      const cell = line.getCell(x)!;
      out.push(
        `${cell.getChars() || ' '}${cell.getFgColor()},${cell.getBgColor()},${cell.isBold()},${cell.isInverse()}`,
      );
    }
  }
  return out.join('|');
}

const piece = fc
  .tuple(
    fc.constantFrom('', '1;31', '38;5;200', '48;5;24;38;5;231', '7'),
    fc.string({ unit: fc.constantFrom('a', 'b', ' ', '漢', '⣿', 'é'), maxLength: 4 }),
  )
  .map(([sgr, text]) => (sgr === '' ? text : `\u001b[${sgr}m${text}\u001b[0m`));
const frame = fc
  .array(
    fc.array(piece, { maxLength: 3 }).map((parts) => parts.join('')),
    { minLength: ROWS, maxLength: ROWS },
  )
  .map((lines) => lines.join('\n'));

it('shows the same by differences as by whole frames', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(frame, { minLength: 1, maxLength: 5 }), async (frames) => {
      const byDifference = new Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
      const whole = new Terminal({ cols: COLUMNS, rows: ROWS, allowProposedApi: true });
      const painter = makePainter();
      for (const each of frames) await write(byDifference, painter.paint(each));
      await write(whole, makePainter().paint(frames.at(-1)!));
      expect(shown(byDifference)).toBe(shown(whole));
    }),
    { numRuns: 60 },
  );
});

it('writes nothing where nothing changed, and few bytes where little did', () => {
  const painter = makePainter();
  const line = (clock: string): string =>
    `\u001b[36mwatchfire\u001b[0m  everything is fine  ${clock}\n${'x'.repeat(80)}`;
  painter.paint(line('14:02:11'));
  expect(painter.paint(line('14:02:11'))).toBe('');
  expect(painter.paint(line('14:02:12')).length).toBeLessThan(30);
});

it('writes everything again once the screen was lost', () => {
  const painter = makePainter();
  painter.paint('a\nb');
  painter.forget();
  expect(painter.paint('a\nb')).toContain('a');
});
