/** How the loaders reach files: handed in, so that a test needs no disk. */
import { readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { globFiles } from './glob.ts';
import { ConfigError } from './problem.ts';
import { decode, type FAILED, Reading, type Type } from './schema.ts';
import { readYaml, type YamlDocument } from './yaml-reader.ts';

export interface ConfigFiles {
  /** Throws where the file cannot be read. */
  readFile(path: string): Uint8Array | string;
  /** Existing files that match a pattern, sorted. */
  glob(pattern: string): readonly string[];
}

export const diskFiles: ConfigFiles = {
  readFile: (path) => readFileSync(path),
  glob: globFiles,
};

export interface LoadOptions {
  readonly files?: ConfigFiles | undefined;
  /** What `${NAME}` stands for; default `process.env`. */
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
}

/** Reads and parses one file. Throws ConfigError where it cannot be read or is no YAML. */
export function readConfigFile(file: string, files: ConfigFiles): YamlDocument {
  let content: Uint8Array | string;
  try {
    content = files.readFile(file);
  } catch (error) {
    const code = (error as NodeJS.ErrnoException).code;
    const why = code === 'ENOENT' ? 'no such file' : code === 'EISDIR' ? 'this is a folder' : (error as Error).message;
    const message = `cannot be read: ${why}: check the path and its permissions`;
    throw new ConfigError([{ file, line: 1, column: 1, message, severity: 'error' }]);
  }
  return readYaml(file, content);
}

/** Decodes the document's root by a type; undefined for an empty document, FAILED where problems were reported. */
export function decodeRoot<T>(type: Type<T>, document: YamlDocument, reading: Reading): T | typeof FAILED {
  const { root, rest } = document;
  if (rest) {
    reading.warn(
      rest,
      'Multiple document yaml files are not supported, only the first document is processed: move this',
    );
  }
  return root === undefined ? type.zero : decode(type, root, reading);
}

export function readingOf(file: string): Reading {
  return new Reading(file, dirname(file));
}

/** Throws ConfigError where the reading found an error. */
export function refuseErrors(...readings: readonly Reading[]): void {
  const problems = readings.flatMap((reading) => reading.problems);
  if (problems.some((problem) => problem.severity === 'error')) throw new ConfigError(problems);
}
