/** `count_values`: one series for each value that occurs. */
import type { Labels } from '../../labels/labels.ts';
import type { Aggregation, StringLiteral } from '../expression.ts';
import { hasStrayBytes } from '../go-string.ts';
import { formatHistogram } from '../histogram/text.ts';
import { formatPlain } from '../number-text.ts';
import { QueryError } from '../result.ts';
import type { Evaluator } from './evaluator.ts';
import { Groups } from './grouping.ts';
import { isLabelName } from './label-functions.ts';
import { ABSENT, FLOAT_POINT, HISTOGRAM_POINT, type Row, RowMaker } from './row.ts';

export async function countValues(evaluator: Evaluator, node: Aggregation): Promise<Row[]> {
  const label = (node.parameter as StringLiteral).value;
  if (!isLabelName(label)) throw new QueryError('execution', `invalid label name ${quoteBytes(label)}`);
  const grouping = node.without ? node.grouping : [...node.grouping, label];
  const groups = new Groups({ without: node.without, labels: grouping });
  const maker = new RowMaker(evaluator.frame.steps);
  const counts: Row[] = [];
  const texts = new Map<number, string>();
  for (const row of await evaluator.rows(node.expression)) {
    const indexes = new Map<string, number>();
    for (let i = 0; i < row.kinds.length; i++) {
      if (row.kinds[i] === ABSENT) continue;
      const text =
        row.kinds[i] === HISTOGRAM_POINT ? formatHistogram(row.histograms![i]!) : textOf(row.values[i]!, texts);
      let index = indexes.get(text);
      if (index === undefined) {
        index = groups.indexOf(labelled(row.labels, label, text));
        indexes.set(text, index);
      }
      counts[index] ??= maker.make(groups.labels[index]!, false);
      counts[index]!.values[i]!++;
      counts[index]!.kinds[i] = FLOAT_POINT;
    }
  }
  return counts;
}

/** Few values occur often. */
function textOf(value: number, texts: Map<number, string>): string {
  if (value === 0) return formatPlain(value);
  let text = texts.get(value);
  if (text === undefined) {
    text = formatPlain(value);
    texts.set(value, text);
  }
  return text;
}

function labelled(labels: Labels, label: string, text: string): Labels {
  return labels.with(label, text);
}

/** Go's `%q` where stray bytes are shown as such. */
function quoteBytes(value: string): string {
  if (!hasStrayBytes(value)) return `"${value}"`;
  let out = '';
  for (const character of value) {
    const code = character.codePointAt(0)!;
    out += code >= 0xdc80 && code <= 0xdcff ? `\\x${(code - 0xdc00).toString(16)}` : character;
  }
  return `"${out}"`;
}
