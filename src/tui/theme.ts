/** The theme: a meaning for each colour, as SGR parameters, and the glyphs that carry the same meaning without colour. */

/** What a piece of text means; views never name a colour. */
export type Tone =
  | 'plain'
  | 'strong'
  | 'muted'
  | 'line'
  | 'accent'
  | 'ok'
  | 'info'
  | 'warning'
  | 'critical'
  | 'match'
  | 'chip-ok'
  | 'chip-warning'
  | 'chip-critical'
  | 'chip-accent'
  | 'chip-muted'
  | `series${0 | 1 | 2 | 3 | 4 | 5 | 6 | 7}`;

export const SERIES_TONES: readonly Tone[] = [
  'series0',
  'series1',
  'series2',
  'series3',
  'series4',
  'series5',
  'series6',
  'series7',
];

export type ThemeName = 'default' | 'dark' | 'light' | 'mono';
export const THEME_NAMES: readonly ThemeName[] = ['default', 'dark', 'light', 'mono'];

export interface Theme {
  readonly name: ThemeName;
  readonly glyphs: Glyphs;
  /** The SGR parameters of a tone, e.g. `1;36`; empty for plain text. */
  sgr(tone: Tone, selected: boolean, behind?: Tone): string;
}

export interface Glyphs {
  readonly ascii: boolean;
  readonly live: string;
  readonly slow: string;
  readonly off: string;
  readonly failing: string;
  readonly ok: string;
  readonly firing: string;
  readonly pending: string;
  readonly inactive: string;
  readonly silenced: string;
  readonly horizontal: string;
  readonly vertical: string;
  readonly cursor: string;
  readonly crumb: string;
  readonly up: string;
  readonly down: string;
  readonly open: string;
  readonly closed: string;
  readonly bar: string;
  readonly barRest: string;
  readonly thinBar: string;
  readonly ellipsis: string;
  readonly dot: string;
  readonly branch: string;
  readonly corner: string;
  readonly pipe: string;
  readonly spark: string;
  /** Of a strip: nothing, slight, severe. */
  readonly strip: string;
  readonly threshold: string;
  readonly arrow: string;
}

const UNICODE: Glyphs = {
  ascii: false,
  live: '●',
  slow: '◐',
  off: '○',
  failing: '✕',
  ok: '✓',
  firing: '▲',
  pending: '△',
  inactive: '·',
  silenced: '◌',
  horizontal: '─',
  vertical: '│',
  cursor: '▌',
  crumb: '›',
  up: '▴',
  down: '▾',
  open: '▾',
  closed: '▸',
  bar: '█',
  barRest: '░',
  thinBar: '━',
  ellipsis: '…',
  dot: '·',
  branch: '├',
  corner: '└',
  pipe: '│',
  spark: '▁▂▃▄▅▆▇█',
  strip: '─▃▇',
  threshold: '╌',
  arrow: '→',
};

const ASCII: Glyphs = {
  ascii: true,
  live: '*',
  slow: '~',
  off: 'o',
  failing: 'x',
  ok: '+',
  firing: '!',
  pending: '?',
  inactive: '.',
  silenced: '-',
  horizontal: '-',
  vertical: '|',
  cursor: '>',
  crumb: '>',
  up: '^',
  down: 'v',
  open: 'v',
  closed: '>',
  bar: '#',
  barRest: '.',
  thinBar: '=',
  ellipsis: '~',
  dot: '.',
  branch: '|',
  corner: '`',
  pipe: '|',
  spark: '_.:-=+*#',
  strip: '-=#',
  threshold: '-',
  arrow: '->',
};

// The sixteen colours follow the user's own palette, so that they fit a dark and a light background alike.
// Where a background is set, its foreground is set too, for the same reason.
const SIXTEEN: Record<Tone, string> = {
  plain: '',
  strong: '1',
  muted: '2',
  line: '2',
  accent: '36',
  ok: '32',
  info: '34',
  warning: '33',
  critical: '31',
  match: '7',
  'chip-ok': '42;30',
  'chip-warning': '43;30',
  'chip-critical': '41;97;1',
  'chip-accent': '46;30',
  'chip-muted': '7',
  series0: '36',
  series1: '33',
  series2: '35',
  series3: '32',
  series4: '34',
  series5: '31',
  series6: '96',
  series7: '95',
};

const MANY: Partial<Record<Tone, string>> = {
  match: '48;5;220;38;5;16',
  'chip-ok': '48;5;71;38;5;16',
  'chip-warning': '48;5;178;38;5;16',
  'chip-critical': '48;5;160;38;5;231;1',
  'chip-accent': '48;5;31;38;5;231',
  'chip-muted': '48;5;240;38;5;231',
  series0: '38;5;38',
  series1: '38;5;172',
  series2: '38;5;134',
  series3: '38;5;71',
  series4: '38;5;68',
  series5: '38;5;168',
  series6: '38;5;137',
  series7: '38;5;103',
};

const DARK: Partial<Record<Tone, string>> = {
  ...MANY,
  muted: '38;5;245',
  line: '38;5;239',
  accent: '38;5;80',
  ok: '38;5;114',
  info: '38;5;75',
  warning: '38;5;221',
  critical: '38;5;203',
};

const LIGHT: Partial<Record<Tone, string>> = {
  ...MANY,
  muted: '38;5;243',
  line: '38;5;250',
  accent: '38;5;30',
  ok: '38;5;28',
  info: '38;5;25',
  warning: '38;5;130',
  critical: '38;5;160',
};

// On the selected row every tone has a light variant, because its background is set.
const SELECTED: Partial<Record<Tone, string>> = {
  muted: '38;5;250',
  line: '38;5;246',
  accent: '38;5;159',
  ok: '38;5;157',
  info: '38;5;153',
  warning: '38;5;222',
  critical: '38;5;217',
  series0: '38;5;87',
  series1: '38;5;215',
  series2: '38;5;177',
  series3: '38;5;120',
  series4: '38;5;111',
  series5: '38;5;211',
  series6: '38;5;180',
  series7: '38;5;147',
};

/** The theme of that name on a terminal that shows `colours` colours (0 where NO_COLOR is set). */
export function makeTheme(name: ThemeName, colours: 0 | 16 | 256, ascii: boolean): Theme {
  const glyphs = ascii ? ASCII : UNICODE;
  if (name === 'mono' || colours === 0) return { name: 'mono', glyphs, sgr: monochrome };
  const many = colours === 256;
  const tones: Record<Tone, string> = many
    ? { ...SIXTEEN, ...(name === 'dark' ? DARK : name === 'light' ? LIGHT : MANY) }
    : SIXTEEN;
  return {
    name,
    glyphs,
    sgr(tone, selected, behind) {
      if (behind !== undefined) return [tones[tone], asBackground(tones[behind])].filter(Boolean).join(';');
      if (!selected || tone.startsWith('chip') || tone === 'match') return tones[tone];
      if (!many) return tone === 'strong' ? '7;1' : '7';
      return `48;5;24;${SELECTED[tone] ?? '38;5;231'}${tone === 'strong' ? ';1' : ''}`;
    },
  };
}

/** The background of the same colour as a foreground; empty where the tone has no colour of its own. */
function asBackground(sgr: string): string {
  if (sgr.startsWith('38;')) return `48;${sgr.slice(3)}`;
  return /^3[0-7]$/.test(sgr) ? `4${sgr.slice(1)}` : /^9[0-7]$/.test(sgr) ? `10${sgr.slice(1)}` : '';
}

function monochrome(tone: Tone, selected: boolean): string {
  const reverse = selected || tone === 'match' || tone.startsWith('chip');
  const weight = tone === 'strong' || tone === 'critical' ? '1' : tone === 'muted' || tone === 'line' ? '2' : '';
  return [reverse ? '7' : '', reverse && weight === '2' ? '' : weight].filter(Boolean).join(';');
}

/** How many colours the environment promises: NO_COLOR and TERM=dumb none, FORCE_COLOR by its number. */
export function coloursOf(environment: Readonly<Record<string, string | undefined>>): 0 | 16 | 256 {
  const forced = environment['FORCE_COLOR'];
  if (forced === '0' || forced === 'false') return 0;
  if (forced === '1' || forced === 'true' || forced === '') return 16;
  if (forced !== undefined) return 256;
  if (environment['NO_COLOR'] !== undefined && environment['NO_COLOR'] !== '') return 0;
  const term = environment['TERM'] ?? '';
  if (term === 'dumb') return 0;
  return environment['COLORTERM'] !== undefined || /256|kitty|alacritty|ghostty|foot/.test(term) ? 256 : 16;
}
