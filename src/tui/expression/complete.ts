/** What can be typed at the cursor of a PromQL expression: which kind of name, and the part of it that is there already. */
import type { SyntaxNode } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

export type CompletionContext =
  | { readonly kind: 'expression'; readonly from: number; readonly typed: string }
  | { readonly kind: 'label'; readonly from: number; readonly typed: string; readonly metric: string }
  | {
      readonly kind: 'value';
      readonly from: number;
      readonly typed: string;
      readonly metric: string;
      readonly label: string;
    }
  | { readonly kind: 'none' };

/** From the grammar where the text is complete enough, else from the text before the cursor. */
export function completionContext(text: string, cursor: number): CompletionContext {
  const before = text.slice(0, cursor);
  const open = openBrace(before);
  const typed = /[a-zA-Z_:][a-zA-Z0-9_:.]*$/.exec(before)?.[0] ?? '';
  if (open !== undefined) {
    const metric = /([a-zA-Z_:][a-zA-Z0-9_:]*)\s*$/.exec(before.slice(0, open))?.[1] ?? '';
    const inside = before.slice(open + 1);
    const value = /([a-zA-Z_][\w.]*)\s*(?:=~|!~|!=|=)\s*"((?:[^"\\]|\\.)*)$/.exec(inside);
    if (value) return { kind: 'value', from: cursor - value[2]!.length, typed: value[2]!, metric, label: value[1]! };
    if (/(?:=~|!~|!=|=)\s*$/.test(inside)) return { kind: 'none' };
    return { kind: 'label', from: cursor - typed.length, typed, metric };
  }
  if (/"(?:[^"\\]|\\.)*$/.test(before.replace(/"(?:[^"\\]|\\.)*"/g, ''))) return { kind: 'none' };
  const grouping = /\b(?:by|without|on|ignoring|group_left|group_right)\s*\(([^()]*)$/.exec(before);
  if (grouping) return { kind: 'label', from: cursor - typed.length, typed, metric: firstMetric(text) };
  if (/\[[^\]]*$/.test(before) || /(^|[^\w.])\d[\w.]*$/.test(before)) return { kind: 'none' };
  return { kind: 'expression', from: cursor - typed.length, typed };
}

/** Index of the `{` that the end of the text stands in. */
function openBrace(text: string): number | undefined {
  let open: number | undefined;
  let quoted = '';
  for (let i = 0; i < text.length; i++) {
    const character = text[i]!;
    if (quoted !== '') {
      if (character === '\\') i++;
      else if (character === quoted) quoted = '';
    } else if (character === '"' || character === "'" || character === '`') quoted = character;
    else if (character === '{') open = i;
    else if (character === '}') open = undefined;
  }
  return open;
}

/** The first metric that an expression names; empty where it names none. */
export function firstMetric(text: string): string {
  let found = '';
  parser.parse(text).iterate({
    enter(node) {
      if (found === '' && node.name === 'VectorSelector') found = nameOf(node.node, text);
    },
  });
  return found;
}

function nameOf(selector: SyntaxNode, text: string): string {
  const identifier = selector.getChild('Identifier');
  return identifier === null ? '' : text.slice(identifier.from, identifier.to);
}

/** The best first: what begins with the typed text, then what contains it. */
export function ranked(candidates: readonly string[], typed: string, limit: number): string[] {
  const wanted = typed.toLowerCase();
  const begins: string[] = [];
  const contains: string[] = [];
  for (const candidate of candidates) {
    const at = candidate.toLowerCase().indexOf(wanted);
    if (at === 0) begins.push(candidate);
    else if (at > 0) contains.push(candidate);
  }
  return [...begins, ...contains].slice(0, limit);
}

/** Functions, aggregations and keywords, as Prometheus has them. */
export const EXPRESSION_WORDS: readonly string[] = (
  'rate irate increase sum avg max min count histogram_quantile topk bottomk quantile stddev stdvar group count_values limitk limit_ratio ' +
  'abs absent absent_over_time avg_over_time ceil changes clamp clamp_max clamp_min count_over_time day_of_month day_of_week day_of_year ' +
  'days_in_month delta deriv double_exponential_smoothing exp floor histogram_avg histogram_count histogram_fraction histogram_stddev ' +
  'histogram_stdvar histogram_sum hour idelta info label_join label_replace last_over_time ln log10 log2 mad_over_time max_over_time ' +
  'min_over_time minute month pi predict_linear present_over_time quantile_over_time resets round scalar sgn sort sort_by_label sort_desc ' +
  'sqrt stddev_over_time stdvar_over_time sum_over_time time timestamp vector year acos asin atan cos sin tan deg rad ' +
  'by without on ignoring group_left group_right offset bool and or unless'
).split(' ');
