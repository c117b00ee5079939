/** A thread of the crowd bench: a server whose every path sends its own kind of garbage. Tells its address when it listens. */
import * as net from 'node:net';
import { parentPort } from 'node:worker_threads';
import * as zlib from 'node:zlib';

const LARGE_BODY_BYTES = 2 * 2 ** 30;

const server = net.createServer((socket) => {
  socket.on('error', () => {});
  sendGarbage(socket);
});
server.listen(0, '127.0.0.1', () => {
  parentPort!.postMessage(`127.0.0.1:${(server.address() as net.AddressInfo).port}`);
});

const PLAIN = 'HTTP/1.1 200 OK\r\nContent-Type: text/plain\r\n';
const BLOCK = Buffer.from('crowd_garbage 1\n'.repeat(65_536 / 16));
const ONE_LINE = Buffer.alloc(65_536, 'a');
/** 2 GB in a few MB, of members one after the other. */
const BOMB = Buffer.concat(new Array<Buffer>(128).fill(zlib.gzipSync(Buffer.alloc(2 ** 24, '# nothing\n'))));

/** Each target's own kind of garbage, by the last digits of its path. */
function sendGarbage(socket: net.Socket): void {
  socket.once('data', (request) => {
    const path = Number(/^GET \/(\d+)/.exec(request.toString('latin1'))?.[1]);
    socket.resume();
    (KINDS[path] ?? LIGHT_KINDS[path % LIGHT_KINDS.length]!)(socket);
  });
}

/** By path, one target each: what large bodies cost the machine is no garbage's merit. */
const KINDS: readonly ((socket: net.Socket) => void)[] = [
  (socket) => sendBlocks(socket, `${PLAIN}\r\n`, BLOCK),
  (socket) => sendBlocks(socket, `${PLAIN}\r\n`, ONE_LINE),
  (socket) => sendBlocks(socket, `${PLAIN}Content-Length: ${LARGE_BODY_BYTES}\r\n\r\n`, BLOCK),
  drip,
  drip,
  (socket) => socket.end(Buffer.concat([Buffer.from(`${PLAIN}Content-Encoding: gzip\r\n\r\n`), BOMB])),
];

/** Of all other paths in turn. */
const LIGHT_KINDS: readonly ((socket: net.Socket) => void)[] = [
  sendBytes,
  (socket) => socket.end('HTTP/1.1 200 OK\r\nContent-Type: text/html\r\n\r\n<html>'),
  (socket) => socket.end(`${PLAIN}\r\na{b="c`),
  (socket) => socket.end(`${PLAIN}Content-Length: 100\r\n\r\na 1\n`),
  (socket) => socket.destroy(),
];

function sendBytes(socket: net.Socket): void {
  socket.end('\u0000\u0001 nothing of the kind\n');
}

/** A body of 2 GB, as fast as the other side reads. */
function sendBlocks(socket: net.Socket, head: string, block: Buffer): void {
  let left = LARGE_BODY_BYTES;
  socket.write(head);
  const more = (): void => {
    while (left > 0 && !socket.destroyed) {
      left -= block.length;
      if (!socket.write(block)) {
        socket.once('drain', more);
        return;
      }
    }
    socket.end();
  };
  more();
}

/** 10 MB a second: many such bodies grow at the same time. */
function drip(socket: net.Socket): void {
  socket.write(`${PLAIN}\r\n`);
  const timer = setInterval(() => {
    for (let i = 0; i < 8 && socket.writableLength < 1 << 20; i++) socket.write(BLOCK);
  }, 50);
  socket.on('close', () => clearInterval(timer));
}
