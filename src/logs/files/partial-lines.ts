/** Puts lines together again that a container runtime has cut: CRI's by its `P` mark, Docker's by the newline that is not there. */
import type { Line } from './line-splitter.ts';

/** What is held of a stream is bounded like a line. */
const MOST_LENGTH = 256 * 1024;
const CRI = /^(\d{4}-\d\d-\d\dT\S+ (stdout|stderr) )([PF])(?::\S*)? (.*)$/s;

interface Held {
  readonly offset: number;
  /** What stands before the pieces. */
  readonly head: string;
  text: string;
  /** What stands after them. */
  readonly tail: string;
}

export class PartialLines {
  /** By stream: their pieces may be mixed. */
  readonly #held = new Map<string, Held>();

  /** The line, whole; undefined where more of it is to come. */
  push(line: Line): Line | undefined {
    if (line.cutBytes > 0) return line;
    const cri = CRI.exec(line.text);
    if (cri !== null) {
      const [, head, stream, mark, text] = cri;
      return this.#join(stream!, mark === 'P', { offset: line.offset, head: `${head}F `, text: text!, tail: '' });
    }
    if (!line.text.startsWith('{"log":"')) return line;
    const docker = dockerPiece(line);
    if (docker === undefined) return line;
    if (!docker.goesOn && !this.#held.has(docker.stream)) return line;
    return this.#join(docker.stream, docker.goesOn, docker.piece);
  }

  /** What is held of one stream though its end did not come; undefined where nothing is. */
  flush(): Line | undefined {
    const [first] = this.#held;
    if (first === undefined) return undefined;
    this.#held.delete(first[0]);
    return lineOf(first[1]);
  }

  #join(stream: string, goesOn: boolean, piece: Held): Line | undefined {
    const held = this.#held.get(stream) ?? { ...piece, text: '' };
    held.text += piece.text;
    if (goesOn && held.text.length < MOST_LENGTH) {
      this.#held.set(stream, held);
      return undefined;
    }
    this.#held.delete(stream);
    return lineOf(held);
  }
}

function lineOf({ offset, head, text, tail }: Held): Line {
  return { offset, text: `${head}${text}${tail}`, cutBytes: 0 };
}

/** Docker's line as JSON text around the still escaped piece, so that joining needs no second encoding. */
function dockerPiece(line: Line): { stream: string; goesOn: boolean; piece: Held } | undefined {
  const match = /^\{"log":"((?:[^"\\]|\\.)*)"(,"stream":"(\w+)".*\})$/s.exec(line.text);
  if (match === null) return undefined;
  const [, text, rest, stream] = match;
  return {
    stream: stream!,
    goesOn: !text!.endsWith('\\n'),
    piece: { offset: line.offset, head: '{"log":"', text: text!, tail: `"${rest}` },
  };
}
