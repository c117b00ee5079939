/** The fields of one receiver entry, read with their types; secrets revealed here are kept out of every error text. */
import { readFileSync } from 'node:fs';
import { Secret } from '../config/secret.ts';

export type ReadFile = (path: string) => string;

export const readTextFile: ReadFile = (path) => readFileSync(path, 'utf8');

/** A field that cannot be used, e.g. a secret's file that is missing; the message names the field. */
export class FieldError extends Error {
  override readonly name = 'FieldError';
}

export class Fields {
  readonly #fields: Readonly<Record<string, unknown>>;
  readonly #readFile: ReadFile;
  readonly #revealed: Set<string>;

  constructor(
    fields: Readonly<Record<string, unknown>>,
    readFile: ReadFile = readTextFile,
    revealed = new Set<string>(),
  ) {
    this.#fields = fields;
    this.#readFile = readFile;
    this.#revealed = revealed;
  }

  has(name: string): boolean {
    const value = this.#fields[name];
    return value !== undefined && value !== null;
  }

  /** A string; a number or boolean as text; a secret revealed. */
  text(name: string, otherwise = ''): string {
    const value = this.#fields[name];
    if (value instanceof Secret) return this.#reveal(value.reveal());
    if (typeof value === 'string') return value;
    return typeof value === 'number' || typeof value === 'boolean' ? String(value) : otherwise;
  }

  /** The field, or the contents of the file that `NAME_file` names, read anew each time. Throws FieldError. */
  textOrFile(name: string): string {
    const own = this.text(name);
    if (own !== '' || !this.has(`${name}_file`)) return own;
    const path = this.text(`${name}_file`);
    try {
      return this.#reveal(this.#readFile(path).trim());
    } catch (error) {
      throw new FieldError(`${name}_file: ${path} cannot be read: ${reason(error)}`);
    }
  }

  flag(name: string, otherwise: boolean): boolean {
    const value = this.#fields[name];
    return typeof value === 'boolean' ? value : otherwise;
  }

  /** Undefined where the field is not there: it may mean something else than false. */
  optionalFlag(name: string): boolean | undefined {
    const value = this.#fields[name];
    return typeof value === 'boolean' ? value : undefined;
  }

  number(name: string, otherwise: number): number {
    const value = this.#fields[name];
    return typeof value === 'number' ? value : otherwise;
  }

  strings(name: string): readonly string[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value.map(String) : [];
  }

  /** A list of objects. */
  list(name: string): readonly Fields[] {
    const value = this.#fields[name];
    return Array.isArray(value) ? value.filter(isRecord).map((each) => this.#nested(each)) : [];
  }

  /** An object; empty where the field is not there. */
  object(name: string): Fields {
    const value = this.#fields[name];
    return this.#nested(isRecord(value) ? value : {});
  }

  /** An object of strings, in its order. */
  entries(name: string): readonly (readonly [string, string])[] {
    const value = this.#fields[name];
    if (!isRecord(value)) return [];
    const nested = this.#nested(value);
    return Object.keys(value).map((key) => [key, nested.text(key)] as const);
  }

  /** Anything, as it was read. */
  raw(name: string): unknown {
    return this.#fields[name];
  }

  /** The text without any secret that has been revealed. */
  redact(text: string): string {
    let redacted = text;
    for (const secret of this.#revealed) redacted = redacted.replaceAll(secret, '<secret>');
    return redacted;
  }

  #nested(fields: Readonly<Record<string, unknown>>): Fields {
    return new Fields(fields, this.#readFile, this.#revealed);
  }

  #reveal(secret: string): string {
    // A very short one would tear holes into every message.
    if (secret.length >= 4) this.#revealed.add(secret);
    return secret;
  }
}

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value) && !(value instanceof Secret);
}

function reason(error: unknown): string {
  return error instanceof Error && 'code' in error && error.code === 'ENOENT'
    ? 'there is no such file'
    : error instanceof Error
      ? error.message
      : String(error);
}
