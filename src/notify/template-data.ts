/** The data that notification templates see, built once a notification, and the rendering of templates with it. */
import { isResolved } from '../alerting/alert.ts';
import type { Notification } from '../alerting/integration.ts';
import type { Alert } from '../alerting/model.ts';
import type { Clock } from '../config/clock.ts';
import { Labels, quote } from '../labels/labels.ts';
import { Alerts, alertmanagerFunctions, goFunction, KV, STRING, TemplateSet, Time } from '../template/template.ts';
import { DEFAULT_TEMPLATES } from './default-templates.ts';

/** `template.Data` of Alertmanager. */
export class TemplateData {
  static readonly goType = 'template.Data';
  static readonly jsonNames: Readonly<Record<string, string>> = {
    Receiver: 'receiver',
    Status: 'status',
    Alerts: 'alerts',
    NotificationReason: 'notification_reason',
    GroupLabels: 'groupLabels',
    CommonLabels: 'commonLabels',
    CommonAnnotations: 'commonAnnotations',
    RouteLabels: 'routeLabels',
    ExternalURL: 'externalURL',
  };
  readonly Receiver: string;
  readonly Status: string;
  readonly Alerts: Alerts<TemplateAlert>;
  readonly NotificationReason: string;
  readonly GroupLabels: KV;
  readonly CommonLabels: KV;
  readonly CommonAnnotations: KV;
  readonly RouteLabels: KV;
  readonly ExternalURL: string;

  constructor(notification: Notification) {
    const { alerts, nowMs } = notification;
    this.Receiver = quoteMeta(notification.receiver);
    this.Status = statusOf(notification);
    this.Alerts = new Alerts<TemplateAlert>();
    for (const alert of alerts) this.Alerts.push(new TemplateAlert(alert, nowMs));
    this.NotificationReason = notification.reason;
    this.GroupLabels = new KV(notification.groupLabels);
    this.CommonLabels = new KV(commonPairs(alerts.map(({ labels }) => labels)));
    this.CommonAnnotations = new KV(commonPairs(alerts.map(({ annotations }) => annotations)));
    this.RouteLabels = new KV(notification.routeLabels);
    this.ExternalURL = notification.externalUrl;
  }
}

export class TemplateAlert {
  static readonly goType = 'template.Alert';
  static readonly jsonNames: Readonly<Record<string, string>> = {
    Status: 'status',
    Labels: 'labels',
    Annotations: 'annotations',
    StartsAt: 'startsAt',
    EndsAt: 'endsAt',
    GeneratorURL: 'generatorURL',
    Fingerprint: 'fingerprint',
  };
  readonly Status: string;
  readonly Labels: KV;
  readonly Annotations: KV;
  readonly StartsAt: Time;
  readonly EndsAt: Time;
  readonly GeneratorURL: string;
  readonly Fingerprint: string;

  constructor(alert: Alert, nowMs: number) {
    this.Status = isResolved(alert, nowMs) ? 'resolved' : 'firing';
    this.Labels = new KV(alert.labels);
    this.Annotations = new KV(alert.annotations);
    this.StartsAt = Time.ofMs(alert.startsAtMs);
    this.EndsAt = Time.ofMs(alert.endsAtMs);
    this.GeneratorURL = alert.generatorUrl;
    this.Fingerprint = alert.fingerprint;
  }
}

/** Templates executed with one notification's data. All throw TemplateError. */
export interface Rendering {
  text(template: string): string;
  html(template: string): string;
  /** The route's labels, their templates expanded; never throws: those that fail are left out. */
  routeLabels(): Labels;
}

/** The default templates and those of the configuration's `templates` files. */
export class NotificationTemplates {
  readonly #set: TemplateSet;
  /** Of the notification that is being rendered: rendering is synchronous, so there is one at a time. */
  #routeLabel: (name: string) => string = () => '';

  /** `files` as name and text, in order: a later definition replaces an earlier one. Throws TemplateError. */
  constructor(clock: Clock, files: readonly (readonly [name: string, text: string])[] = []) {
    this.#set = new TemplateSet({
      functions: {
        ...alertmanagerFunctions(clock),
        routeLabels: goFunction([STRING], (name) => this.#routeLabel(name)),
      },
    });
    this.#set.parse('default.tmpl', DEFAULT_TEMPLATES);
    for (const [name, text] of files) this.#set.parse(name, text);
  }

  render(notification: Notification): Rendering {
    const data = new TemplateData(notification);
    const expanded = new Map<string, string>();
    const underWay = new Set<string>();
    const bound = (execute: () => string): string => {
      const outer = this.#routeLabel;
      this.#routeLabel = routeLabel;
      try {
        return execute();
      } finally {
        this.#routeLabel = outer;
      }
    };
    const routeLabel = (name: string): string => {
      const known = expanded.get(name);
      if (known !== undefined) return known;
      if (underWay.has(name)) throw new Error(`route label ${quote(name)} refers to itself`);
      underWay.add(name);
      try {
        const text = bound(() => this.#set.executeText(notification.routeLabels.get(name), data));
        expanded.set(name, text);
        return text;
      } finally {
        underWay.delete(name);
      }
    };
    // One that fails must not hide the others.
    const expandedPair = (name: string): [string, string][] => {
      try {
        return [[name, routeLabel(name)]];
      } catch {
        return [];
      }
    };
    return {
      text: (template) => bound(() => this.#set.executeText(template, data)),
      html: (template) => bound(() => this.#set.executeHtml(template, data)),
      routeLabels: () => Labels.fromPairs(notification.routeLabels.names.flatMap(expandedPair)),
    };
  }
}

export function statusOf(notification: Notification): 'firing' | 'resolved' {
  return notification.alerts.some((alert) => !isResolved(alert, notification.nowMs)) ? 'firing' : 'resolved';
}

/** The pairs that all the sets have. */
export function commonPairs(sets: readonly Labels[]): Labels {
  const [first, ...others] = sets;
  if (first === undefined) return Labels.EMPTY;
  return first.filter((name, value) => others.every((set) => set.get(name) === value));
}

/** Go's `regexp.QuoteMeta`: Alertmanager quotes the receiver's name so, for links that filter by it. */
export function quoteMeta(text: string): string {
  return text.replace(/[\\.+*?()|[\]{}^$]/g, '\\$&');
}
