/** Configuration files that exist only in a test. */
import type { ConfigFiles } from '../../src/config/config-files.ts';
import { ConfigError, formatProblem, type Loaded } from '../../src/config/problem.ts';

export function inMemory(files: Readonly<Record<string, string | Uint8Array>>): ConfigFiles {
  return {
    readFile: (path) => {
      const content = files[path];
      if (content === undefined) throw Object.assign(new Error('no such file'), { code: 'ENOENT' });
      return content;
    },
    glob: (pattern) => {
      const expression = new RegExp(`^${pattern.replace(/[.+^${}()|[\]\\]/g, '\\$&').replaceAll('*', '[^/]*')}$`);
      return Object.keys(files)
        .filter((path) => expression.test(path))
        .sort();
    },
  };
}

/** The lines that the refusal prints; empty where the file is accepted. */
export function problemsOf(load: () => Loaded<unknown>): string[] {
  try {
    load();
    return [];
  } catch (error) {
    if (error instanceof ConfigError) return error.problems.map(formatProblem);
    throw error;
  }
}
