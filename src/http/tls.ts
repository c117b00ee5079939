/** A `tls_config` as Node's options, its files read again at each use so that a renewed certificate is taken up. */
import { readFile } from 'node:fs/promises';
import type { AgentOptions } from 'node:https';
import type { SecureContext, SecureContextOptions, SecureVersion } from 'node:tls';
import * as tls from 'node:tls';
import type { TlsConfig } from '../config/http-config.ts';
import { HttpError } from './client.ts';

export interface TlsMaterial {
  readonly ca: string | undefined;
  readonly cert: string | undefined;
  readonly key: string | undefined;
  readonly options: AgentOptions;
}

const VERSIONS: Readonly<Record<NonNullable<TlsConfig['minVersion']>, SecureVersion>> = {
  TLS10: 'TLSv1',
  TLS11: 'TLSv1.1',
  TLS12: 'TLSv1.2',
  TLS13: 'TLSv1.3',
};

/** Gives `previous` itself where nothing has changed. Rejects with HttpError where a file cannot be read. */
export async function loadTls(config: TlsConfig, previous: TlsMaterial | undefined): Promise<TlsMaterial> {
  const [ca, cert, key] = await Promise.all([
    textOf('CA certificate', config.ca, config.caFile),
    textOf('client certificate', config.cert, config.certFile),
    textOf('client key', config.key?.reveal(), config.keyFile),
  ]);
  if (previous !== undefined && previous.ca === ca && previous.cert === cert && previous.key === key) return previous;
  const oldest = config.minVersion;
  const context: SecureContextOptions = {
    ca: ca === undefined ? trustedCertificates() : [ca],
    ...(cert !== undefined && { cert }),
    ...(key !== undefined && { key }),
    ...(oldest !== undefined && { minVersion: VERSIONS[oldest] }),
    ...(config.maxVersion !== undefined && { maxVersion: VERSIONS[config.maxVersion] }),
    // OpenSSL refuses the old versions altogether at its usual security level.
    ...((oldest === 'TLS10' || oldest === 'TLS11') && { ciphers: 'DEFAULT@SECLEVEL=0' }),
  };
  const options: AgentOptions = {
    rejectUnauthorized: !config.insecureSkipVerify,
    secureContext: secureContextOf(context),
    ...(config.serverName && { servername: config.serverName }),
  };
  return { ca, cert, key, options };
}

let trusted: readonly string[] | undefined;

/** What Node brings and what the machine trusts, as a Go program would: a company's own authority is installed there. */
function trustedCertificates(): string[] {
  if (trusted === undefined) {
    // Node 22 got this function only late.
    const { getCACertificates, rootCertificates } = tls as Partial<typeof tls>;
    trusted = getCACertificates
      ? [...new Set([...getCACertificates('default'), ...getCACertificates('system')])]
      : rootCertificates!;
  }
  return [...trusted];
}

/** Made once for all connections: parsing the authorities anew for each would cost more than the handshake. */
function secureContextOf(options: SecureContextOptions): SecureContext {
  try {
    return tls.createSecureContext(options);
  } catch (error) {
    throw new HttpError('tls', `the TLS certificates cannot be used: ${(error as Error).message}`);
  }
}

async function textOf(what: string, text: string | undefined, file: string | undefined): Promise<string | undefined> {
  if (text) return text;
  if (!file) return undefined;
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw new HttpError('tls', `the ${what} ${file} cannot be read: ${code === 'ENOENT' ? 'no such file' : code}`);
  }
}
