/** Loads an optional peer package when it is first needed, and says what to install where it is not there. */
import { createRequire } from 'node:module';
import { join } from 'node:path';

/** A package that the feature needs is not installed; the message is one sentence that says what to install. */
export class MissingPackageError extends Error {
  override readonly name = 'MissingPackageError';
  readonly packageName: string;

  constructor(packageName: string, purpose: string, installTogether: readonly string[]) {
    super(`${purpose} needs the package ${packageName}: run \`npm install ${installTogether.join(' ')}\`.`);
    this.packageName = packageName;
  }
}

/**
 * Gives the package `name`, looked for beside watchfire first and in the application's own node_modules after.
 * Throws MissingPackageError where it is in neither; `installTogether` is what one command should install.
 */
export function loadPackage<T>(name: string, purpose: string, installTogether: readonly string[] = [name]): T {
  for (const from of [import.meta.url, join(process.cwd(), 'package.json')]) {
    try {
      return createRequire(from)(name) as T;
    } catch (error) {
      if (!isMissing(error, name)) throw error;
    }
  }
  throw new MissingPackageError(name, purpose, installTogether);
}

/** As `loadPackage`, undefined where it is not there. */
export function loadPackageIfPresent<T>(name: string): T | undefined {
  try {
    return loadPackage<T>(name, name);
  } catch (error) {
    if (error instanceof MissingPackageError) return undefined;
    throw error;
  }
}

/** A package that is there but misses one of its own is a fault to show, not an absence. */
function isMissing(error: unknown, name: string): boolean {
  const { code, message } = error as { code?: string; message?: string };
  return code === 'MODULE_NOT_FOUND' && (message ?? '').includes(`'${name}'`);
}
