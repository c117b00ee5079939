/** Kubernetes label and field selectors: whether the API server would understand them. */

const LABEL_KEY =
  /^([a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*\/)?[A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?$/;
const LABEL_VALUE = /^([A-Za-z0-9]([-A-Za-z0-9_.]{0,61}[A-Za-z0-9])?)?$/;
const REQUIREMENT = /^(!)?\s*([^\s=!<>(),]+)\s*(?:(==|=|!=|<|>)\s*([^\s=!<>(),]*)|\s(in|notin)\s*\(([^()]*)\))?$/;

/** What is wrong with a field selector (`metadata.name=a,status.phase!=Running`); undefined where nothing is. */
export function fieldSelectorFault(selector: string): string | undefined {
  for (const term of splitTerms(selector)) {
    if (term === '') continue;
    const value = /^.*?(?:!=|==|=)(.*)$/s.exec(term)?.[1];
    if (value === undefined) return `invalid selector: '${selector}'; can't understand '${term}'`;
    const sequence = /\\(?![\\,=]).?/s.exec(value.replaceAll('\\\\', ''))?.[0];
    if (sequence !== undefined) return `invalid field selector: invalid escape sequence: ${sequence}`;
    if (value.replace(/\\./gs, '').includes('=')) return 'invalid field selector: unescaped character in value: =';
  }
  return undefined;
}

/** What is wrong with a label selector (`app=web,tier in (a, b),!old`); undefined where nothing is. */
export function labelSelectorFault(selector: string): string | undefined {
  if (selector.trim() === '') return undefined;
  const terms = selector.match(/(?:[^,(]|\([^)]*\)?)+/g) ?? [];
  if (terms.join(',') !== selector)
    return `unable to parse requirement: found ',', expected: identifier in '${selector}'`;
  for (const term of terms) {
    const match = REQUIREMENT.exec(term.trim());
    if (!match) return `unable to parse requirement: '${term.trim()}' is no label selector`;
    const [, negated, key = '', operator, value = '', setOperator, values = ''] = match;
    if (negated && (operator || setOperator))
      return `unable to parse requirement: '${term.trim()}' has both ! and an operator`;
    if (!LABEL_KEY.test(key)) return `unable to parse requirement: '${key}' is no label key`;
    const allowed = setOperator ? values.split(',').map((each) => each.trim()) : [value];
    if ((operator === '<' || operator === '>') && !/^-?\d+$/.test(value)) {
      return `unable to parse requirement: '${operator}' needs a whole number, not '${value}'`;
    }
    const bad = allowed.find((each) => !LABEL_VALUE.test(each));
    if (bad !== undefined) return `unable to parse requirement: '${bad}' is no label value`;
  }
  return undefined;
}

/** Commas part the terms, unless a backslash stands before. */
function splitTerms(selector: string): string[] {
  if (selector === '') return [];
  const terms = [''];
  for (const piece of selector.match(/\\.|[^\\]|\\$/gs) ?? []) {
    if (piece === ',') terms.push('');
    else terms[terms.length - 1] += piece;
  }
  return terms;
}
