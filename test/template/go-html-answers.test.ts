/** HTML templates beside what Go 1.26's html/template gave for them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { SafeString, StringMap, TemplateSet } from '../../src/template/template.ts';

const answers: [string, string][] = JSON.parse(readFileSync(new URL('go-html-answers.json', import.meta.url), 'utf8'));

const data = Object.assign(Object.create(null), {
  u: 'http://x.org/a b?c=d&e="f"<g>',
  js: 'javascript:alert(1)',
  t: 'O\'Reilly & <b>"x" y/z',
  n: 5n,
  f: 1.5,
  c: 'red',
  h: new SafeString('html', '<b>bold</b> &amp; "q"'),
  su: new SafeString('url', 'javascript:ok()'),
  a: 'title',
  m: new StringMap([['k', 'v<']]),
  l: ['a', 'b&'],
  nil: undefined,
  amp: 'a&amp;b',
  rel: '/a/b c?x=é',
  pct: '/a%20b%zz',
});

it.each(answers)('%s', (template, wanted) => {
  expect(new TemplateSet().executeHtml(template, data)).toBe(wanted);
});
