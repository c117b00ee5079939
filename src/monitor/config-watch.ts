/** Watches the configuration's files and has it read again when what they say has changed. */
import { createHash } from 'node:crypto';
import { type FSWatcher, readFileSync, watch } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock, Timer } from '../config/clock.ts';
import { diskFiles } from '../config/config-files.ts';
import type { Configuration } from './configuration.ts';
import type { MonitorSettings } from './settings.ts';

/** An editor writes a file in several steps, a deployment several files. */
const SETTLE_MS = 250;
/** For file systems that tell nothing of their changes. */
const LOOK_EVERY_MS = 30_000;

export interface ConfigWatchDeps {
  readonly clock: Clock;
  /** Paths and globs, absolute or from the working directory; asked for again after each reload. */
  patterns(): readonly string[];
  /** Rejects where the files were refused: it has told of it, and is called again after the next change. */
  reload(): Promise<void>;
}

export class ConfigWatch {
  readonly #deps: ConfigWatchDeps;
  /**
   * By folder: a file that is replaced (by an editor's rename, or by the link `..data` of a Kubernetes ConfigMap)
   * takes the watch on itself with it.
   */
  readonly #watchers = new Map<string, FSWatcher>();
  #said: string;
  #refused = false;
  #settling: Timer | undefined;
  #looking: Timer | undefined;
  #closed = false;

  constructor(deps: ConfigWatchDeps) {
    this.#deps = deps;
    this.#said = contentOf(deps.patterns());
    this.#watchFolders();
    this.#lookLater();
  }

  close(): void {
    this.#closed = true;
    this.#settling?.cancel();
    this.#looking?.cancel();
    for (const watcher of this.#watchers.values()) watcher.close();
    this.#watchers.clear();
  }

  #watchFolders(): void {
    const wanted = new Set(this.#deps.patterns().map((pattern) => folderOf(pattern)));
    for (const [folder, watcher] of this.#watchers) {
      if (wanted.has(folder)) continue;
      watcher.close();
      this.#watchers.delete(folder);
    }
    for (const folder of wanted) {
      if (!this.#watchers.has(folder)) this.#watchFolder(folder);
    }
  }

  /** Without a watch (no such folder, or the machine has none left) looking now and then serves. */
  #watchFolder(folder: string): void {
    try {
      const watcher = watch(folder, { persistent: false }, () => this.#settle());
      watcher.on('error', () => {
        watcher.close();
        this.#watchers.delete(folder);
      });
      this.#watchers.set(folder, watcher);
    } catch {
      this.#watchers.delete(folder);
    }
  }

  #settle(): void {
    this.#settling?.cancel();
    this.#settling = this.#deps.clock.after(SETTLE_MS, () => void this.#look(this.#refused));
  }

  #lookLater(): void {
    this.#looking = this.#deps.clock.after(LOOK_EVERY_MS, () => {
      this.#lookLater();
      this.#watchFolders();
      void this.#look(false);
    });
  }

  /** `always`: what was refused may name files that the running configuration does not, so that any change counts. */
  async #look(always: boolean): Promise<void> {
    const patterns = this.#deps.patterns();
    const says = contentOf(patterns);
    if (this.#closed || (says === this.#said && !always)) return;
    this.#said = says;
    this.#refused = await this.#deps.reload().then(
      () => false,
      () => true,
    );
    if (this.#closed) return;
    const named = this.#deps.patterns();
    // Files that are watched only from now on are no change.
    if (named.join('\n') !== patterns.join('\n')) this.#said = contentOf(named);
    this.#watchFolders();
  }
}

/** What the settings and the files themselves name. */
export function watchedPatterns(
  settings: MonitorSettings,
  { prometheus, alertmanager }: Configuration,
): readonly string[] {
  return [
    ...(settings.prometheusConfigFile === undefined ? [] : [settings.prometheusConfigFile]),
    ...(settings.alertmanagerConfigFile === undefined ? [] : [settings.alertmanagerConfigFile]),
    ...prometheus.ruleFiles,
    ...(prometheus.scrapeConfigFiles ?? []),
    ...(alertmanager?.templates ?? []),
  ];
}

/** A hash over the files' paths and bytes; one that cannot be read counts as such. */
function contentOf(patterns: readonly string[]): string {
  const hash = createHash('sha256');
  for (const file of new Set(patterns.flatMap((pattern) => (isGlob(pattern) ? diskFiles.glob(pattern) : [pattern])))) {
    let bytes: Uint8Array | undefined;
    try {
      bytes = readFileSync(file);
    } catch {
      bytes = undefined;
    }
    hash.update(JSON.stringify([file, bytes?.length])).update(bytes ?? '');
  }
  return hash.digest('hex');
}

/** The last folder of the path whose name is no pattern. */
function folderOf(pattern: string): string {
  let folder = dirname(pattern);
  while (isGlob(folder)) folder = dirname(folder);
  return folder;
}

function isGlob(pattern: string): boolean {
  return /[*?[{]/.test(pattern);
}
