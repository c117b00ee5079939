/** The webhook, and watchfire's own channels: desktop, terminal, command. */
import { freeValue, goDuration, templateUrl } from '../alertmanager-values.ts';
import { boolean, field, list, text, unsigned } from '../schema.ts';
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

const TITLE = '{{ template "watchfire.default.title" . }}';
const BODY = '{{ template "watchfire.default.text" . }}';

/** A notification of the desktop that watchfire runs on. */
export const desktopIntegration = integration(
  'desktop',
  true,
  {
    title: field(text, TITLE),
    text: field(text, BODY),
    icon: field(text),
    /** `low`, `normal` or `critical`; may be a template. */
    urgency: field(text, '{{ if eq .CommonLabels.severity "critical" }}critical{{ else }}normal{{ end }}'),
    expire: field(duration),
  },
  (raw, at) => {
    if (!raw.urgency.includes('{{') && !['low', 'normal', 'critical'].includes(raw.urgency)) {
      at.fail('urgency', `unknown urgency ${raw.urgency} on desktop_config, must be low, normal or critical`);
    }
  },
);

const ESCAPES = ['auto', 'bell', 'osc9', 'osc777', 'osc99'];

/** A notification through the terminal itself: it reaches the laptop over SSH. */
export const terminalIntegration = integration(
  'terminal',
  true,
  {
    title: field(text, TITLE),
    text: field(text, BODY),
    /** Which escape sequence carries it. */
    escape: field(text, 'auto'),
    bell: field(boolean, true),
    tmux_passthrough: field(boolean, true),
  },
  (raw, at) => {
    if (!ESCAPES.includes(raw.escape)) {
      at.fail('escape', `unknown escape ${raw.escape} on terminal_config, must be one of ${ESCAPES.join(', ')}`);
    }
  },
);

/** A program that gets the webhook's payload on its standard input. */
export const commandIntegration = integration(
  'command',
  true,
  {
    /** The program and its arguments; never through a shell. */
    command: field(list(text)),
    environment: field(textMap),
    working_directory: field(filePath),
    timeout: field(duration, 10_000),
    max_alerts: field(unsigned),
  },
  (raw, at) => {
    if (!raw.command?.length || raw.command[0] === '') {
      at.fail('command', 'missing command on command_config: write the program and its arguments as a list');
    }
  },
  (raw) => ({ environment: record(raw.environment) }),
);
