/** A SOCKS 5 proxy (RFC 1928, RFC 1929) that writes down what it is asked, and connects every name to loopback. */
import * as net from 'node:net';

export interface SocksServerOptions {
  /** `name:password`; empty: nobody has to say who he is. */
  readonly credentials?: string;
  /** The reply to a request; 0 connects. */
  readonly reply?: number;
}

/** The log gets `name:password` and `type host:port`, a line each. */
export function socksServer(log: string[], { credentials = '', reply = 0 }: SocksServerOptions = {}): net.Server {
  return net.createServer((socket) => {
    socket.on('error', () => {});
    void serve(new Reader(socket), log, credentials, reply).catch(() => socket.destroy());
  });
}

async function serve(reader: Reader, log: string[], credentials: string, reply: number): Promise<void> {
  const { socket } = reader;
  const [version, count] = await reader.take(2);
  if (version !== 5) throw new Error('not SOCKS 5');
  const methods = await reader.take(count!);
  const method = credentials === '' ? 0 : 2;
  // Byte by byte, as a slow network might.
  socket.write(Buffer.from([5]));
  socket.write(Buffer.from([methods.includes(method) ? method : 0xff]));
  if (method === 2) {
    await reader.take(1);
    const name = await reader.take((await reader.take(1))[0]!);
    const password = await reader.take((await reader.take(1))[0]!);
    log.push(`${name}:${password}`);
    socket.write(Buffer.from([1, `${name}:${password}` === credentials ? 0 : 1]));
  }
  const [, command, , type] = await reader.take(4);
  if (command !== 1) throw new Error('not CONNECT');
  const host =
    type === 3
      ? (await reader.take((await reader.take(1))[0]!)).toString()
      : type === 1
        ? [...(await reader.take(4))].join('.')
        : (await reader.take(16)).toString('hex');
  const port = (await reader.take(2)).readUInt16BE();
  log.push(`${type} ${host}:${port}`);
  if (reply !== 0) {
    socket.end(Buffer.from([5, reply, 0, 1, 0, 0, 0, 0, 0, 0]));
    return;
  }
  const upstream = net.connect(port, '127.0.0.1', () => {
    socket.write(Buffer.from([5, 0, 0, 3, 4, ...Buffer.from('here'), 0, 80]));
    upstream.write(reader.rest());
    upstream.pipe(socket).pipe(upstream);
  });
  upstream.on('error', () => socket.destroy());
  socket.on('close', () => upstream.destroy());
}

class Reader {
  readonly socket: net.Socket;
  #bytes = Buffer.alloc(0);
  #wake: (() => void) | undefined;
  readonly #gather = (chunk: Buffer): void => {
    this.#bytes = Buffer.concat([this.#bytes, chunk]);
    this.#wake?.();
  };

  constructor(socket: net.Socket) {
    this.socket = socket;
    socket.on('data', this.#gather);
  }

  async take(length: number): Promise<Buffer> {
    while (this.#bytes.length < length) {
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
    const taken = this.#bytes.subarray(0, length);
    this.#bytes = this.#bytes.subarray(length);
    return taken;
  }

  /** What came beyond; from now on the socket is the caller's. */
  rest(): Buffer {
    this.socket.off('data', this.#gather);
    return this.#bytes;
  }
}
