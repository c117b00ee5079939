/** `alertmanager.yml` once read: defaults and globals filled in, durations in milliseconds, relative paths made absolute. */
import type { Matcher } from '../labels/matcher.ts';
import type { HttpClientConfig, TlsConfig } from './http-config.ts';
import type { SourcePlace } from './prometheus-config.ts';

export interface RouteConfig {
  readonly place: SourcePlace;
  readonly receiver: string;
  /** Label names; `'all'` for `group_by: [...]`. Inherited values are filled in. */
  readonly groupBy: readonly string[] | 'all';
  /** `match`, `match_re` and `matchers` together. */
  readonly matchers: readonly Matcher[];
  readonly muteTimeIntervals: readonly string[];
  readonly activeTimeIntervals: readonly string[];
  readonly continue: boolean;
  readonly groupWaitMs: number;
  readonly groupIntervalMs: number;
  readonly repeatIntervalMs: number;
  /** `labels`, those of the parents included; values are templates. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly routes: readonly RouteConfig[];
}

export interface InhibitRuleConfig {
  readonly name?: string | undefined;
  /** One list of matchers for each source; the old single source is a list of one. */
  readonly sources: readonly { readonly matchers: readonly Matcher[]; readonly equal: readonly string[] }[];
  readonly targetMatchers: readonly Matcher[];
  readonly equal: readonly string[];
}

/** Inclusive at both ends but for times, whose end is exclusive; days of the month may be negative (−1: the last). */
export interface TimeInterval {
  /** Minutes since midnight. */
  readonly times: readonly { readonly startMinute: number; readonly endMinute: number }[];
  /** 0: Sunday. */
  readonly weekdays: readonly { readonly begin: number; readonly end: number }[];
  readonly daysOfMonth: readonly { readonly begin: number; readonly end: number }[];
  /** 1: January. */
  readonly months: readonly { readonly begin: number; readonly end: number }[];
  readonly years: readonly { readonly begin: number; readonly end: number }[];
  /** IANA name; undefined: UTC. */
  readonly location?: string | undefined;
}

export interface NamedTimeInterval {
  readonly name: string;
  readonly intervals: readonly TimeInterval[];
}

/** The kinds that watchfire delivers; any other of Alertmanager's is `unsupported`. */
export type ReceiverKind =
  | 'email'
  | 'slack'
  | 'webhook'
  | 'pagerduty'
  | 'opsgenie'
  | 'discord'
  | 'msteams'
  | 'msteamsv2'
  | 'telegram'
  | 'mattermost'
  | 'pushover'
  | 'rocketchat'
  | 'jira'
  | 'victorops'
  | 'wechat'
  | 'webex'
  | 'sns'
  | 'incidentio'
  | 'desktop'
  | 'terminal'
  | 'command';

/** One `<kind>_configs` entry of a receiver. */
export interface IntegrationConfig {
  readonly kind: ReceiverKind;
  readonly place: SourcePlace;
  /** Position within `<kind>_configs` of its receiver. */
  readonly index: number;
  readonly sendResolved: boolean;
  readonly http: HttpClientConfig;
  /**
   * The entry's other fields under the names of Alertmanager's documentation (snake_case), defaults and globals filled in, secrets as Secret
   * (`*_file`, absolute, left for the notifier to read at each send), durations in milliseconds, URLs as text (secret ones as Secret),
   * `tls_config` as TlsConfig. Each notifier reads it through its own typed view.
   */
  readonly fields: Readonly<Record<string, unknown>>;
}

export interface ReceiverConfig {
  readonly name: string;
  /** `labels`; Alertmanager always adds `name`. */
  readonly labels?: Readonly<Record<string, string>> | undefined;
  readonly place: SourcePlace;
  readonly integrations: readonly IntegrationConfig[];
}

export interface AlertmanagerConfig {
  readonly file: string;
  /** The text as it was read, secrets replaced by `<secret>` (for `/api/v2/status`). */
  readonly redactedText: string;
  readonly resolveTimeoutMs: number;
  readonly smtpTls: TlsConfig;
  readonly route: RouteConfig;
  readonly receivers: readonly ReceiverConfig[];
  readonly inhibitRules: readonly InhibitRuleConfig[];
  readonly timeIntervals: readonly NamedTimeInterval[];
  /** Glob patterns, absolute. */
  readonly templates: readonly string[];
}
