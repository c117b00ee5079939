/** The state of the whole screen: the stack of places, the time window, overlays, messages; keys in, frames out. */
import type { Monitor } from '../../monitor/sources.ts';
import type { Keymap, Scope } from '../input/bindings.ts';
import type { Key } from '../input/keys.ts';
import { makeTheme, type Theme, type ThemeName, type Tone } from '../theme.ts';
import { CommandLine } from './command-line.ts';
import { FilterLine } from './filter-line.ts';
import { makeZone, type Zone } from './format.ts';
import { Headline } from './headline.ts';
import { HelpPage } from './help.ts';
import type { Desk, Overlay, Place, Subject, TimeWindow, ViewName } from './place.ts';
import { PlaceStack, type Views } from './place-stack.ts';
import { messageOf } from './poller.ts';
import type { Row } from './row.ts';
import { TimeRange } from './time-range.ts';

/** A line of text being typed at the foot of the screen. */
export interface Prompt {
  key(key: Key): 'close' | 'stay';
  rows(width: number, theme: Theme): Row[];
}

export interface SessionOptions {
  readonly monitor: Monitor;
  readonly views: Views;
  readonly keymap: Keymap;
  readonly colours: 0 | 16 | 256;
  readonly ascii: boolean;
  readonly utc: boolean;
  readonly theme: ThemeName;
  nowMs(): number;
  /** Writes to the terminal outside of frames: clipboard, title. */
  emit(sequence: string): void;
  quit(code: number): void;
  /** A frame is due: soon for a key, at the next tick otherwise. */
  schedule(urgent: boolean): void;
  /** The terminal's content is to be written anew. */
  redraw(): void;
  mouse(on: boolean): void;
  /** Hands the terminal to the shell until the process is continued. */
  suspend(): void;
}

const MESSAGE_MS = 5000;

export class Session implements Desk {
  readonly monitor: Monitor;
  readonly options: SessionOptions;
  readonly headline: Headline;
  readonly #places: PlaceStack;
  overlay: Overlay | undefined;
  prompt: Prompt | undefined;
  theme: Theme;
  zone: Zone;
  ascii: boolean;
  /** The pane that has the keys alone. */
  zoomed = false;
  /** Events up to here were shown. */
  eventsReadMs = 0;
  #range: TimeRange;
  #message: { readonly text: string; readonly tone: Tone; readonly untilMs: number } | undefined;

  constructor(options: SessionOptions) {
    this.options = options;
    this.monitor = options.monitor;
    this.ascii = options.ascii;
    this.#range = new TimeRange(options.nowMs);
    this.theme = makeTheme(options.theme, options.colours, options.ascii);
    this.zone = makeZone(options.utc, options.nowMs());
    const wantsOldest = (): boolean => !this.#range.chosen;
    this.headline = new Headline(options.monitor, options.views.countAlerts, wantsOldest, () => {
      const { oldestMs } = this.headline;
      if (oldestMs !== undefined && this.stack.length === 1) this.#range.suit(oldestMs);
      this.changed();
    });
    this.#places = new PlaceStack(options.views, this, this.#range);
    this.goTo('overview');
  }

  /** The places that are open, the root of a view first. */
  get stack(): readonly Place[] {
    return this.#places.open;
  }

  get place(): Place {
    return this.#places.top;
  }

  /** Nothing is under way that will change the screen. */
  get settled(): boolean {
    return !this.headline.busy && !this.place.busy && !this.#places.busy;
  }

  scopes(): readonly Scope[] {
    return this.place.scopes();
  }

  nowMs(): number {
    return this.options.nowMs();
  }

  window(): TimeWindow {
    return this.#range.window();
  }

  changed(): void {
    this.options.schedule(false);
  }

  refresh(place: Place): void {
    this.#places.refresh(place);
    this.changed();
  }

  push(place: Place): void {
    this.#places.push(place);
  }

  drill(view: 'metrics' | 'logs' | 'traces', subject: Subject): void {
    this.#places.drill(view, subject);
  }

  /** The root of a view; what was opened below another root is closed. */
  goTo(view: ViewName): void {
    this.#places.goTo(view);
  }

  show(overlay: Overlay): void {
    this.overlay = overlay;
    this.changed();
  }

  say(text: string, tone: Tone = 'plain'): void {
    this.#message = { text, tone, untilMs: this.nowMs() + MESSAGE_MS };
    this.changed();
  }

  message(): { readonly text: string; readonly tone: Tone } | undefined {
    return this.#message !== undefined && this.#message.untilMs > this.nowMs() ? this.#message : undefined;
  }

  copy(text: string, what: string): void {
    this.options.emit(`\u001b]52;c;${Buffer.from(text, 'utf8').toString('base64')}\u0007`);
    this.say(`copied ${what} (OSC 52)`, 'ok');
  }

  setTheme(name: ThemeName): void {
    this.theme = makeTheme(name, this.options.colours, this.ascii);
    this.changed();
  }

  setAscii(ascii: boolean): void {
    this.ascii = ascii;
    this.setTheme(this.theme.name);
  }

  setUtc(utc: boolean): void {
    this.zone = makeZone(utc, this.nowMs());
    this.changed();
  }

  setSpan(spanMs: number): void {
    this.#range.setSpan(spanMs);
    this.refresh(this.place);
  }

  close(): void {
    this.#places.close();
    this.headline.close();
  }

  handleKey(key: Key): void {
    this.#message = undefined;
    try {
      this.#dispatch(key);
    } catch (error) {
      this.say(messageOf(error), 'critical');
    }
    this.options.schedule(true);
  }

  #dispatch(key: Key): void {
    const action = this.options.keymap.action(key.name, this.scopes());
    if (action === 'interrupt') this.options.quit(130);
    else if (this.prompt !== undefined) this.#type(this.prompt, key);
    else if (this.overlay !== undefined) this.#answer(this.overlay, key, action);
    else if (!this.place.capture(key) && action !== undefined) this.run(action);
  }

  #type(prompt: Prompt, key: Key): void {
    // A command may open another prompt: only the one that was typed into is taken away.
    if (prompt.key(key) === 'close' && this.prompt === prompt) this.prompt = undefined;
  }

  #answer(overlay: Overlay, key: Key, action: string | undefined): void {
    if (overlay.key(key, action) === 'close' && this.overlay === overlay) this.overlay = undefined;
  }

  /** Does what a key or a command names. */
  run(action: string): void {
    if (this.place.act(action)) return;
    if (action.startsWith('view:')) this.goTo(action.slice(5) as ViewName);
    else if (!this.#actOnScreen(action) && this.#range.act(action)) this.refresh(this.place);
  }

  /** `false` where the action is not one of the screen's own. */
  #actOnScreen(action: string): boolean {
    switch (action) {
      case 'help':
        this.show(new HelpPage(this.options.keymap, this.scopes()));
        return true;
      case 'command':
        this.prompt = new CommandLine(this);
        return true;
      case 'filter':
        if (this.place.filters) this.prompt = new FilterLine(this.place);
        else this.say('There is no list here that a filter would shorten.');
        return true;
      case 'next-match':
      case 'previous-match':
        // A filter leaves only matches standing.
        this.place.act(action === 'next-match' ? 'down' : 'up');
        return true;
      case 'back':
      case 'quit':
        this.#back(action === 'quit');
        return true;
      case 'redraw':
        this.options.redraw();
        return true;
      case 'suspend':
        this.options.suspend();
        return true;
      case 'zoom-pane':
        this.zoomed = !this.zoomed;
        return true;
      case 'copy':
        this.#copyOf(this.place.copyText(), 'the selected row', 'Nothing is selected that could be copied.');
        return true;
      case 'copy-command':
        this.#copyOf(this.place.command(), 'the command', 'There is no command for this.');
        return true;
      case 'to-logs':
      case 'to-traces':
      case 'to-metrics':
        this.#toView(action.slice(3) as 'logs' | 'traces' | 'metrics');
        return true;
      default:
        return false;
    }
  }

  #toView(view: 'logs' | 'traces' | 'metrics'): void {
    const subject = this.place.subject();
    if (subject === undefined) this.say('Select a row first: there is nothing to follow from here.', 'warning');
    else this.drill(view, subject);
  }

  #copyOf(text: string | undefined, what: string, otherwise: string): void {
    if (text === undefined) this.say(otherwise, 'warning');
    else this.copy(text, what);
  }

  #back(mayQuit: boolean): void {
    if (this.place.stepBack()) return;
    if (this.#places.pop()) return;
    if (mayQuit) this.options.quit(0);
    else if (this.place.view !== 'overview') this.goTo('overview');
    else this.say('This is the first screen; q quits.');
  }

  /** For commands that reject: the sentence is shown. */
  attempt(work: Promise<string>): void {
    work.then(
      (text) => this.say(text, 'ok'),
      (error: unknown) => this.say(messageOf(error), 'critical'),
    );
  }
}
