/** Credentials from a plugin that a kubeconfig names: its command run, its `ExecCredential` read and kept while it lasts. */
import { execFile } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';

/** `users[].user.exec` of a kubeconfig, the command's path resolved. */
export interface ExecPlugin {
  readonly apiVersion: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Added to watchfire's own environment. */
  readonly environment: Readonly<Record<string, string>>;
  readonly installHint: string;
  /** What the plugin is told of the cluster, where it asks for that. */
  readonly cluster: Readonly<Record<string, unknown>> | undefined;
}

export interface ExecCredential {
  /** A bearer token; empty where there is none. */
  readonly token: string;
  /** PEM; empty where there is none. */
  readonly certificate: string;
  readonly key: string;
  /** Unix milliseconds; infinite where it lasts as long as this program does. */
  readonly expiresMs: number;
}

const PLUGIN_TIMEOUT_MS = 60_000;
const LARGEST_OUTPUT_BYTES = 1 << 20;

/** Runs the command once. Rejects with an Error of one sentence, in which nothing of the plugin's output stands but its complaint. */
export async function runPlugin(plugin: ExecPlugin): Promise<ExecCredential> {
  const { apiVersion, command } = plugin;
  const output = await run(plugin);
  let answer: unknown;
  try {
    answer = JSON.parse(output);
  } catch {
    throw new Error(`the credential plugin ${command} printed no JSON`);
  }
  const parsed = credential.safeParse(answer);
  if (!parsed.success) {
    const issue = parsed.error.issues[0]!;
    throw new Error(`the credential plugin ${command} printed no ExecCredential: ${issue.path.join('.')} is wrong`);
  }
  if (parsed.data.apiVersion !== apiVersion) {
    throw new Error(
      `the credential plugin ${command} speaks ${parsed.data.apiVersion}, and the kubeconfig asks for ${apiVersion}`,
    );
  }
  const { token, clientCertificateData: certificate, clientKeyData: key, expirationTimestamp } = parsed.data.status;
  if (token === '' && certificate === '') throw new Error(`the credential plugin ${command} gave no credential`);
  if ((certificate === '') !== (key === '')) {
    throw new Error(`the credential plugin ${command} gave a certificate or a key without the other`);
  }
  const expiries = [expirationTimestamp, ...(certificate === '' ? [] : [endOfCertificate(command, certificate)])];
  return { token, certificate, key, expiresMs: Math.min(...expiries) };
}

const text = z
  .string()
  .nullish()
  .transform((value) => value ?? '');

const credential = z.object({
  apiVersion: z.string(),
  kind: z.literal('ExecCredential'),
  status: z.object({
    token: text,
    clientCertificateData: text,
    clientKeyData: text,
    expirationTimestamp: z
      .string()
      .nullish()
      .transform((value) => (value ? Date.parse(value) : Number.POSITIVE_INFINITY))
      .refine((value) => !Number.isNaN(value)),
  }),
});

function run({ apiVersion, command, args, environment, installHint, cluster }: ExecPlugin): Promise<string> {
  // Nobody sits at watchfire's standard input who could answer a question.
  const spec = { interactive: false, ...(cluster !== undefined && { cluster }) };
  const options = {
    env: {
      ...process.env,
      ...environment,
      KUBERNETES_EXEC_INFO: JSON.stringify({ kind: 'ExecCredential', apiVersion, spec }),
    },
    timeout: PLUGIN_TIMEOUT_MS,
    maxBuffer: LARGEST_OUTPUT_BYTES,
  };
  return new Promise((resolve, reject) => {
    const child = execFile(command, args, options, (error, stdout, stderr) => {
      if (error === null) resolve(stdout);
      else reject(new Error(`the credential plugin ${command} ${complaint(error, stderr, installHint)}`));
    });
    child.stdin?.end();
  });
}

function complaint(error: Error & { code?: unknown; killed?: boolean }, stderr: string, installHint: string): string {
  if (error.code === 'ENOENT') return `is not there${installHint === '' ? '' : `: ${installHint.trim()}`}`;
  if (error.code === 'EACCES') return 'may not be run (permission denied)';
  if (error.killed) return `did not end within ${PLUGIN_TIMEOUT_MS / 1000} s`;
  const last = stderr.trim().split('\n').at(-1)!.slice(0, 300);
  return `failed with exit code ${String(error.code)}${last === '' ? '' : `: ${last}`}`;
}

function endOfCertificate(command: string, pem: string): number {
  try {
    return Date.parse(new X509Certificate(pem).validTo);
  } catch {
    throw new Error(`the credential plugin ${command} gave a certificate that cannot be read`);
  }
}
