// Fails when a file under src/ imports from a folder that stands below its own in the architecture's list.
import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, normalize, relative } from 'node:path';

const order = [
  'labels',
  'config',
  'http',
  'exposition',
  'storage',
  'promql',
  'template',
  'discovery',
  'scrape',
  'rules',
  'alerting',
  'notify',
  'logs',
  'traces',
  'monitor',
  'api',
  'headless',
  'tui',
  'commands',
  'instrument',
  'demo',
];
// What an application imports must not drag watchfire in, and the demo is an application.
const alone = { instrument: ['instrument'], demo: ['demo', 'instrument'] };

const faults = [];
for (const entry of readdirSync('src', { recursive: true, withFileTypes: true })) {
  if (!entry.isFile() || !/\.tsx?$/.test(entry.name)) continue;
  const file = join(entry.parentPath, entry.name);
  const from = folderOf(file);
  if (from === undefined) continue;
  if (!order.includes(from)) faults.push(`${file}: src/${from} is not a folder of the architecture`);
  for (const match of readFileSync(file, 'utf8').matchAll(/(?:from|import)\s*\(?\s*'(\.[^']*)'/g)) {
    const target = normalize(join(dirname(file), match[1]));
    const to = folderOf(target);
    if (to === from || target === 'package.json') continue;
    const allowed = alone[from]
      ? to !== undefined && alone[from].includes(to)
      : order.indexOf(to) !== -1 && order.indexOf(to) < order.indexOf(from);
    if (!allowed) faults.push(`${file}: src/${from} may not import from ${to === undefined ? match[1] : `src/${to}`}`);
  }
}
for (const fault of faults) console.error(fault);
if (faults.length > 0) process.exit(1);
console.log('imports run in one direction');

/** The folder directly under src/ that holds the file; undefined for src/index.ts. */
function folderOf(file) {
  const parts = relative('src', file).split('/');
  return parts.length > 1 ? parts[0] : undefined;
}
