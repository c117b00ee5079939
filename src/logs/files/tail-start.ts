/** Where to begin reading a file so that only its last lines are read: found by blocks from its end. */
import type { FileBytes } from './file-bytes.ts';

const BLOCK_BYTES = 64 * 1024;

export interface TailLimits {
  readonly lines: number;
  readonly bytes: number;
}

/** The offset of the first of the last lines within both limits; 0 where the file is smaller. */
export async function tailStart(bytes: Pick<FileBytes, 'read'>, size: number, limits: TailLimits): Promise<number> {
  const buffer = Buffer.alloc(BLOCK_BYTES);
  let newlines = 0;
  let start = size;
  let at = size;
  while (at > 0 && size - at < limits.bytes) {
    const length = Math.min(BLOCK_BYTES, at);
    at -= length;
    const { bytesRead } = await bytes.read(buffer, 0, length, at);
    for (let i = bytesRead - 1; i >= 0; i--) {
      if (buffer[i] !== 0x0a) continue;
      // The last byte of the file ends the last line and begins none.
      if (at + i + 1 === size) continue;
      newlines += 1;
      if (size - (at + i + 1) > limits.bytes) return start;
      start = at + i + 1;
      if (newlines >= limits.lines) return start;
    }
  }
  return at === 0 && size <= limits.bytes ? 0 : start === size ? Math.max(0, size - limits.bytes) : start;
}
