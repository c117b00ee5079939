/** Logs what nobody caught, then ends the process: after an uncaught exception its state is not to be trusted. */
import type { StructuredLogger } from './logger.ts';

export interface ProcessErrorOptions {
  /** A rejected promise that nobody handled ends the process as well, which is Node's own default; true by default. */
  readonly exitOnUnhandledRejection?: boolean | undefined;
  /** Called instead of `process.exit`, for tests and for servers that drain first. */
  readonly exit?: ((code: number) => void) | undefined;
}

/** Gives the function that takes the handlers off again. */
export function setupGlobalErrorLogging(logger: StructuredLogger, options: ProcessErrorOptions = {}): () => void {
  const exit = options.exit ?? ((code: number) => process.exit(code));
  let ending = false;
  const end = (): void => {
    ending = true;
    logger.close().finally(() => exit(1));
  };
  const onException = (error: Error): void => {
    if (ending) return;
    logger.error('Uncaught Exception', error, { fatal: true });
    end();
  };
  const onRejection = (reason: unknown): void => {
    if (ending) return;
    const fatal = options.exitOnUnhandledRejection ?? true;
    logger.error('Unhandled Rejection', reason ?? new Error('rejected with nothing'), { fatal });
    if (fatal) end();
  };
  process.on('uncaughtException', onException);
  process.on('unhandledRejection', onRejection);
  return () => {
    process.off('uncaughtException', onException);
    process.off('unhandledRejection', onRejection);
  };
}
