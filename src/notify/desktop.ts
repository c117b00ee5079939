/** A notification of the desktop: freedesktop's `notify-send` (or D-Bus itself by `gdbus`), and `osascript` on macOS. */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import type { Notifier, NotifyOutcome } from '../alerting/integration.ts';
import type { ChannelContext } from './channel.ts';
import type { ProgramRun, RunProgram } from './run-program.ts';

export interface DesktopContext extends Pick<ChannelContext, 'fields' | 'render'> {
  readonly run: RunProgram;
  readonly platform: NodeJS.Platform;
}

/** Why nothing can be shown here; undefined where something can. */
export function desktopObstacle(
  platform: NodeJS.Platform,
  environment: Readonly<Record<string, string | undefined>>,
): string | undefined {
  if (platform === 'darwin') return undefined;
  if (platform !== 'linux' && platform !== 'freebsd') return `desktop notifications are not supported on ${platform}`;
  const runtime = environment['XDG_RUNTIME_DIR'] ?? '';
  const session =
    ['DBUS_SESSION_BUS_ADDRESS', 'DISPLAY', 'WAYLAND_DISPLAY'].some((name) => (environment[name] ?? '') !== '') ||
    (runtime !== '' && existsSync(join(runtime, 'bus')));
  return session ? undefined : 'no desktop session here: start watchfire within one, or use terminal_configs';
}

interface Popup {
  readonly title: string;
  readonly text: string;
  readonly urgency: 'low' | 'normal' | 'critical';
  /** 0: the desktop decides. */
  readonly expireMs: number;
}

const TITLE = '{{ template "watchfire.default.title" . }}';
const MESSAGE = '{{ template "watchfire.default.text" . }}';
const URGENCY = '{{ template "watchfire.default.urgency" . }}';
/** For the program that shows it. */
const TIMEOUT_MS = 10_000;

export function desktopNotifier({ fields, render, run, platform }: DesktopContext): Notifier {
  return {
    async notify(notification, signal) {
      const rendering = render(notification);
      const urgency = rendering.text(fields.text('urgency', URGENCY)).trim();
      const popup: Popup = {
        title: rendering.text(fields.text('title', TITLE)),
        text: rendering.text(fields.text('message', MESSAGE)),
        urgency: urgency === 'low' || urgency === 'critical' ? urgency : 'normal',
        expireMs: fields.number('timeout', 0),
      };
      const limits = { timeoutMs: TIMEOUT_MS, signal };
      if (platform === 'darwin') return run({ ...appleScript(popup), ...limits });
      const outcome = await run({ ...notifySend(popup), ...limits });
      return isMissing(outcome) ? run({ ...gdbus(popup), ...limits }) : outcome;
    },
  };
}

function notifySend(popup: Popup): Pick<ProgramRun, 'program' | 'args'> {
  return {
    program: 'notify-send',
    args: [
      '--app-name=watchfire',
      `--urgency=${popup.urgency}`,
      ...(popup.expireMs > 0 ? [`--expire-time=${popup.expireMs}`] : []),
      '--',
      popup.title,
      markupText(popup.text),
    ],
  };
}

/** The desktop's notification service called directly, for machines without libnotify's program. */
function gdbus(popup: Popup): Pick<ProgramRun, 'program' | 'args'> {
  const level = { low: 0, normal: 1, critical: 2 }[popup.urgency];
  return {
    program: 'gdbus',
    args: [
      'call',
      '--session',
      '--dest=org.freedesktop.Notifications',
      '--object-path=/org/freedesktop/Notifications',
      '--method=org.freedesktop.Notifications.Notify',
      JSON.stringify('watchfire'),
      '0',
      JSON.stringify(''),
      JSON.stringify(popup.title),
      JSON.stringify(markupText(popup.text)),
      '[]',
      `{"urgency": <byte ${level}>}`,
      String(popup.expireMs > 0 ? popup.expireMs : -1),
    ],
  };
}

/** The texts are arguments, never part of the script. */
function appleScript(popup: Popup): Pick<ProgramRun, 'program' | 'args'> {
  return {
    program: 'osascript',
    args: [
      '-e',
      'on run argv',
      '-e',
      'display notification (item 2 of argv) with title "watchfire" subtitle (item 1 of argv)',
      '-e',
      'end run',
      popup.title,
      popup.text,
    ],
  };
}

/** The specification reads the text as markup. */
function markupText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

function isMissing(outcome: NotifyOutcome): boolean {
  return !outcome.ok && outcome.error.includes('ENOENT');
}
