/** The tokens of PromQL and how Prometheus names them in errors. */
import { quote } from '../labels/labels.ts';
import type { Position } from './position.ts';

export type TokenKind =
  | 'identifier'
  /** An identifier with a colon. */
  | 'metric-identifier'
  | 'number'
  | 'duration'
  | 'string'
  | 'aggregator'
  | 'keyword'
  | 'operator'
  | 'punctuation'
  | 'end';

export interface Token extends Position {
  readonly kind: TokenKind;
  /** As written; keywords, aggregators and worded operators also in lower case in `word`. */
  readonly text: string;
  /** What the parser decides by: the operator, the punctuation, the keyword in lower case; else the kind. */
  readonly word: string;
  /** Set on the last token where the text after it is none: thrown when the parser gets there. */
  readonly error?: Error | undefined;
}

export const AGGREGATORS: ReadonlySet<string> = new Set([
  'sum',
  'avg',
  'count',
  'min',
  'max',
  'group',
  'stddev',
  'stdvar',
  'topk',
  'bottomk',
  'count_values',
  'quantile',
  'limitk',
  'limit_ratio',
]);

export const WORD_OPERATORS: ReadonlySet<string> = new Set(['and', 'or', 'unless', 'atan2']);

export const KEYWORDS: ReadonlySet<string> = new Set([
  'offset',
  'smoothed',
  'anchored',
  'by',
  'without',
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'fill',
  'fill_left',
  'fill_right',
  'start',
  'end',
  'step',
  'range',
  'min_of',
  'max_of',
]);

/** Keywords only before a parenthesis. */
export const FILLS: ReadonlySet<string> = new Set(['fill', 'fill_left', 'fill_right']);

/** Keywords that may not be the name of a metric. */
export const NOT_A_METRIC: ReadonlySet<string> = new Set([
  'on',
  'ignoring',
  'group_left',
  'group_right',
  'bool',
  'atan2',
]);

/** Those that Prometheus shows as they are written. */
const LATE_KEYWORDS: ReadonlySet<string> = new Set(['start', 'end', 'step', 'range', 'min_of', 'max_of']);

/** As in `unexpected <op:*>`, `unexpected identifier "x"`, `unexpected end of input`. */
export function describeToken(token: Token): string {
  switch (token.kind) {
    case 'end':
      return 'end of input';
    case 'identifier':
      return `identifier ${quote(token.text)}`;
    case 'metric-identifier':
      return `metric identifier ${quote(token.text)}`;
    case 'keyword':
      return LATE_KEYWORDS.has(token.word) ? `"${token.text}"` : `<${token.text}>`;
    case 'aggregator':
      return `<aggr:${token.text}>`;
    case 'operator':
      return token.text === '=' ? '"="' : `<op:${token.text}>`;
    case 'punctuation':
      return token.text === '@' ? '<op:@>' : `"${token.text}"`;
    default:
      return `${token.kind} ${abbreviated(token.text)}`;
  }
}

function abbreviated(text: string): string {
  return text.length > 10 ? `${quote(text.slice(0, 10))}...` : quote(text);
}
