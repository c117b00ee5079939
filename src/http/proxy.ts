/** Which proxy a URL goes through: `proxy_url`, `no_proxy` and `proxy_from_environment`, with Go's `httpproxy` rules. */
import { BlockList, isIP } from 'node:net';
import type { HttpClientConfig } from '../config/http-config.ts';

type Environment = Readonly<Record<string, string | undefined>>;

/** The function gives undefined where the URL is reached directly. */
export function proxyChooser(config: HttpClientConfig, environment: Environment): (url: URL) => URL | undefined {
  if (config.proxyUrl !== undefined && config.proxyUrl !== '') {
    const proxy = parseProxy(config.proxyUrl);
    if (!config.noProxy) return () => proxy;
    const bypass = bypassRules(config.noProxy);
    return (url) => (bypass(url) ? undefined : proxy);
  }
  if (!config.proxyFromEnvironment) return () => undefined;
  const read = (name: string): string => environment[name] || environment[name.toLowerCase()] || '';
  const http = read('HTTP_PROXY');
  const https = read('HTTPS_PROXY');
  const bypass = bypassRules(read('NO_PROXY'));
  return (url) => {
    const chosen = url.protocol === 'https:' ? https : http;
    return chosen === '' || bypass(url) ? undefined : parseProxy(chosen);
  };
}

/** A proxy that takes longer than this to open a tunnel is given up on. */
export const PROXY_TIMEOUT_MS = 30_000;

export function proxyHost(proxy: URL): string {
  return proxy.hostname.replace(/^\[|\]$/g, '');
}

export function proxyPort(proxy: URL): number {
  return proxy.port === '' ? (USUAL_PORTS[proxy.protocol] ?? 80) : Number(proxy.port);
}

const USUAL_PORTS: Readonly<Record<string, number>> = { 'https:': 443, 'socks5:': 1080, 'socks5h:': 1080 };

function parseProxy(text: string): URL {
  return new URL(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
}

function bypassRules(noProxy: string): (url: URL) => boolean {
  const rules = noProxy
    .split(',')
    .map((rule) => rule.trim().toLowerCase())
    .filter((rule) => rule !== '')
    .map(bypassRule);
  return (url) => {
    const host = url.hostname.replace(/^\[|\]$/g, '').toLowerCase();
    const port = url.port || (url.protocol === 'https:' ? '443' : '80');
    if (host === 'localhost' || LOOPBACK.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4')) return true;
    return rules.some((rule) => rule(host, port));
  };
}

const LOOPBACK = new BlockList();
LOOPBACK.addSubnet('127.0.0.0', 8);
LOOPBACK.addAddress('::1', 'ipv6');

function bypassRule(rule: string): (host: string, port: string) => boolean {
  if (rule === '*') return () => true;
  const subnet = /^(.+)\/(\d+)$/.exec(rule);
  if (subnet && isIP(subnet[1]!) !== 0) return subnetRule(subnet[1]!, Number(subnet[2]));
  const [, name = rule, wantedPort] = /^\[?(.+?)\]?(?::(\d+))?$/.exec(isIP(rule) === 6 ? `[${rule}]` : rule) ?? [];
  const samePort = (port: string): boolean => wantedPort === undefined || wantedPort === port;
  if (isIP(name) !== 0) return (host, port) => host === name && samePort(port);
  const domain = name.replace(/^\*/, '');
  if (domain.startsWith('.')) return (host, port) => host.endsWith(domain) && samePort(port);
  return (host, port) => (host === domain || host.endsWith(`.${domain}`)) && samePort(port);
}

function subnetRule(address: string, prefix: number): (host: string) => boolean {
  const list = new BlockList();
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4';
  if (prefix > (family === 'ipv6' ? 128 : 32)) return () => false;
  list.addSubnet(address, prefix, family);
  return (host) => isIP(host) !== 0 && list.check(host, isIP(host) === 6 ? 'ipv6' : 'ipv4');
}
