/** Strings that would steer a terminal, from every source, in every view: nothing of them reaches the real terminal. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { PATIENCE_MS, TerminalProgram } from './terminal.ts';

/** Sets the title, clears the screen, answers a question, overrides the direction, hides in C1, rings, breaks the line. */
const HOSTILE =
  '\u001b]2;taken over\u0007\u001b[2J\u001b[31m\u001b[6n\u001bP+q544e\u001b\\\u202eesrever\u2066\u009b1mbold\u0007\u0008\u000bend';
const FOREIGN = [
  '\u001b]2;taken over',
  '\u001b[2J\u001b[31m',
  '\u001b[6n',
  '\u001bP',
  '\u202e',
  '\u2066',
  '\u009b',
  '\u0007\u0008',
];

const traceId = '0af7651916cd43dd8448eb211c80319c';
let server: Server;
let directory: string;
let screen: TerminalProgram;

beforeAll(async () => {
  server = createServer((request, response) => {
    const path = new URL(request.url!, 'http://localhost').pathname;
    response.setHeader('content-type', path === '/metrics' ? 'text/plain; version=0.0.4' : 'application/json');
    response.end(path === '/metrics' ? exposition() : JSON.stringify(jaegerAnswer(path)));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  directory = await mkdtemp(join(tmpdir(), 'watchfire-'));
  const files = {
    'prometheus.yml': `
global: { scrape_interval: 1s, evaluation_interval: 1s }
rule_files: [rules.yml]
scrape_configs:
  - job_name: shop
    static_configs: [{ targets: ['127.0.0.1:${port}'], labels: { service: ${escaped(HOSTILE)} } }]
`,
    'rules.yml': `
groups:
  - name: shop
    rules:
      - alert: Hostile
        expr: errors > 0
        labels: { severity: ${escaped(`critical${HOSTILE}`)} }
        annotations: { summary: 'of {{ $labels.path }}' }
`,
    'app.log': `${JSON.stringify({ time: new Date().toISOString(), level: 'error', service: HOSTILE, msg: HOSTILE, traceId })}\nplain ERROR ${HOSTILE}\n`,
  };
  for (const [name, text] of Object.entries(files)) await writeFile(join(directory, name), text);
  const jaeger = `http://127.0.0.1:${port}`;
  screen = new TerminalProgram(
    [
      '--prometheus-config',
      'prometheus.yml',
      '--log',
      'app.log',
      '--jaeger',
      jaeger,
      '--state',
      join(directory, 'state'),
    ],
    { directory, columns: 160, rows: 50 },
  );
});

afterAll(async () => {
  screen.kill();
  server.close();
  await rm(directory, { recursive: true, force: true });
});

it('shows hostile strings in every view, and writes nothing of them that steers', {
  timeout: 4 * PATIENCE_MS,
}, async () => {
  await screen.until('Hostile');
  await screen.press('Enter');
  await screen.until('Told');
  await screen.press('x');
  await screen.until('not-silenced');
  await screen.press('Esc');
  await screen.until('Told');
  await screen.press('l');
  await screen.until(/ERR/);
  await screen.press('Enter');
  await screen.press('5');
  await screen.until('Operation');
  await screen.press('Enter');
  await screen.until('1 span ');
  for (const view of ['2', '3', '6', 'Enter', '7', 'Enter', '1']) await screen.press(view);
  await screen.until('Hostile');
  expect(FOREIGN.filter((sequence) => screen.written.includes(sequence))).toEqual([]);
  expect(screen.title).toMatch(/^watchfire idle/);
  await screen.press('q');
  expect(await screen.ended()).toBe(0);
});

/** As a double-quoted YAML string; YAML allows no control characters in the raw. */
function escaped(text: string): string {
  return JSON.stringify(text).replace(
    /[\u007f-\uffff]/g,
    (sign) => `\\u${sign.charCodeAt(0).toString(16).padStart(4, '0')}`,
  );
}

function exposition(): string {
  // A label value may hold anything but a raw line break, a quote or a backslash.
  const value = HOSTILE.replaceAll('\\', '\\\\');
  return `# HELP errors Of ${value}\n# TYPE errors gauge\nerrors{path="${value}"} 1\n`;
}

function jaegerAnswer(path: string): unknown {
  if (path.startsWith('/api/v3')) return undefined;
  if (path === '/api/services') return { data: [HOSTILE] };
  if (path.endsWith('/operations')) return { data: [HOSTILE] };
  const span = {
    traceID: traceId,
    spanID: '00f067aa0ba902b7',
    operationName: HOSTILE,
    references: [],
    startTime: Date.now() * 1000 - 500_000,
    duration: 250_000,
    tags: [
      { key: HOSTILE, type: 'string', value: HOSTILE },
      { key: 'error', type: 'bool', value: true },
    ],
    logs: [{ timestamp: Date.now() * 1000, fields: [{ key: 'event', type: 'string', value: HOSTILE }] }],
    processID: 'p1',
  };
  return { data: [{ traceID: traceId, spans: [span], processes: { p1: { serviceName: HOSTILE, tags: [] } } }] };
}
