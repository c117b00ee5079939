/** Label sets as JSON objects in bytes: what stands before the values is made once for all label sets of the same names. */
import { type Labels, sameNames } from '../labels/labels.ts';
import { ByteWriter } from './byte-writer.ts';

/** For each name what stands before its value, up to the quote, in whole words of eight bytes. */
interface LabelShape {
  readonly names: readonly string[];
  /** Undefined for names that are not plain ASCII. */
  readonly words: readonly Float64Array[] | undefined;
  readonly lengths: readonly number[];
}

/** Of late; an answer has few. */
const shapes: LabelShape[] = [];
const MOST_SHAPES = 8;
let nextShape = 0;

/** Labels as an object in their order, without a value's HTML characters escaped. */
export function labelsJson(labels: Labels): string {
  const out = new ByteWriter(256);
  writeLabels(labels, out);
  return out.toString();
}

export function writeLabels({ names, values }: Labels, out: ByteWriter): void {
  const { words, lengths } = shapeOf(names);
  if (words === undefined || names.length === 0) out.ascii('{');
  for (let i = 0; i < names.length; i++) {
    if (words !== undefined) {
      out.words(words[i]!, lengths[i]!);
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

function shapeOf(names: readonly string[]): LabelShape {
  for (const shape of shapes) if (sameNames(shape.names, names)) return shape;
  const texts = names.map((name, i) => `${i === 0 ? '{' : ','}${JSON.stringify(name)}:"`);
  const isPlain = texts.every((text) => /^[\x20-\x7e]*$/.test(text));
  const shape = {
    names,
    words: isPlain ? texts.map(wordsOf) : undefined,
    lengths: texts.map((text) => text.length),
  };
  shapes[nextShape] = shape;
  nextShape = (nextShape + 1) % MOST_SHAPES;
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
