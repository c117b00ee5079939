/** A whole frame as rows: header, tabs, title line with the breadcrumbs, main pane, footer. */
import type { SourceState } from '../../monitor/sources.ts';
import { keyLabel } from '../input/bindings.ts';
import { clean, shorten, widthOf } from '../sanitise.ts';
import type { Theme, Tone } from '../theme.ts';
import { formatAgo, formatClock, formatDate, formatSpan, plural } from './format.ts';
import { errorRows, staleRow, titleRow } from './pane.ts';
import { type Area, type Place, VIEW_NAMES } from './place.ts';
import { messageOf } from './poller.ts';
import { BLANK, inAscii, type Part, type Row, row, rowWidth, sized, spread, tall, toned } from './row.ts';
import type { Session } from './session.ts';

const MINIMUM_COLUMNS = 60;
const MINIMUM_ROWS = 14;
const FRAME_ROWS = 4;

/** Exactly `height` rows of at most `width` columns. */
export function frameRows(session: Session, width: number, height: number): Row[] {
  const rows =
    width < MINIMUM_COLUMNS || height < MINIMUM_ROWS ? tooSmall(width, height) : wholeRows(session, width, height);
  return session.theme.glyphs.ascii ? rows.map(inAscii) : rows;
}

function wholeRows(session: Session, width: number, height: number): Row[] {
  // One column of air on either side: rows never touch the last column, where terminals differ in how they wrap.
  const inner = width - 2;
  const area = areaOf(session, inner, height);
  const prompt = session.prompt?.rows(inner, session.theme);
  const main = tall(mainRows(session, area), height - FRAME_ROWS + 1 - (prompt?.length ?? 1));
  // After the main pane, which then knows whether there is anything to scroll.
  const foot = prompt ?? [session.overlay === undefined ? footer(session, inner) : overlayFooter(session, inner)];
  return [header(session, inner), tabs(session, inner), title(session, area), ...main, ...foot].map((each) =>
    row(' ', sized(each, inner, 'left', session.theme.glyphs.ellipsis)),
  );
}

function areaOf(session: Session, width: number, height: number): Area {
  return {
    width,
    height: height - FRAME_ROWS,
    theme: session.theme,
    zone: session.zone,
    nowMs: session.nowMs(),
    window: session.window(),
    zoomed: session.zoomed,
  };
}

function tooSmall(width: number, height: number): Row[] {
  const lines = [
    `This terminal has ${width}×${height}.`,
    `watchfire needs ${MINIMUM_COLUMNS}×${MINIMUM_ROWS}.`,
    'Make it larger, or q quits.',
  ];
  return tall(
    lines.map((line) => row(toned('warning', shorten(line, width)))),
    height,
  );
}

function header(session: Session, width: number): Row {
  const { theme, zone, headline } = session;
  const { glyphs } = theme;
  const narrow = width < 100;
  const counts = headline.counts;
  const gap = narrow ? ' ' : '  ';
  const alerts: Part[] =
    counts === undefined
      ? [toned('muted', 'alerts unknown')]
      : counts.firing + counts.pending === 0
        ? [toned('ok', `${glyphs.ok} nothing fires`)]
        : [
            counts.firing > 0
              ? toned('chip-critical', ` ${glyphs.firing} ${counts.firing} firing `)
              : toned('muted', '0 firing'),
            counts.pending > 0
              ? toned('warning', `${gap}${glyphs.pending} ${counts.pending}${narrow ? '' : ' pending'}`)
              : '',
          ];
  if (counts !== undefined && counts.suppressed > 0)
    alerts.push(toned('muted', `${gap}${glyphs.silenced} ${counts.suppressed}${narrow ? '' : ' suppressed'}`));
  const sources = headline.sources().flatMap(({ name, state }): Part[] => {
    const { glyph, tone } = lookOf(state, theme);
    const label = narrow ? name.slice(0, 1).toUpperCase() : ` ${name} `;
    return [toned(tone, glyph), toned(tone === 'ok' ? 'muted' : tone, `${label} `)];
  });
  const window = session.window();
  const span = formatSpan(window.endMs - window.startMs);
  const nowMs = session.nowMs();
  const when: Part[] = window.live
    ? [toned('ok', 'live'), toned('muted', ` ${span}${gap}`), `${formatClock(nowMs, zone)} `, toned('muted', zone.name)]
    : [
        toned('warning', narrow ? 'past ' : 'past '),
        `${formatDate(window.endMs, zone) === formatDate(nowMs, zone) ? '' : `${formatDate(window.startMs, zone).slice(5)} `}${formatClock(window.startMs, zone)}–${formatClock(window.endMs, zone)} `,
        toned('muted', zone.name),
      ];
  const name = row(
    toned('accent', 'watchfire '),
    toned('strong', shorten(clean(session.monitor.name), narrow ? 12 : 40)),
    '  ',
    ...alerts,
  );
  return spread(name, row(...sources, narrow ? '' : ' ', ...when), width);
}

/** How a source's state looks. */
function lookOf(state: SourceState, theme: Theme): { readonly glyph: string; readonly tone: Tone } {
  switch (state.kind) {
    case 'live':
      return { glyph: theme.glyphs.live, tone: 'ok' };
    case 'slow':
    case 'stale':
      return { glyph: theme.glyphs.slow, tone: 'warning' };
    case 'failing':
      return { glyph: theme.glyphs.failing, tone: 'critical' };
    case 'off':
      return { glyph: theme.glyphs.off, tone: 'muted' };
  }
}

function tabs(session: Session, width: number): Row {
  const root = session.stack[0]!.view;
  const parts: Part[] = [];
  for (const [i, view] of VIEW_NAMES.entries()) {
    const label = `${i + 1} ${view}`;
    if (view === root) parts.push(toned('chip-accent', ` ${label} `));
    else parts.push(toned('accent', ` ${i + 1}`), toned('plain', ` ${view} `));
    if (width >= 90) parts.push(' ');
  }
  return spread(row(...parts), troubles(session, width), width);
}

/** The first source that is in trouble, in words; else that there are events to read. */
function troubles(session: Session, width: number): Row {
  const room = Math.min(90, width - 78);
  if (room < 24) return BLANK;
  const { glyphs } = session.theme;
  const troubled = session.headline.sources().filter(({ state }) => state.kind !== 'live' && state.kind !== 'off');
  // The source of the view that one looks at comes first.
  const bad = troubled.find(({ name }) => name === session.place.view) ?? troubled[0];
  if (bad !== undefined) {
    const { state, name } = bad;
    const retry = state.nextTryMs === undefined ? '' : `, next try ${formatAgo(state.nextTryMs, session.nowMs())}`;
    const why = `${name} ${state.kind}${retry}${state.reason === undefined ? '' : `: ${state.reason}`}`;
    return row(toned(lookOf(state, session.theme).tone, shorten(clean(why), room, glyphs.ellipsis)));
  }
  const unread = session.monitor
    .events()
    .filter((event) => event.severity !== 'info' && event.atMs > session.eventsReadMs);
  if (unread.length === 0) return BLANK;
  const worst: Tone = unread.some((event) => event.severity === 'error') ? 'critical' : 'warning';
  return row(
    toned(worst, plural(unread.length, worst === 'critical' ? 'problem' : 'warning')),
    toned('muted', ', :events tells'),
  );
}

function title(session: Session, area: Area): Row {
  const page = session.overlay?.shape === 'page' ? ` ${area.theme.glyphs.crumb} ${session.overlay.title}` : '';
  const zoom = session.zoomed ? ' (z)' : '';
  const crumbs = session.stack.map((place) => clean(place.crumb())).join(` ${area.theme.glyphs.crumb} `) + page + zoom;
  const place = session.place;
  const filter = place.filter.empty ? BLANK : row(toned('chip-muted', ` /${clean(place.filter.source)} `), ' ');
  const status = row(filter, place.status(area));
  const room = area.width - rowWidth(status) - 8;
  const cut = widthOf(crumbs) <= room ? crumbs : `${area.theme.glyphs.ellipsis}${crumbs.slice(-Math.max(8, room - 1))}`;
  return titleRow(cut, status, area.width, area.theme);
}

function mainRows(session: Session, area: Area): Row[] {
  const { overlay, place } = session;
  if (overlay?.shape === 'page') return overlay.rows(area);
  const stale = place.error !== undefined && place.loaded;
  const inner = stale ? { ...area, height: area.height - 1 } : area;
  const rows = [...(stale ? [staleRow(place.error!, area.width, area.theme)] : []), ...drawnRows(place, inner)];
  return overlay === undefined ? rows : boxed(tall(rows, area.height), overlay.title, overlay.rows(area), area);
}

/** What a place draws; a fault in it is told in its pane, and the rest of the screen stands. */
function drawnRows(place: Place, area: Area): Row[] {
  try {
    return place.rows(area);
  } catch (error) {
    const advice = 'This is a fault of watchfire. The other views work on; :events may tell more.';
    return errorRows('This view could not be drawn.', messageOf(error), advice, area.theme, area.width, area.height);
  }
}

/** The rows in a box in the middle, what lies behind it muted. */
function boxed(behind: readonly Row[], name: string, content: readonly Row[], area: Area): Row[] {
  const ascii = area.theme.glyphs.ascii;
  const [tl, tr, bl, br, h, v] = ascii ? ['+', '+', '+', '+', '-', '|'] : ['╭', '╮', '╰', '╯', '─', '│'];
  const widest = Math.max(widthOf(name) + 4, ...content.map(rowWidth));
  const inside = Math.min(area.width - 4, widest + 2);
  const left = Math.max(0, Math.floor((area.width - inside - 2) / 2));
  const head = shorten(` ${clean(name)} `, inside - 1);
  const box: Row[] = [
    row(
      toned('accent', `${tl}${h}`),
      toned('strong', head),
      toned('accent', h!.repeat(Math.max(0, inside - 1 - widthOf(head))) + tr),
    ),
    ...content.map((each) => row(toned('accent', v!), ' ', sized(each, inside - 2), ' ', toned('accent', v!))),
    row(toned('accent', `${bl}${h!.repeat(inside)}${br}`)),
  ];
  const top = Math.max(0, Math.floor((area.height - box.length) / 3));
  return behind.map((each, y) => {
    const faded = row(toned('muted', each.map((segment) => segment.text).join('')));
    const line = box[y - top];
    if (line === undefined) return faded;
    return row(sized(faded, left, 'left', ''), line);
  });
}

function footer(session: Session, width: number): Row {
  const message = session.message();
  if (message !== undefined) return row(toned(message.tone, clean(message.text)));
  const own = session.place.hints();
  if (own !== undefined) return hintRow(own, width);
  const hints = session.options.keymap
    .acting(session.scopes())
    .flatMap(({ bindings }) => bindings)
    .filter((binding) => binding.short !== undefined && doesSomething(binding.action, session))
    .sort((a, b) => (a.rank ?? 50) - (b.rank ?? 50))
    .map((binding) => [keyLabel(binding.keys[0]!), binding.short!] as const);
  return hintRow(hints, width);
}

/** Esc leads nowhere from the first screen, which is the one to quit from; not every place has something to filter. */
function doesSomething(action: string, { place, stack }: Session): boolean {
  const isFirst = stack.length === 1 && place.view === 'overview';
  if (action === 'filter') return place.filters;
  if (action === 'quit') return isFirst;
  return action !== 'back' || !isFirst;
}

function overlayFooter(session: Session, width: number): Row {
  return hintRow(session.overlay!.hints(), width);
}

/** `key word  key word …`: whole hints only; the last one (help) always stays. */
function hintRow(hints: readonly (readonly [string, string])[], width: number): Row {
  const size = ([key, word]: readonly [string, string]): number => widthOf(key) + widthOf(word) + 3;
  const last = hints.at(-1);
  if (last === undefined) return BLANK;
  let left = width - size(last);
  const kept = hints.slice(0, -1).filter((hint) => {
    if (left < size(hint)) return false;
    left -= size(hint);
    return true;
  });
  return row(...[...kept, last].flatMap(([key, word]) => [toned('accent', key), toned('muted', ` ${word}  `)]));
}
