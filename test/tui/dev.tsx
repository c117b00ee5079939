/** The screen on made-up content, to look at: `node dev.js [empty|failing]` after bundling. */
import { runTerminal } from '../../src/tui/terminal.tsx';
import { makeFakeMonitor } from './fake-monitor.ts';

const mode = process.argv[2];
const monitor = makeFakeMonitor({
  nowMs: Date.now,
  empty: mode === 'empty',
  failing: mode === 'failing' ? ['metrics', 'alerts', 'logs', 'traces'] : [],
});
process.exitCode = await runTerminal(monitor, { ascii: process.argv.includes('--ascii') });
await monitor.close();
