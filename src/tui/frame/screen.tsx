/** The component: one ink `Text` per row, so that React touches only the rows that changed. */
import { Box, Text } from 'ink';
import { memo, type ReactElement } from 'react';

/** `lines`: ANSI text, none wider than the screen. */
export function Screen({ lines }: { readonly lines: readonly string[] }): ReactElement {
  // A row's key is its place on the screen: rows never move, their text changes.
  const rows = [...lines.entries()].map(([y, text]) => <Line key={`row ${y}`} text={text} />);
  return <Box flexDirection="column">{rows}</Box>;
}

const Line = memo(({ text }: { readonly text: string }) => <Text wrap="truncate">{text === '' ? ' ' : text}</Text>);
