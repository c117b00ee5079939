/** One of several processes that want the same folders at the same time: says when it is ready, begins when told to, prints which it got, and keeps them until its input ends. */
import { openStateFolder } from '../../src/monitor/state-folder.ts';

const folders = process.argv.slice(3);
process.stdout.write('ready\n');
process.stdin.once('data', () => {
  const own = folders.filter((folder) => openStateFolder(folder).path !== undefined);
  process.stdout.write(`${JSON.stringify(own)}\n`);
});
process.stdin.once('end', () => process.exit());
