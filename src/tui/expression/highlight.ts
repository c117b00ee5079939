/** PromQL as toned text, by the grammar that Prometheus ships for editors: it goes on where the text is not finished. */
import { parser } from '@prometheus-io/lezer-promql';
import { type Row, row, toned } from '../frame/row.ts';
import { wrap } from '../sanitise.ts';
import type { Tone } from '../theme.ts';

/** The tone at each index of the text. */
export function expressionTones(text: string): Tone[] {
  const tones: Tone[] = Array.from({ length: text.length }, () => 'plain');
  parser.parse(text).iterate({
    enter(node) {
      const tone = toneOfNode(node.name);
      if (tone !== undefined) tones.fill(tone, node.from, node.to);
    },
  });
  return tones;
}

export function expressionRow(text: string): Row {
  return tonedPart(text, expressionTones(text), 0, text.length);
}

/** The expression on lines of at most `width` columns, each in the tones that it has as a whole. */
export function expressionRows(text: string, width: number): Row[] {
  const tones = expressionTones(text);
  let from = 0;
  return wrap(text, width).map((line) => {
    const at = text.indexOf(line, from);
    from = at + line.length;
    return tonedPart(text, tones, at, from);
  });
}

function tonedPart(text: string, tones: readonly Tone[], start: number, end: number): Row {
  const parts = [];
  for (let from = start; from < end; ) {
    let to = from + 1;
    while (to < end && tones[to] === tones[from]) to++;
    parts.push(toned(tones[from]!, text.slice(from, to)));
    from = to;
  }
  return row(...parts);
}

function toneOfNode(name: string): Tone | undefined {
  switch (name) {
    case 'FunctionIdentifier':
    case 'AggregateOp':
      return 'info';
    case 'By':
    case 'Without':
    case 'On':
    case 'Ignoring':
    case 'GroupLeft':
    case 'GroupRight':
    case 'BoolModifier':
    case 'Offset':
    case 'And':
    case 'Or':
    case 'Unless':
      return 'accent';
    case 'StringLiteral':
      return 'ok';
    case 'NumberDurationLiteral':
    case 'NumberDurationLiteralInDurationContext':
      return 'series2';
    case 'LabelName':
    case 'QuotedLabelName':
      return 'warning';
    case 'LineComment':
      return 'muted';
    case '⚠':
      return 'critical';
    default:
      return undefined;
  }
}
