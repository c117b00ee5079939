#!/usr/bin/env node
// Checks the Node version (re-executing on the project's own Node where the one at hand is too old) and starts the built program.
import { spawn } from 'node:child_process';
import { existsSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';

// Scraping makes garbage in bursts, for which V8 would grow its young generation to 2 × 16 MiB and more and keep it: a small one
// is emptied faster than a large one is filled. The first flag holds for this thread, the second for workers; both stay as large as
// they are at the start, see below.
setFlagsFromString('--semi-space-growth-factor=1');
setFlagsFromString('--max-semi-space-size=8');
// Nor is it worth waking other threads for.
setFlagsFromString('--no-parallel-scavenge');

// From 128 kB on a buffer is memory of its own, which goes back when the buffer does. glibc would raise that limit with each large
// buffer that is freed, up to 32 MB, and after some scrapes a fifth of what is resident would be holes between buffers. It looks
// at these variables when a process starts, and not later.
const allocation = { MALLOC_MMAP_THRESHOLD_: '131072', WATCHFIRE_ALLOCATION: 'set' };

// 2 × 4 MiB from the start: emptying it costs most of a millisecond however little is in it, and 2 × 1 MiB is full all the time.
const startFlags = ['--min-semi-space-size=4'];

const oldestMajor = 22;
const root = join(dirname(fileURLToPath(import.meta.url)), '..');

if (Number.parseInt(process.versions.node, 10) < oldestMajor) {
  const own = join(root, 'node_modules', 'node', 'bin', 'node');
  if (!existsSync(own)) {
    console.error(
      `watchfire needs Node ${oldestMajor} or newer, and this is ${process.version}: install a newer Node, or run \`npm ci\` in ${root}, which brings one.`,
    );
    process.exit(2);
  }
  // The channel tells the child when this process is killed outright; signals that can be caught are passed on.
  const child = spawn(own, [...startFlags, fileURLToPath(import.meta.url), ...process.argv.slice(2)], {
    stdio: ['inherit', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...allocation, WATCHFIRE_REEXECUTED: '1' },
  });
  for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP', 'SIGUSR1', 'SIGUSR2'])
    process.on(signal, () => child.kill(signal));
  child.on('error', (error) => {
    console.error(`watchfire could not start ${own}: ${error.message}`);
    process.exit(2);
  });
  child.on('exit', (code, signal) => {
    if (signal) {
      process.removeAllListeners(signal);
      process.kill(process.pid, signal);
    } else process.exit(code ?? 2);
  });
} else {
  if (process.env.WATCHFIRE_ALLOCATION) {
    // Programs that are started from here decide for themselves.
    for (const name of Object.keys(allocation)) delete process.env[name];
  } else if (runsForLong(process.argv[2]) && takesAllocation()) {
    const args = [
      process.execPath,
      ...startFlags,
      ...process.execArgv,
      fileURLToPath(import.meta.url),
      ...process.argv.slice(2),
    ];
    process.execve(process.execPath, args, { ...process.env, ...allocation });
  }
  if (process.env.WATCHFIRE_REEXECUTED && process.channel) {
    process.channel.unref();
    process.on('disconnect', () => process.kill(process.pid, 'SIGKILL'));
    delete process.env.WATCHFIRE_REEXECUTED;
  }
  setTimeout(settleHeap, 20_000).unref();
  // Development React keeps a performance entry per render, for ever.
  process.env.NODE_ENV = 'production';
  const program = join(root, 'dist', 'cli.js');
  if (!existsSync(program)) {
    console.error(`watchfire is not built: run \`npm ci\` (or \`npm run build\`) in ${root}.`);
    process.exit(2);
  }
  const { main } = await import(program);
  await main(process.argv);
}

/**
 * Once what was made at the start is there: drops what was only wanted for making it, and gives the heap more room. One that grows
 * slowly has but some megabytes beyond what is alive, which the body of a scrape uses up: the whole heap would be marked with each
 * scrape, on all cores; and one in which little is made, as that of a screen nobody touches, would triple before it is collected.
 * Three tenths suit both.
 */
function settleHeap() {
  setFlagsFromString('--heap-growing-percent=30');
  setFlagsFromString('--expose-gc');
  runInNewContext('gc')({ type: 'major', execution: 'async' });
}

/** Whether the command watches until it is ended: for others it is not worth starting anew. */
function runsForLong(command) {
  return (
    command === undefined ||
    ['watch', 'demo', 'attach'].includes(command) ||
    (command.startsWith('-') && !/^(-h|--help|-V|--version)$/.test(command))
  );
}

/** Not where somebody has chosen already, nor where a parent holds a channel, which would be lost. */
function takesAllocation() {
  return (
    process.platform === 'linux' &&
    process.execve !== undefined &&
    process.env.MALLOC_MMAP_THRESHOLD_ === undefined &&
    process.channel === undefined
  );
}
