/** `http_config` of Prometheus' and Alertmanager's files (prometheus/common `HTTPClientConfig`). */
import type { Secret } from './secret.ts';

export interface TlsConfig {
  readonly ca?: string | undefined;
  readonly caFile?: string | undefined;
  readonly cert?: string | undefined;
  readonly certFile?: string | undefined;
  readonly key?: Secret | undefined;
  readonly keyFile?: string | undefined;
  readonly serverName?: string | undefined;
  readonly insecureSkipVerify: boolean;
  readonly minVersion?: 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13' | undefined;
  readonly maxVersion?: 'TLS10' | 'TLS11' | 'TLS12' | 'TLS13' | undefined;
}

export interface HttpClientConfig {
  readonly basicAuth?:
    | {
        readonly username?: string | undefined;
        readonly usernameFile?: string | undefined;
        readonly password?: Secret | undefined;
        readonly passwordFile?: string | undefined;
      }
    | undefined;
  /** `bearer_token` is read as `authorization` of type Bearer. */
  readonly authorization?:
    | {
        readonly type: string;
        readonly credentials?: Secret | undefined;
        readonly credentialsFile?: string | undefined;
      }
    | undefined;
  readonly oauth2?:
    | {
        readonly clientId: string;
        readonly clientSecret?: Secret | undefined;
        readonly clientSecretFile?: string | undefined;
        readonly scopes: readonly string[];
        readonly tokenUrl: string;
        readonly endpointParams: Readonly<Record<string, string>>;
        readonly tls?: TlsConfig | undefined;
        readonly proxyUrl?: string | undefined;
      }
    | undefined;
  readonly tls: TlsConfig;
  readonly followRedirects: boolean;
  readonly enableHttp2: boolean;
  readonly proxyUrl?: string | undefined;
  readonly noProxy?: string | undefined;
  readonly proxyFromEnvironment: boolean;
  readonly proxyConnectHeader: Readonly<Record<string, readonly Secret[]>>;
  readonly httpHeaders: Readonly<
    Record<
      string,
      { readonly values: readonly string[]; readonly secrets: readonly Secret[]; readonly files: readonly string[] }
    >
  >;
}

/** Every default of `http_config`. */
export const defaultHttpClientConfig: HttpClientConfig = {
  tls: { insecureSkipVerify: false },
  followRedirects: true,
  enableHttp2: true,
  proxyFromEnvironment: false,
  proxyConnectHeader: {},
  httpHeaders: {},
};
