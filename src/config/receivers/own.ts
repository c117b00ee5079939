/** The webhook, and watchfire's own channels: desktop, terminal, command. */
import { freeValue, goDuration, templateUrl } from '../alertmanager-values.ts';
import { boolean, field, list, optional, text, unsigned } from '../schema.ts';
import { duration, filePath, textMap } from '../value-types.ts';
import { atMostOneOf, integration, oneOfRequired, record } from './integration.ts';

export const webhookIntegration = integration(
  'webhook',
  true,
  {
    url: field(templateUrl),
    url_file: field(filePath),
    max_alerts: field(unsigned),
    timeout: field(goDuration),
    payload: field(freeValue),
  },
  (raw, at) => {
    oneOfRequired(raw, at, 'url', 'url_file');
    atMostOneOf(raw, at, 'url', 'url_file');
  },
);

/** A notification of the desktop that watchfire runs on. Texts left empty get the notifier's own. */
export const desktopIntegration = integration(
  'desktop',
  true,
  {
    title: field(optional(text)),
    message: field(optional(text)),
    /** `low`, `normal` or `critical`; may be a template. */
    urgency: field(optional(text)),
    timeout: field(duration),
  },
  (raw, at) => {
    const urgency = raw.urgency ?? '';
    if (!urgency.includes('{{') && !['', 'low', 'normal', 'critical'].includes(urgency)) {
      at.fail('urgency', `unknown urgency ${urgency} on desktop_config, must be low, normal or critical`);
    }
  },
);

const PROTOCOLS = ['auto', 'bell', 'osc9', 'osc777', 'osc99'];

/** A notification through the terminal itself: it reaches the laptop over SSH. */
export const terminalIntegration = integration(
  'terminal',
  true,
  {
    message: field(optional(text)),
    bell: field(boolean, true),
    /** Which escape sequence carries it. */
    protocol: field(text, 'auto'),
  },
  (raw, at) => {
    if (!PROTOCOLS.includes(raw.protocol)) {
      at.fail(
        'protocol',
        `unknown protocol ${raw.protocol} on terminal_config, must be one of ${PROTOCOLS.join(', ')}`,
      );
    }
  },
);

/** A program that gets the webhook's payload on its standard input. */
export const commandIntegration = integration(
  'command',
  true,
  {
    /** The program and its arguments, which may be templates; never through a shell. */
    command: field(list(text)),
    env: field(textMap),
    timeout: field(duration, 30_000),
  },
  (raw, at) => {
    if (!raw.command?.length || raw.command[0] === '') {
      at.fail('command', 'missing command on command_config: write the program and its arguments as a list');
    }
  },
  (raw) => ({ env: record(raw.env) }),
);
