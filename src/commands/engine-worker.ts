/** The worker thread of the terminal screen: assembles the monitor and serves it to the thread that draws. */
import { parentPort, workerData } from 'node:worker_threads';
import type { MonitorSettings } from '../monitor/settings.ts';
import { refuseMonitor, sendTerminalText, serveMonitor } from '../monitor/wire.ts';
import { openMonitor } from './open-monitor.ts';

if (parentPort === null) throw new Error('the engine worker is started by watchfire itself');
const port = parentPort;
try {
  serveMonitor(port, await openMonitor(workerData as MonitorSettings, (text) => sendTerminalText(port, text)));
} catch (error) {
  refuseMonitor(port, error);
}
