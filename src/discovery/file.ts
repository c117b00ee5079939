/** `file_sd_configs`: target groups from files, read again when they change and at each refresh interval. */
import { type FSWatcher, watch } from 'node:fs';
import { glob, readFile } from 'node:fs/promises';
import { dirname, extname } from 'node:path';
import type { Timer } from '../config/clock.ts';
import type { DiscoveryConfig, TargetGroup } from '../config/prometheus-config.ts';
import type { Discovery, DiscoveryDeps, DiscoveryState } from './discovery.ts';
import { listFault, parseGroupList } from './group-list.ts';

type FileConfig = Extract<DiscoveryConfig, { kind: 'file' }>;

/** An editor writes a file in several steps. */
const SETTLE_MS = 100;

export class FileDiscovery implements Discovery {
  readonly #config: FileConfig;
  readonly #deps: DiscoveryDeps;
  readonly #watchers = new Map<string, FSWatcher>();
  /** The last good content of each file. */
  #groups = new Map<string, readonly TargetGroup[]>();
  #faults = new Map<string, string>();
  #lastSuccessMs = 0;
  #delivered: string | undefined;
  #timer: Timer | undefined;
  #reading: Promise<void> = Promise.resolve();
  #stopped = false;

  constructor(config: FileConfig, deps: DiscoveryDeps) {
    this.#config = config;
    this.#deps = deps;
  }

  start(onGroups: (groups: readonly TargetGroup[]) => void): void {
    for (const folder of new Set(this.#config.files.map((pattern) => dirname(pattern)))) {
      this.#watch(folder, onGroups);
    }
    this.#refresh(onGroups);
  }

  state(): DiscoveryState {
    return {
      kind: 'file',
      origin: this.#config.files.join(', '),
      lastSuccessMs: this.#lastSuccessMs,
      error: [...this.#faults.values()].join('; '),
    };
  }

  stop(): void {
    this.#stopped = true;
    this.#timer?.cancel();
    for (const watcher of this.#watchers.values()) watcher.close();
  }

  /** Without a watch (the folder is not there, or the machine has no watches left) the refresh interval alone serves. */
  #watch(folder: string, onGroups: (groups: readonly TargetGroup[]) => void): void {
    if (this.#watchers.has(folder)) return;
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#refreshAfter(SETTLE_MS, onGroups));
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      return;
    }
  }

  #refreshAfter(delayMs: number, onGroups: (groups: readonly TargetGroup[]) => void): void {
    this.#timer?.cancel();
    if (!this.#stopped) this.#timer = this.#deps.clock.after(delayMs, () => this.#refresh(onGroups));
  }

  #refresh(onGroups: (groups: readonly TargetGroup[]) => void): void {
    this.#reading = this.#reading.then(async () => {
      if (this.#stopped) return;
      await this.#readAll();
      if (this.#stopped) return;
      this.#refreshAfter(this.#config.refreshIntervalMs, onGroups);
      for (const pattern of this.#config.files) this.#watch(dirname(pattern), onGroups);
      const groups = [...this.#groups.values()].flat();
      const content = JSON.stringify(groups);
      if (content === this.#delivered) return;
      this.#delivered = content;
      onGroups(groups);
    });
  }

  async #readAll(): Promise<void> {
    const groups = new Map<string, readonly TargetGroup[]>();
    const faults = new Map<string, string>();
    for (const file of await this.#files()) {
      try {
        groups.set(file, await readGroups(file));
        this.#lastSuccessMs = this.#deps.clock.nowMs();
      } catch (error) {
        const fault = `${file}: ${listFault(error)}`;
        this.#deps.count?.('file-read-error');
        faults.set(file, fault);
        // What a file said stays in use while it cannot be read, and not when it is deleted.
        const known = error instanceof NoSuchFile ? undefined : this.#groups.get(file);
        if (known !== undefined) groups.set(file, known);
        if (this.#faults.get(file) === fault) continue;
        this.#deps.report('error', `${fault} (${known ? 'what it said before stays in use' : 'no targets from it'})`);
      }
    }
    this.#groups = groups;
    this.#faults = faults;
  }

  async #files(): Promise<string[]> {
    const files = new Set<string>();
    for (const pattern of this.#config.files) {
      if (!/[*?[]/.test(pattern)) files.add(pattern);
      else for await (const file of glob(pattern)) files.add(file);
    }
    return [...files].sort();
  }
}

class NoSuchFile extends Error {}

async function readGroups(file: string): Promise<TargetGroup[]> {
  const format = extname(file).toLowerCase() === '.json' ? 'json' : 'yaml';
  let text: string;
  try {
    text = await readFile(file, 'utf8');
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    throw code === 'ENOENT' ? new NoSuchFile('no such file') : new Error(`cannot be read: ${code}`);
  }
  return parseGroupList(text, format, file, { __meta_filepath: file });
}
