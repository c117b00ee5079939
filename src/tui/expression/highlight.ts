/** PromQL as toned text, by the grammar that Prometheus ships for editors: it goes on where the text is not finished. */
import { parser } from '@prometheus-io/lezer-promql';
import { type Row, row, toned } from '../frame/row.ts';
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
  const tones = expressionTones(text);
  const parts = [];
  for (let from = 0; from < text.length; ) {
    let to = from + 1;
    while (to < text.length && tones[to] === tones[from]) to++;
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
