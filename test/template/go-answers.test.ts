/** Templates beside the answers that Go 1.26's text/template with Prometheus 3.5's functions gave for them. */
import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import {
  prometheusFunctions,
  StringMap,
  TemplateError,
  TemplateSample,
  TemplateSet,
} from '../../src/template/template.ts';

const answers: [string, string][] = JSON.parse(readFileSync(new URL('go-answers.json', import.meta.url), 'utf8'));

const DEFINITIONS =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}';

class AlertData {
  static readonly goType =
    'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }';
  readonly Labels = mapOf({ x: 'y', instance: 'web-1:9100', s: 'a<b>&c' });
  readonly ExternalLabels = mapOf({ region: 'eu' });
  readonly ExternalURL = 'http://e';
  readonly Value = 1234567.891;
}

it(`prints what Go prints, and fails with Go's words (${answers.length} templates)`, () => {
  const differences: string[] = [];
  for (const [template, wanted] of answers) {
    const given = answer(template);
    if (given !== wanted) differences.push(`${template}\n  wanted ${wanted}\n  given  ${given}`);
  }
  expect(differences).toEqual([]);
});

function answer(template: string): string {
  const functions = prometheusFunctions({ query, externalUrl: 'http://x.example.org:9090/y', nowMs: 0 });
  const set = new TemplateSet({ functions });
  let doing = 'parsing';
  try {
    set.parse('__alert_a', DEFINITIONS + template);
    doing = 'executing';
    return set.execute('__alert_a', new AlertData());
  } catch (error) {
    if (!(error instanceof TemplateError)) throw error;
    return `ERR error ${doing} template __alert_a: ${error.message}`;
  }
}

function query(expression: string): TemplateSample[] {
  if (expression === 'none') return [];
  if (expression === 'bad') throw new Error('no good');
  return [new TemplateSample(mapOf({ a: 'z', n: '1' }), 3), new TemplateSample(mapOf({ __name__: 'm', a: 'b' }), 1.5)];
}

function mapOf(record: Record<string, string>): StringMap {
  return new StringMap(Object.entries(record));
}
