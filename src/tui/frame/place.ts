/** What a place on the screen is: one entry of the breadcrumb stack, with its own model, its keys and its rows. */
import type { Labels } from '../../labels/labels.ts';
import type { Monitor } from '../../monitor/sources.ts';
import type { Scope } from '../input/bindings.ts';
import type { Key } from '../input/keys.ts';
import type { Theme, Tone } from '../theme.ts';
import { type Filter, NO_FILTER } from './filter.ts';
import type { Zone } from './format.ts';
import { BLANK, type Row } from './row.ts';

export const VIEW_NAMES = ['overview', 'metrics', 'alerts', 'logs', 'traces', 'targets', 'rules'] as const;
export type ViewName = (typeof VIEW_NAMES)[number];

/** What rows are drawn into. */
export interface Area {
  readonly width: number;
  readonly height: number;
  readonly theme: Theme;
  readonly zone: Zone;
  readonly nowMs: number;
  readonly window: TimeWindow;
  /** The pane that has the keys alone, over the full width. */
  readonly zoomed: boolean;
}

export interface TimeWindow {
  readonly startMs: number;
  readonly endMs: number;
  /** The end moves with the clock. */
  readonly live: boolean;
}

/** What `m`, `l` and `t` carry from the selected row to the next view. */
export interface Subject {
  readonly service?: string | undefined;
  readonly labels?: Labels | undefined;
  readonly traceId?: string | undefined;
  /** PromQL that shows it. */
  readonly expression?: string | undefined;
  /** The time that matters; the window is laid around it. Undefined: now. */
  readonly fromMs?: number | undefined;
  readonly toMs?: number | undefined;
}

/** Something in front of the main pane that takes all keys: help, a dialog, an explanation. */
export interface Overlay {
  readonly title: string;
  /** `box`: as small as its rows, in the middle; `page`: the whole main pane. */
  readonly shape: 'box' | 'page';
  rows(area: Area): Row[];
  /** `close` takes it away. */
  key(key: Key, action: string | undefined): 'close' | 'stay';
  hints(): readonly (readonly [string, string])[];
}

/** What a place may ask of the screen that it stands on. */
export interface Desk {
  readonly monitor: Monitor;
  nowMs(): number;
  window(): TimeWindow;
  /** Something to draw. */
  changed(): void;
  /** Fetches this place anew, at once. */
  refresh(place: Place): void;
  push(place: Place): void;
  /** Goes to a view with the subject in mind. */
  drill(view: 'metrics' | 'logs' | 'traces', subject: Subject): void;
  show(overlay: Overlay): void;
  say(text: string, tone?: Tone): void;
  copy(text: string, what: string): void;
}

export abstract class Place {
  protected readonly desk: Desk;
  filter: Filter = NO_FILTER;
  /** What went wrong at the last fetch, in words. */
  error: string | undefined;
  loaded = false;
  /** How often it is fetched while it is on the screen. */
  refreshMs = 2000;
  /** Has something that `/` filters. */
  filters = true;
  /** Depends on the time window: nothing to fetch again while the window stands still. */
  windowed = false;

  constructor(desk: Desk) {
    this.desk = desk;
  }

  abstract readonly view: ViewName;
  abstract crumb(): string;
  abstract scopes(): readonly Scope[];
  /** Fetches into the model. Rejections are shown, and the old model stays. */
  abstract fetch(signal: AbortSignal): Promise<void>;
  /** At most `area.height` rows of at most `area.width` columns. */
  abstract rows(area: Area): Row[];

  /** Something beside its own fetch is under way that will change what it shows. */
  get busy(): boolean {
    return false;
  }

  /** Right end of the title line: counts, order, filters. */
  status(_area: Area): Row {
    return BLANK;
  }

  /** `true` where the action was taken. */
  act(_action: string): boolean {
    return false;
  }

  /** Takes raw keys before bindings do, while text is being typed. */
  capture(_key: Key): boolean {
    return false;
  }

  /** The footer while keys are taken raw; undefined: that of the bindings. */
  hints(): readonly (readonly [string, string])[] | undefined {
    return undefined;
  }

  subject(): Subject | undefined {
    return undefined;
  }

  copyText(): string | undefined {
    return undefined;
  }

  /** The shell command that shows the same. */
  command(): string | undefined {
    return undefined;
  }

  /** Esc inside the place, before it is left: `true` where something was undone. */
  stepBack(): boolean {
    return false;
  }

  setFilter(filter: Filter): void {
    this.filter = filter;
  }

  /** Brought to the front, or left for another place. */
  enter(): void {}
  leave(): void {}
  close(): void {
    this.leave();
  }
}
