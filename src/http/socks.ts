/** Tunnels through a SOCKS 5 proxy (RFC 1928), with a name and password where the proxy's URL has them (RFC 1929). */
import * as net from 'node:net';
import { HttpError } from './client.ts';
import { hostOf } from './fault.ts';
import { PROXY_TIMEOUT_MS, proxyHost, proxyPort } from './proxy.ts';
import type { OpenTunnel } from './tunnel.ts';

const VERSION = 5;
const NO_AUTHENTICATION = 0;
const NAME_AND_PASSWORD = 2;
const CONNECT = 1;
const ADDRESS = { ipv4: 1, name: 3, ipv6: 4 } as const;

/** Names are resolved by the proxy, whether its URL says `socks5` or `socks5h`, as with Go's client. */
export function socksTunnel(proxy: URL): OpenTunnel {
  return async (host, port) => {
    const socket = net.connect({ host: proxyHost(proxy), port: proxyPort(proxy) });
    // Whoever takes the socket over adds a listener of his own.
    socket.on('error', () => {});
    socket.setTimeout(PROXY_TIMEOUT_MS, () => socket.destroy(new Error('it took too long')));
    try {
      await greet(socket, decodeURIComponent(proxy.username), decodeURIComponent(proxy.password));
      await connect(socket, host, port);
    } catch (error) {
      socket.destroy();
      throw new HttpError('proxy', `the proxy ${hostOf(proxy)} cannot be used: ${(error as Error).message}`);
    }
    socket.setTimeout(0);
    return socket;
  };
}

/** Agrees on how to authenticate, and does. */
async function greet(socket: net.Socket, name: string, password: string): Promise<void> {
  const methods = name === '' ? [NO_AUTHENTICATION] : [NO_AUTHENTICATION, NAME_AND_PASSWORD];
  socket.write(Buffer.from([VERSION, methods.length, ...methods]));
  const [version, method] = await read(socket, 2);
  if (version !== VERSION) throw new Error(`it does not speak SOCKS 5`);
  if (method === NO_AUTHENTICATION) return;
  if (method !== NAME_AND_PASSWORD || name === '') throw new Error('it wants an authentication that was not given');
  socket.write(Buffer.concat([Buffer.from([1]), counted(name), counted(password)]));
  const [, status] = await read(socket, 2);
  if (status !== 0) throw new Error('it refuses the name and password');
}

async function connect(socket: net.Socket, host: string, port: number): Promise<void> {
  const portBytes = Buffer.from([port >> 8, port & 0xff]);
  socket.write(Buffer.concat([Buffer.from([VERSION, CONNECT, 0]), addressBytes(host), portBytes]));
  const [, reply, , type] = await read(socket, 4);
  if (reply !== 0) throw new Error(REPLIES[reply!] ?? `it answered with code ${reply}`);
  // The address that the proxy itself connects from: of no interest, but it must be read off.
  const length = type === ADDRESS.name ? (await read(socket, 1))[0]! : type === ADDRESS.ipv6 ? 16 : 4;
  await read(socket, length + 2);
}

function addressBytes(host: string): Buffer {
  const bare = host.replace(/^\[|\]$/g, '');
  if (net.isIPv4(bare)) return Buffer.from([ADDRESS.ipv4, ...bare.split('.').map(Number)]);
  if (net.isIPv6(bare)) return Buffer.from([ADDRESS.ipv6, ...ipv6Bytes(bare)]);
  return Buffer.concat([Buffer.from([ADDRESS.name]), counted(bare)]);
}

function ipv6Bytes(address: string): number[] {
  const dotted = /^(.*:)(\d+)\.(\d+)\.(\d+)\.(\d+)$/.exec(address);
  const hex = (high: string, low: string): string => ((Number(high) << 8) | Number(low)).toString(16);
  const text = dotted ? `${dotted[1]}${hex(dotted[2]!, dotted[3]!)}:${hex(dotted[4]!, dotted[5]!)}` : address;
  const [head = '', tail] = text.split('::');
  const groups = (part: string | undefined): string[] => (part ? part.split(':') : []);
  const gap = tail === undefined ? 0 : 8 - groups(head).length - groups(tail).length;
  const all = [...groups(head), ...new Array<string>(gap).fill('0'), ...groups(tail)];
  return all.flatMap((group) => [Number.parseInt(group, 16) >> 8, Number.parseInt(group, 16) & 0xff]);
}

/** A byte for the length, and the text. */
function counted(text: string): Buffer {
  const bytes = Buffer.from(text);
  if (bytes.length > 255) throw new Error('a name of more than 255 bytes cannot be said to it');
  return Buffer.concat([Buffer.from([bytes.length]), bytes]);
}

/** Exactly so many bytes; what comes after them stays in the socket. */
function read(socket: net.Socket, length: number): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const end = (finish: () => void): void => {
      socket.off('readable', take).off('error', reject).off('close', closed);
      // The stream notices only in the next tick that nobody waits for its bytes any more.
      setImmediate(finish);
    };
    const take = (): void => {
      const bytes = socket.read(length) as Buffer | null;
      if (bytes === null) return;
      end(() => (bytes.length === length ? resolve(bytes) : reject(new Error('it closed the connection'))));
    };
    const closed = (): void => end(() => reject(new Error('it closed the connection')));
    socket.on('readable', take).on('error', reject).on('close', closed);
  });
}

const REPLIES: readonly (string | undefined)[] = [
  undefined,
  'it failed',
  'it does not allow the connection',
  'it finds the network unreachable',
  'it finds the host unreachable',
  'the connection is refused',
  'the connection took too long for it',
  'it does not know how to connect',
  'it does not know this kind of address',
];
