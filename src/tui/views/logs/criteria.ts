/** Which lines are asked for: from a level on, of a service, of a trace. */
import type { LogLevel, LogQuery } from '../../../logs/record.ts';
import { LEVELS } from './model.ts';

/** Lines asked for at most. */
export const LINE_LIMIT = 5000;

const LEVEL_STEPS: readonly (LogLevel | undefined)[] = [undefined, 'info', 'warn', 'error'];

export class LogCriteria {
  level: LogLevel | undefined;
  service: string | undefined;
  trace: string | undefined;

  nextLevel(): void {
    this.level = LEVEL_STEPS[(LEVEL_STEPS.indexOf(this.level) + 1) % LEVEL_STEPS.length];
  }

  /** The service `by` further in the list; before the first and after the last come all services. */
  nextService(services: readonly string[], by: number): void {
    const choices = [undefined, ...services];
    this.service = choices[(choices.indexOf(this.service) + by + choices.length) % choices.length];
  }

  /** `level=error service=order trace=…`, nothing behind the sign for any, or `level=all`; gives the words that are none of these. */
  take(text: string): readonly string[] {
    return text.split(/\s+/).filter((word) => !this.#takeWord(word));
  }

  #takeWord(word: string): boolean {
    const [, name, value] = /^(level|service|trace)=(.*)$/.exec(word) ?? [];
    const wanted = value === '' ? undefined : value;
    if (name === 'service') this.service = wanted;
    else if (name === 'trace') this.trace = wanted;
    else if (name === 'level' && (wanted === undefined || wanted === 'all')) this.level = undefined;
    else if (name === 'level' && isLevel(wanted!)) this.level = wanted;
    else return false;
    return true;
  }

  query(): LogQuery {
    return {
      limit: LINE_LIMIT,
      ...(this.level === undefined ? {} : { minLevel: this.level }),
      ...(this.service === undefined ? {} : { service: this.service }),
      ...(this.trace === undefined ? {} : { traceId: this.trace }),
    };
  }

  /** The command that prints the same lines. */
  command(): string {
    return [
      'watchfire logs',
      this.level === undefined ? '' : `--level ${this.level}`,
      this.service === undefined ? '' : `--service ${this.service}`,
      '-f',
    ]
      .filter((part) => part !== '')
      .join(' ');
  }
}

function isLevel(word: string): word is LogLevel {
  return (LEVELS as readonly string[]).includes(word);
}
