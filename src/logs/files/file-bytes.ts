/** The bytes of a log file by position: as they are on disk, or unpacked where the file is gzip. */
import { createReadStream } from 'node:fs';
import { open } from 'node:fs/promises';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';

export interface FileBytes {
  /** Packed files do not grow. */
  readonly packed: boolean;
  read(buffer: Buffer, offset: number, length: number, position: number): Promise<{ readonly bytesRead: number }>;
  size(): Promise<number>;
  close(): Promise<void>;
}

/** Of an unpacked file, the last so many bytes are kept. */
const MOST_UNPACKED_BYTES = 64 * 1024 * 1024;

/** Rejects where the file cannot be opened, or is gzip that cannot be unpacked. */
export async function openFileBytes(path: string, mostUnpackedBytes = MOST_UNPACKED_BYTES): Promise<FileBytes> {
  const handle = await open(path, 'r');
  const magic = Buffer.alloc(3);
  await handle.read(magic, 0, 3, 0);
  // The third byte is the only method there is.
  if (!magic.equals(Buffer.from([0x1f, 0x8b, 8])))
    return {
      packed: false,
      read: (buffer, offset, length, position) => handle.read(buffer, offset, length, position),
      size: async () => (await handle.stat()).size,
      close: () => handle.close(),
    };
  await handle.close();
  const bytes = await unpacked(path, mostUnpackedBytes);
  return {
    packed: true,
    read: async (buffer, offset, length, position) => ({
      bytesRead: bytes.copy(buffer, offset, position, position + length),
    }),
    size: async () => bytes.length,
    close: async () => {},
  };
}

async function unpacked(path: string, mostBytes: number): Promise<Buffer> {
  const parts: Buffer[] = [];
  let length = 0;
  await pipeline(createReadStream(path), createGunzip(), async (chunks: AsyncIterable<Buffer>) => {
    for await (const chunk of chunks) {
      parts.push(chunk);
      length += chunk.length;
      while (parts.length > 1 && length - parts[0]!.length >= mostBytes) length -= parts.shift()!.length;
    }
  }).catch((error: Error) => {
    // A file that is still being packed ends early; what is there is shown.
    if (length === 0) throw new Error(`cannot be unpacked: ${error.message}`);
  });
  return Buffer.concat(parts, length);
}
