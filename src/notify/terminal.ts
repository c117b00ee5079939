/** A notification through the terminal itself, by escape sequences: it reaches the laptop over SSH and through tmux. */
import type { Notifier } from '../alerting/integration.ts';
import type { ChannelContext } from './channel.ts';
import { DELIVERED, truncateRunes } from './channel.ts';

export interface TerminalContext extends Pick<ChannelContext, 'fields' | 'render'> {
  /** Writes to the terminal; undefined where there is none. */
  readonly writeTerminal: ((text: string) => void) | undefined;
  readonly environment: Readonly<Record<string, string | undefined>>;
}

export type TerminalEscape = 'bell' | 'osc9' | 'osc777' | 'osc99';

const BELL = '\u0007';
const ESC = '\u001b';
const STRING_END = `${ESC}\\`;
const TITLE = '{{ template "watchfire.default.title" . }}';
const MESSAGE = '{{ template "watchfire.default.text" . }}';
const LONGEST_TITLE_RUNES = 100;
const LONGEST_TEXT_RUNES = 500;

export function terminalNotifier({ fields, render, writeTerminal, environment }: TerminalContext): Notifier {
  return {
    async notify(notification) {
      if (writeTerminal === undefined) return { ok: false, retry: false, error: 'there is no terminal to write to' };
      const rendering = render(notification);
      const wanted = fields.text('protocol');
      const kind = wanted === 'auto' ? escapeOf(environment) : (wanted as TerminalEscape);
      const sequence = notificationSequence(
        kind,
        rendering.text(TITLE),
        rendering.text(fields.text('message', MESSAGE)),
      );
      const inTmux = (environment['TMUX'] ?? '') !== '';
      const bell = kind === 'bell' || fields.flag('bell', true) ? BELL : '';
      writeTerminal(`${inTmux && sequence !== '' ? throughTmux(sequence) : sequence}${bell}`);
      return DELIVERED;
    },
  };
}

/** The sequence that makes the terminal show a notification; empty for `bell`. No control character of the texts gets in. */
export function notificationSequence(kind: TerminalEscape, title: string, text: string): string {
  const shownTitle = truncateRunes(plain(title), LONGEST_TITLE_RUNES);
  const shownText = truncateRunes(plain(text), LONGEST_TEXT_RUNES);
  const both = [shownTitle, shownText].filter((part) => part !== '').join(': ');
  switch (kind) {
    case 'bell':
      return '';
    case 'osc9':
      return `${ESC}]9;${both}${STRING_END}`;
    case 'osc777':
      // Semicolons divide the fields.
      return `${ESC}]777;notify;${shownTitle.replaceAll(';', ',')};${shownText.replaceAll(';', ',')}${STRING_END}`;
    case 'osc99':
      return (
        `${ESC}]99;i=watchfire:d=0:p=title;${shownTitle}${STRING_END}` +
        `${ESC}]99;i=watchfire:d=1:p=body;${shownText}${STRING_END}`
      );
  }
}

/** Which sequence the terminal understands, as far as its environment tells; unknown ones mostly ignore OSC 9. */
export function escapeOf(environment: Readonly<Record<string, string | undefined>>): TerminalEscape {
  const term = environment['TERM'] ?? '';
  const program = environment['TERM_PROGRAM'] ?? '';
  if (term.includes('kitty') || environment['KITTY_WINDOW_ID'] !== undefined) return 'osc99';
  if (term.startsWith('foot') || term.startsWith('rxvt') || program === 'ghostty' || term.includes('ghostty'))
    return 'osc777';
  return term === 'linux' || term === 'dumb' || term === '' ? 'bell' : 'osc9';
}

/** tmux hands on what is wrapped so (with `allow-passthrough`); each ESC within is doubled. */
function throughTmux(sequence: string): string {
  return `${ESC}Ptmux;${sequence.replaceAll(ESC, ESC + ESC)}${STRING_END}`;
}

/** One line without control characters, bidirectional overrides included. */
function plain(text: string): string {
  return text
    .replace(/\s+/g, ' ')
    .replace(/[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g, '')
    .trim();
}
