import { describe, expect, it } from 'vitest';
import { loadPrometheusConfig } from '../../src/config/prometheus-loader.ts';
import { Labels } from '../../src/labels/labels.ts';
import { explainRelabel, type RelabelConfig, relabel } from '../../src/labels/relabel.ts';
import { inMemory } from '../config/files.ts';

function steps(...rules: readonly object[]): readonly RelabelConfig[] {
  const text = JSON.stringify({ scrape_configs: [{ job_name: 'j', relabel_configs: rules }] });
  return loadPrometheusConfig('/p.yml', { files: inMemory({ '/p.yml': text }) }).value.scrapeConfigs[0]!.relabelConfigs;
}

const INPUT = { a: 'foo', b: 'bar', c: 'baz' };

function run(input: Record<string, string>, ...rules: readonly object[]): Record<string, string> | undefined {
  const out = relabel(Labels.of(input), steps(...rules));
  return out && { ...out.toRecord() };
}

describe('relabel', () => {
  it.each([
    [
      'replaces by groups',
      [{ source_labels: ['a'], target_label: 'd', regex: 'f(.*)', replacement: 'ch$1-ch$1' }],
      { ...INPUT, d: 'choo-choo' },
    ],
    ['joins sources', [{ source_labels: ['a', 'b'], separator: '@', target_label: 'd' }], { ...INPUT, d: 'foo@bar' }],
    [
      'takes a label away by an empty value',
      [{ source_labels: ['a'], regex: 'f.*', target_label: 'b', replacement: '' }],
      { a: 'foo', c: 'baz' },
    ],
    [
      'leaves all alone without a match',
      [{ source_labels: ['a'], regex: 'x', target_label: 'b', replacement: 'y' }],
      INPUT,
    ],
    ['anchors', [{ source_labels: ['a'], regex: 'o', target_label: 'b', replacement: 'y' }], INPUT],
    ['sets a constant', [{ target_label: 'd', replacement: 'x' }], { ...INPUT, d: 'x' }],
    [
      'fills the name of the target',
      [{ source_labels: ['a'], regex: '(f)(.*)', target_label: 'x_$1', replacement: '$2' }],
      { ...INPUT, x_f: 'oo' },
    ],
    [
      'fills named groups',
      [{ source_labels: ['a'], regex: '(?P<n>f.)o', target_label: 'd', replacement: '$' + '{n}x$nx$$' }],
      { ...INPUT, d: 'fox$' },
    ],
    ['keeps', [{ source_labels: ['a'], regex: 'foo', action: 'keep' }], INPUT],
    ['drops what it does not keep', [{ source_labels: ['a'], regex: 'x', action: 'keep' }], undefined],
    ['drops', [{ source_labels: ['a'], regex: 'f.*', action: 'DROP' }], undefined],
    ['keeps equals', [{ source_labels: ['a'], target_label: 'b', action: 'keepequal' }], undefined],
    ['drops equals', [{ source_labels: ['a'], target_label: 'a', action: 'dropequal' }], undefined],
    ['hashes', [{ source_labels: ['c'], target_label: 'd', action: 'hashmod', modulus: 1000 }], { ...INPUT, d: '976' }],
    ['maps names', [{ regex: '(b.*)', replacement: 'x_$' + '{1}', action: 'labelmap' }], { ...INPUT, x_b: 'bar' }],
    ['drops labels', [{ regex: '[ab]', action: 'labeldrop' }], { c: 'baz' }],
    ['keeps labels', [{ regex: '[ab]', action: 'labelkeep' }], { a: 'foo', b: 'bar' }],
    [
      'changes case',
      [
        { source_labels: ['a'], target_label: 'd', action: 'uppercase' },
        { source_labels: ['d'], target_label: 'e', action: 'lowercase' },
      ],
      { ...INPUT, d: 'FOO', e: 'foo' },
    ],
    [
      'changes case letter by letter',
      [
        { replacement: 'İΑΣ', target_label: 'd' },
        { source_labels: ['d'], target_label: 'd', action: 'lowercase' },
        { replacement: 'ßﬀ', target_label: 'e' },
        { source_labels: ['e'], target_label: 'e', action: 'uppercase' },
      ],
      { ...INPUT, d: 'iασ', e: 'ßﬀ' },
    ],
    ['makes UTF-8 names', [{ source_labels: ['a'], target_label: 'ü.$1' }], { ...INPUT, 'ü.foo': 'foo' }],
    [
      'runs in order',
      [
        { source_labels: ['a'], target_label: 'b' },
        { source_labels: ['b'], target_label: 'c' },
        { source_labels: ['c'], regex: 'bar', action: 'drop' },
      ],
      { a: 'foo', b: 'foo', c: 'foo' },
    ],
  ])('%s', (_, rules, expected) => {
    expect(run(INPUT, ...rules)).toEqual(expected);
  });

  it('matches line breaks with a dot', () => {
    expect(run({ a: 'x\ny' }, { source_labels: ['a'], regex: 'x(.*)', target_label: 'b' })).toEqual({
      a: 'x\ny',
      b: '\ny',
    });
  });

  it('does not make names outside the legacy alphabet where they are not allowed', () => {
    const [step] = steps({ source_labels: ['a'], target_label: '$1', regex: '(.*)' });
    expect(relabel(Labels.of({ a: 'x-y' }), [{ ...step!, utf8Names: false }])!.toRecord()).toEqual({ a: 'x-y' });
  });
});

describe('explainRelabel', () => {
  it('gives the labels before and after each step, and stops where they are dropped', () => {
    const explained = explainRelabel(
      Labels.of(INPUT),
      steps(
        { source_labels: ['a'], target_label: 'd' },
        { target_label: 'd', replacement: 'foo' },
        { source_labels: ['d'], regex: 'foo', action: 'drop' },
        { target_label: 'z', replacement: 'never' },
      ),
    );
    expect(explained.map(({ changed, value, after }) => [changed, value, after?.get('d')])).toEqual([
      [true, 'foo', 'foo'],
      [false, '', 'foo'],
      [true, 'foo', undefined],
    ]);
    expect(explained[2]!.description).toBe('drop [d] regex=foo');
  });
});
