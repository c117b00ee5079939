/** How the API server is reached: `api_server`, a kubeconfig file, or from within a pod. */
import { readFile } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import { parse as parseYaml } from 'yaml';
import { z } from 'zod';
import { defaultHttpClientConfig, type HttpClientConfig } from '../../config/http-config.ts';
import type { KubernetesDiscoveryConfig } from '../../config/prometheus-config.ts';
import { Secret } from '../../config/secret.ts';
import type { ExecPlugin } from './exec-credential.ts';

export interface ApiServer {
  /** Without a slash at the end. */
  readonly url: string;
  readonly http: HttpClientConfig;
  /** What has to be asked for credentials. */
  readonly plugin?: ExecPlugin | undefined;
  /** The namespace that watchfire itself runs in, where it runs in one. */
  readonly ownNamespace: string | undefined;
}

export interface PodSurroundings {
  readonly environment: Readonly<Record<string, string | undefined>>;
  /** Where Kubernetes mounts a pod's token, authority and namespace. */
  readonly serviceAccountFolder: string;
}

/** Rejects with an Error of one sentence. */
export async function findApiServer(config: KubernetesDiscoveryConfig, pod: PodSurroundings): Promise<ApiServer> {
  const ownNamespace = await readFile(join(pod.serviceAccountFolder, 'namespace'), 'utf8').then(
    (text) => text.trim(),
    () => undefined,
  );
  if (config.apiServer) return { url: config.apiServer.replace(/\/$/, ''), http: config.http, ownNamespace };
  if (config.kubeconfigFile) return { ...(await readKubeconfig(config.kubeconfigFile)), ownNamespace };
  const { KUBERNETES_SERVICE_HOST: host, KUBERNETES_SERVICE_PORT: port } = pod.environment;
  if (!host || !port) {
    throw new Error(
      'not within a Kubernetes pod (KUBERNETES_SERVICE_HOST and KUBERNETES_SERVICE_PORT are not set): give api_server or kubeconfig_file',
    );
  }
  return {
    url: `https://${host.includes(':') ? `[${host}]` : host}:${port}`,
    http: {
      ...defaultHttpClientConfig,
      authorization: { type: 'Bearer', credentialsFile: join(pod.serviceAccountFolder, 'token') },
      tls: { insecureSkipVerify: false, caFile: join(pod.serviceAccountFolder, 'ca.crt') },
    },
    ownNamespace,
  };
}

const text = z.string().optional();

const kubeconfig = z.object({
  'current-context': z.string().default(''),
  contexts: z.array(z.object({ name: z.string(), context: z.object({ cluster: z.string(), user: text }) })).default([]),
  clusters: z
    .array(
      z.object({
        name: z.string(),
        cluster: z.object({
          server: z.string(),
          'certificate-authority': text,
          'certificate-authority-data': text,
          'insecure-skip-tls-verify': z.boolean().default(false),
          'tls-server-name': text,
          'proxy-url': text,
        }),
      }),
    )
    .default([]),
  users: z
    .array(
      z.object({
        name: z.string(),
        user: z.object({
          token: text,
          tokenFile: text,
          username: text,
          password: text,
          'client-certificate': text,
          'client-certificate-data': text,
          'client-key': text,
          'client-key-data': text,
          exec: z
            .object({
              apiVersion: z.enum(['client.authentication.k8s.io/v1', 'client.authentication.k8s.io/v1beta1']),
              command: z.string(),
              args: z.array(z.string()).nullish(),
              env: z.array(z.object({ name: z.string(), value: z.string() })).nullish(),
              installHint: text,
              interactiveMode: z.enum(['Never', 'IfAvailable', 'Always']).optional(),
              provideClusterInfo: z.boolean().default(false),
            })
            .optional(),
          'auth-provider': z.object({ name: text }).optional(),
        }),
      }),
    )
    .default([]),
});

type Exec = NonNullable<z.infer<typeof kubeconfig>['users'][number]['user']['exec']>;
type Cluster = z.infer<typeof kubeconfig>['clusters'][number]['cluster'];

async function readKubeconfig(file: string): Promise<Omit<ApiServer, 'ownNamespace'>> {
  const parsed = kubeconfig.safeParse(await parseFile(file));
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Error(`the kubeconfig ${file} cannot be used: ${issue.path.join('.')}: ${issue.message}`);
  }
  const { contexts, clusters, users, 'current-context': current } = parsed.data;
  const context = contexts.find((each) => each.name === current)?.context;
  const cluster = clusters.find((each) => each.name === context?.cluster)?.cluster;
  if (context === undefined || cluster === undefined) {
    throw new Error(`the kubeconfig ${file} names no cluster: its current-context is ${JSON.stringify(current)}`);
  }
  const user = users.find((each) => each.name === context.user)?.user ?? {};
  const provider = user['auth-provider']?.name;
  if (provider !== undefined) {
    throw new Error(
      `the kubeconfig ${file} gets its credentials from the auth-provider ${JSON.stringify(provider)}, which Kubernetes has given up: use exec, a token or a client certificate`,
    );
  }
  if (user.exec?.interactiveMode === 'Always') {
    throw new Error(
      `the kubeconfig ${file} names the plugin ${JSON.stringify(user.exec.command)}, which has to be answered by a person (interactiveMode: Always)`,
    );
  }
  const path = (name: string | undefined): string | undefined => name && resolve(dirname(file), name);
  const inline = (base64: string | undefined): string | undefined => base64 && Buffer.from(base64, 'base64').toString();
  const key = inline(user['client-key-data']);
  return {
    url: cluster.server.replace(/\/$/, ''),
    http: {
      ...defaultHttpClientConfig,
      ...(user.token && { authorization: { type: 'Bearer', credentials: new Secret(user.token) } }),
      ...(user.tokenFile && { authorization: { type: 'Bearer', credentialsFile: path(user.tokenFile) } }),
      ...(user.username && { basicAuth: { username: user.username, password: new Secret(user.password ?? '') } }),
      ...(cluster['proxy-url'] && { proxyUrl: cluster['proxy-url'] }),
      tls: {
        insecureSkipVerify: cluster['insecure-skip-tls-verify'],
        serverName: cluster['tls-server-name'],
        ca: inline(cluster['certificate-authority-data']),
        caFile: path(cluster['certificate-authority']),
        cert: inline(user['client-certificate-data']),
        certFile: path(user['client-certificate']),
        key: key === undefined ? undefined : new Secret(key),
        keyFile: path(user['client-key']),
      },
    },
    plugin: user.exec && pluginOf(user.exec, cluster, dirname(file)),
  };
}

/** A command with a slash in it stands relative to the kubeconfig; others are looked for on the PATH. */
function pluginOf(exec: Exec, cluster: Cluster, folder: string): ExecPlugin {
  const { apiVersion, command, args, env, installHint = '', provideClusterInfo } = exec;
  return {
    apiVersion,
    command: command.includes('/') ? resolve(folder, command) : command,
    args: args ?? [],
    environment: Object.fromEntries((env ?? []).map(({ name, value }) => [name, value])),
    installHint,
    cluster: provideClusterInfo
      ? {
          server: cluster.server,
          'tls-server-name': cluster['tls-server-name'],
          'insecure-skip-tls-verify': cluster['insecure-skip-tls-verify'],
          'certificate-authority-data': cluster['certificate-authority-data'],
          'proxy-url': cluster['proxy-url'],
        }
      : undefined,
  };
}

async function parseFile(file: string): Promise<unknown> {
  try {
    return parseYaml(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    const why = code === 'ENOENT' ? 'no such file' : message.split('\n')[0];
    throw new Error(`the kubeconfig ${file} cannot be read: ${why}`);
  }
}
