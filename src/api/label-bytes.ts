/** Label sets as JSON objects in bytes: what stands before the values is made once for all label sets of the same names. */
import type { Labels } from '../labels/labels.ts';
import { ByteWriter } from './byte-writer.ts';

/** For each name what stands before its value, up to the quote, in whole words of eight bytes. */
interface LabelShape {
  readonly words: readonly Float64Array[];
  readonly lengths: readonly number[];
}

/** Undefined for names that are not plain ASCII. */
const shapes = new WeakMap<readonly string[], LabelShape | undefined>();

/** Labels as an object in their order, without a value's HTML characters escaped. */
export function labelsJson(labels: Labels): string {
  const out = new ByteWriter(256);
  writeLabels(labels, out);
  return out.toString();
}

export function writeLabels({ names, values }: Labels, out: ByteWriter): void {
  const shape = names.length === 0 ? undefined : shapeOf(names);
  if (shape === undefined) out.ascii('{');
  for (let i = 0; i < names.length; i++) {
    if (shape !== undefined) {
      out.words(shape.words[i]!, shape.lengths[i]!);
    } else {
      if (i > 0) out.ascii(',');
      out.ascii('"');
      out.quoteEnd(names[i]!);
      out.ascii(':"');
    }
    out.quoteEnd(values[i]!);
  }
  out.ascii('}');
}

function shapeOf(names: readonly string[]): LabelShape | undefined {
  let shape = shapes.get(names);
  if (shape !== undefined || shapes.has(names)) return shape;
  const texts = names.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:"`);
  if (texts.every((text) => /^[\x20-\x7e]*$/.test(text))) {
    shape = { words: texts.map(wordsOf), lengths: texts.map((text) => text.length) };
  }
  shapes.set(names, shape);
  return shape;
}

/** ASCII makes no NaN, whose bits would not be sure to be kept. */
function wordsOf(text: string): Float64Array {
  const words = new Float64Array(Math.ceil(text.length / 8));
  const bytes = Buffer.alloc(words.length * 8);
  bytes.write(text, 'latin1');
  for (let word = 0; word < words.length; word++) words[word] = bytes.readDoubleLE(word * 8);
  return words;
}
