/** Alerting with every channel in place: what a monitor makes of an `alertmanager.yml`. */
import { randomUUID } from 'node:crypto';
import { Alerting } from '../alerting/alerting.ts';
import type { SilenceLimits } from '../alerting/silences.ts';
import type { Report } from '../alerting/state-directory.ts';
import { nodeStateFileSystem, type StateFileSystem } from '../alerting/state-files.ts';
import type { AlertmanagerConfig } from '../config/alertmanager-config.ts';
import { type Clock, systemClock } from '../config/clock.ts';
import type { HttpClientConfig } from '../config/http-config.ts';
import { createHttpClient } from '../http/axios.ts';
import type { HttpClient } from '../http/client.ts';
import type { Labels } from '../labels/labels.ts';
import { type ReadFile, readTextFile } from './fields.ts';
import { createIntegrations } from './integrations.ts';
import type { RunProgram } from './run-program.ts';
import { NotificationTemplates } from './template-data.ts';
import { readTemplateFiles } from './template-files.ts';

export interface CreateAlertingOptions {
  readonly config: AlertmanagerConfig;
  readonly externalUrl: string;
  /** Undefined: silences, alerts and what has been sent are forgotten at a restart. */
  readonly stateDirectory?: string | undefined;
  /** What a person should be able to read later. */
  readonly report?: Report | undefined;
  readonly clock?: Clock | undefined;
  readonly random?: (() => number) | undefined;
  readonly newId?: (() => string) | undefined;
  readonly http?: ((config: HttpClientConfig) => HttpClient) | undefined;
  readonly fileSystem?: StateFileSystem | undefined;
  readonly readFile?: ReadFile | undefined;
  readonly run?: RunProgram | undefined;
  readonly environment?: Readonly<Record<string, string | undefined>> | undefined;
  /** For `terminal_configs`; undefined where there is no terminal. */
  readonly writeTerminal?: ((text: string) => void) | undefined;
  readonly retentionMs?: number | undefined;
  readonly silenceLimits?: SilenceLimits | undefined;
  /** See `environmentConfig`. */
  readonly cooldownMs?: ((groupLabels: Labels) => number) | undefined;
}

/** Throws TemplateError where a template file cannot be parsed; `reload` of the result rejects with it. */
export function createAlerting(options: CreateAlertingOptions): Alerting {
  const clock = options.clock ?? systemClock;
  const readFile = options.readFile ?? readTextFile;
  const http = options.http ?? ((config) => createHttpClient(config, { userAgent: 'watchfire' }));
  return new Alerting({
    ...options,
    clock,
    random: options.random ?? Math.random,
    newId: options.newId ?? randomUUID,
    fileSystem: options.fileSystem ?? nodeStateFileSystem,
    report: options.report ?? (() => {}),
    channels: (config) => {
      const templates = new NotificationTemplates(clock, readTemplateFiles(config.templates, readFile));
      const { run, environment, writeTerminal } = options;
      return {
        receivers: createIntegrations(config, { clock, http, readFile, run, environment, writeTerminal, templates }),
        routeLabels: (notification) => templates.render(notification).routeLabels(),
      };
    },
  });
}
