/** A keep-alive agent whose sockets read into one buffer again and again, where what they read is copied away at once anyhow. */
import * as http from 'node:http';
import * as net from 'node:net';
import type { Duplex } from 'node:stream';

const READ_BYTES = 64 * 1024;

/** Sockets are read one after the other in one thread, so that one buffer serves them all. */
let shared = Buffer.allocUnsafeSlow(READ_BYTES);

/** Messages whose chunks are copied while they are emitted. */
const collected = new WeakMap<net.Socket, http.IncomingMessage>();

/**
 * From now to its end the chunks of the message are only valid while they are emitted. Node otherwise allocates 64 KiB for each read, and
 * collecting that garbage costs more than reading did.
 */
export function readInPlace(message: http.IncomingMessage): void {
  const { socket } = message;
  collected.set(socket, message);
  message.once('end', () => collected.delete(socket));
  message.once('close', () => collected.delete(socket));
}

export class ReadingAgent extends http.Agent {
  override createConnection(
    options: http.ClientRequestArgs,
    callback?: (error: Error | null, stream: Duplex) => void,
  ): Duplex | null | undefined {
    // Windows fills the buffer of every socket that waits, all at the same time.
    if (process.platform === 'win32') return super.createConnection(options, callback);
    const socket: net.Socket = net.connect({
      ...(options as net.NetConnectOpts),
      onread: { buffer: () => shared, callback: (length) => deliver(socket, length) },
    });
    return socket;
  }
}

function deliver(socket: net.Socket, length: number): boolean {
  const message = collected.get(socket);
  const read = shared.subarray(0, length);
  socket.emit('data', message === undefined ? Buffer.from(read) : read);
  // Whatever still waits in the message lies in this buffer, which must not be written to again.
  if (message !== undefined && message.readableLength > 0) shared = Buffer.allocUnsafeSlow(READ_BYTES);
  return true;
}
