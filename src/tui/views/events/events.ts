/** The place of what watchfire itself has to say: refused reloads, sources that fell over, what a file asks for and is not done. */
import { formatMoment, plural } from '../../frame/format.ts';
import { emptyRows } from '../../frame/pane.ts';
import { type Area, Place } from '../../frame/place.ts';
import { type Row, row, toned } from '../../frame/row.ts';
import { Scroll } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { clean, wrap } from '../../sanitise.ts';
import type { Tone } from '../../theme.ts';

const TONES: Readonly<Record<string, Tone>> = { info: 'muted', warning: 'warning', error: 'critical' };

export class EventsPlace extends Place {
  readonly view = 'overview';
  override filters = false;
  #scroll = new Scroll();

  crumb(): string {
    return 'events';
  }

  scopes(): readonly Scope[] {
    return ['page'];
  }

  async fetch(): Promise<void> {}

  override status(): Row {
    return row(toned('muted', plural(this.desk.monitor.events().length, 'event')));
  }

  rows(area: Area): Row[] {
    const events = this.desk.monitor.events();
    if (events.length === 0) return emptyRows('Nothing happened that would need telling.', '', area.width, area.height);
    const rows = [...events]
      .reverse()
      .flatMap((event) =>
        wrap(clean(event.text), area.width - 26).map((line, i) =>
          row(
            toned('muted', (i === 0 ? formatMoment(event.atMs, area.nowMs, area.zone) : '').padEnd(15)),
            toned(TONES[event.severity]!, (i === 0 ? event.severity : '').padEnd(9)),
            line,
          ),
        ),
      );
    return this.#scroll.visible(rows, area.height, area.theme);
  }

  override act(action: string): boolean {
    return this.#scroll.act(action);
  }
}
