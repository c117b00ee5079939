/** The place of one trace: its spans in time, and the selected span beside or below them. */
import type { Filter } from '../../frame/filter.ts';
import { ListState } from '../../frame/list.ts';
import { emptyRows, errorRows, titleRow } from '../../frame/pane.ts';
import { type Area, type Desk, Place, type Subject } from '../../frame/place.ts';
import { beside, type Row, row, select, tall, toned } from '../../frame/row.ts';
import { Scroll, TextPage } from '../../frame/text-page.ts';
import type { Scope } from '../../input/bindings.ts';
import { makeWaterfall, visibleNodes, type Waterfall, type WaterfallNode } from './model.ts';
import { rulerRow, spanDetailRows, spanRow, traceHeadRow } from './rows.ts';
import { serviceRows } from './service-rows.ts';

const WIDE = 130;

export class WaterfallPlace extends Place {
  readonly view = 'traces';
  override refreshMs = 10_000;
  #traceId: string;
  #tree: Waterfall | undefined;
  #list = new ListState();
  #folded = new Set<string>();
  #pathOnly = false;
  #detailFocused = false;
  #detail = new Scroll();

  constructor(desk: Desk, traceId: string) {
    super(desk);
    this.#traceId = traceId;
  }

  crumb(): string {
    return `trace ${this.#traceId.slice(0, 8)}`;
  }

  scopes(): readonly Scope[] {
    return ['waterfall', 'list'];
  }

  async fetch(signal: AbortSignal): Promise<void> {
    const trace = await this.desk.monitor.traces.trace(this.#traceId, signal);
    if (trace !== undefined && trace.spans.length > 0) {
      if (this.#tree?.nodes.length !== trace.spans.length) this.#tree = makeWaterfall(trace);
    } else if (this.#tree === undefined)
      throw new Error(`The trace ${this.#traceId} is not there: the source has dropped it, or it was never sampled.`);
  }

  #visible(): number[] {
    const tree = this.#tree;
    if (tree === undefined) return [];
    return visibleNodes(
      tree,
      this.#folded,
      (node) => (!this.#pathOnly || node.critical.length > 0) && this.filter.accepts(filterable(node)),
    );
  }

  #selected(): WaterfallNode | undefined {
    return this.#tree?.nodes[this.#visible()[this.#list.selected] ?? -1];
  }

  override setFilter(filter: Filter): void {
    super.setFilter(filter);
    this.#list.selected = 0;
  }

  override status(area: Area): Row {
    return row(
      ...(this.#pathOnly ? [toned('chip-muted', ' critical path '), ' '] : []),
      toned('muted', area.width > 100 ? this.#traceId : ''),
    );
  }

  rows(area: Area): Row[] {
    const { width, height, theme } = area;
    const tree = this.#tree;
    if (tree === undefined) {
      if (this.error === undefined) return emptyRows('Reading the trace …', '', width, height);
      return errorRows('The trace cannot be shown.', this.error, 'Esc goes back.', theme, width, height);
    }
    const head = traceHeadRow(tree, area);
    if (area.zoomed) {
      const alone = { ...area, height: height - 1 };
      return [head, ...(this.#detailFocused ? this.#detailRows(width, height - 1, area) : this.#spanRows(alone))];
    }
    if (width >= WIDE) {
      const right = Math.min(64, Math.floor(width * 0.34));
      const left = width - right - 3;
      const rest = height - 1;
      const bar = row(' ', toned('line', theme.glyphs.vertical), ' ');
      return [
        head,
        ...beside(
          this.#spanRows({ ...area, width: left, height: rest }),
          left,
          this.#detailRows(right, rest, area),
          right,
          rest,
          bar,
        ),
      ];
    }
    const below = Math.max(0, Math.min(14, Math.floor((height - 2) * 0.4)));
    const title = titleRow('Span', '', width, theme, this.#detailFocused);
    const spans = tall(this.#spanRows({ ...area, height: height - 2 - below }), height - 2 - below);
    return [head, ...spans, title, ...this.#detailRows(width, below, area)];
  }

  #spanRows(area: Area): Row[] {
    const tree = this.#tree!;
    const visible = this.#visible();
    if (visible.length === 0)
      return emptyRows('No span passes the filter.', 'Change it with /.', area.width, area.height);
    const { from, to } = this.#list.window(visible.length, area.height - 1);
    return [
      rulerRow(tree, area.width),
      ...visible.slice(from, to).map((at, i) => {
        const node = tree.nodes[at]!;
        const line = spanRow(node, tree, this.#folded.has(node.span.spanId), this.filter.words, area);
        return from + i === this.#list.selected ? select(line, area.width) : line;
      }),
    ];
  }

  #detailRows(width: number, height: number, area: Area): Row[] {
    const node = this.#selected();
    return node === undefined
      ? []
      : this.#detail.visible(spanDetailRows(node, this.#tree!, width, area), height, area.theme);
  }

  override act(action: string): boolean {
    if (action === 'next-pane' || action === 'previous-pane') {
      this.#detailFocused = !this.#detailFocused;
      return true;
    }
    if (this.#detailFocused && this.#detail.act(action)) return true;
    const visible = this.#visible();
    if (this.#list.act(action, visible.length)) {
      this.#detail = new Scroll();
      return true;
    }
    const node = this.#selected();
    switch (action) {
      case 'toggle':
        if (node && node.descendants > 0 && !this.#folded.delete(node.span.spanId)) this.#folded.add(node.span.spanId);
        return true;
      case 'expand':
        if (node) this.#folded.delete(node.span.spanId);
        return true;
      case 'collapse':
        if (node && node.descendants > 0 && !this.#folded.has(node.span.spanId)) this.#folded.add(node.span.spanId);
        else if (node && node.parent >= 0) this.#list.selected = Math.max(0, visible.indexOf(node.parent));
        return true;
      case 'fold-all':
        if (this.#folded.size > 0) this.#folded.clear();
        else for (const each of this.#tree?.nodes ?? []) if (each.descendants > 0) this.#folded.add(each.span.spanId);
        return true;
      case 'critical-path':
        this.#pathOnly = !this.#pathOnly;
        this.#list.selected = 0;
        return true;
      case 'by-service': {
        const tree = this.#tree;
        if (tree !== undefined) this.desk.show(new TextPage('By service', (area) => serviceRows(tree, area)));
        return true;
      }
      case 'next-error':
      case 'previous-error':
        this.#goToError(action === 'next-error' ? 1 : -1);
        return true;
      case 'to-traces':
        return true;
      default:
        return false;
    }
  }

  #goToError(by: number): void {
    const visible = this.#visible();
    for (let i = this.#list.selected + by; i >= 0 && i < visible.length; i += by) {
      if (!this.#tree!.nodes[visible[i]!]!.span.error) continue;
      this.#list.selected = i;
      this.#detail = new Scroll();
      return;
    }
    this.desk.say(`no ${by > 0 ? 'further' : 'earlier'} span with an error`);
  }

  override stepBack(): boolean {
    if (!this.#detailFocused) return false;
    this.#detailFocused = false;
    return true;
  }

  override subject(): Subject | undefined {
    const node = this.#selected();
    if (node === undefined) return undefined;
    const { span } = node;
    return {
      traceId: this.#traceId,
      service: span.service,
      fromMs: span.startUs / 1000,
      toMs: (span.startUs + span.durationUs) / 1000,
    };
  }

  override copyText(): string {
    return this.#selected()?.span.spanId ?? this.#traceId;
  }

  override command(): string {
    return `watchfire traces ${this.#traceId}`;
  }
}

function filterable({ span }: WaterfallNode) {
  return {
    text: `${span.service} ${span.name} ${span.statusMessage}`,
    field: (name: string): string | undefined => {
      if (name === 'service') return span.service;
      if (name === 'error') return String(span.error);
      const value = span.attributes[name] ?? span.resource[name];
      return value === undefined ? undefined : String(value);
    },
  };
}
