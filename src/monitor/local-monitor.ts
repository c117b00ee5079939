/** Assembles a monitor on this machine: scraper, storage, rules, dispatch, and the log and trace sources that the settings name. */
import { createReadStream } from 'node:fs';
import { join } from 'node:path';
import type { Alerting } from '../alerting/alerting.ts';
import type { ForwarderStats } from '../alerting/forwarder.ts';
import type { PostableAlert } from '../alerting/model.ts';
import type { NotificationCounts } from '../alerting/notification-counts.ts';
import type { Clock } from '../config/clock.ts';
import { defaultHttpClientConfig } from '../config/http-config.ts';
import type { PrometheusConfig } from '../config/prometheus-config.ts';
import { createHttpClient } from '../http/axios.ts';
import type { RelabelConfig } from '../labels/relabel.ts';
import { createEngine } from '../promql/engine.ts';
import { featuresFromNames } from '../promql/features.ts';
import type { QueryEngine } from '../promql/result.ts';
import { explainRule } from '../rules/explain.ts';
import { RuleManager } from '../rules/rule-manager.ts';
import { type JobStats, ScrapeManager } from '../scrape/manager.ts';
import type { RemoteWriteState } from '../scrape/remote-write/queue.ts';
import { RemoteWrite } from '../scrape/remote-write/remote-write.ts';
import type { ScrapeTotals } from '../scrape/scrape-totals.ts';
import type { Appendable } from '../storage/appender.ts';
import { createHead, type Head } from '../storage/head.ts';
import { importOpenMetrics } from '../storage/import.ts';
import { openHead } from '../storage/open-head.ts';
import type { LogProblem } from '../storage/wal/write-ahead-log.ts';
import type { TraceStore } from '../traces/trace-store.ts';
import { AlertForwarding, outgoingAlerts, outgoingLabels } from './alert-forwarding.ts';
import { ConfigWatch, watchedPatterns } from './config-watch.ts';
import { type Configuration, readConfiguration } from './configuration.ts';
import { EventLog } from './events.ts';
import { alertmanagerConfigOf, type LocalAlertingDeps, openLocalAlerting } from './local-alerting.ts';
import { localAlertSource } from './local-alerts.ts';
import { localMetricSource } from './local-metrics.ts';
import { openLogSource, openTraceSource, openTraceStore } from './log-and-trace-sources.ts';
import { prometheusMetricSource } from './prometheus-metrics.ts';
import { type Reload, Reloading } from './reloading.ts';
import { scrapeConfigsOf, scrapeFeatures } from './scrape-features.ts';
import type { MonitorSettings } from './settings.ts';
import type { Monitor, TargetsAnswer } from './sources.ts';
import { openStateFolder } from './state-folder.ts';

/** A monitor on this machine, and what only its HTTP face needs beside the four sources. */
export interface LocalMonitor extends Monitor {
  /** What the OTLP receiver fills. */
  readonly traceStore: TraceStore;
  configuration(): Configuration;
  lastReload(): Reload;
  readonly notificationCounts: NotificationCounts;
  forwarding(): ForwarderStats;
  /** What a job does to the labels of its targets; undefined where there is no such job. */
  relabelConfigs(job: string): readonly RelabelConfig[] | undefined;
  /** What discovery and scraping came to, by job and altogether, and what is sent on. */
  readonly jobs: () => readonly JobStats[];
  readonly scrapeTotals: ScrapeTotals;
  readonly remoteWrites: () => readonly RemoteWriteState[];
  /** URLs of the Alertmanagers that alerts are forwarded to. */
  alertmanagers(): readonly string[];
}

export interface LocalMonitorDeps extends LocalAlertingDeps {
  readonly userAgent: string;
}

/** As Prometheus: 15 days. */
export const DEFAULT_RETENTION_MS = 15 * 86_400_000;
/** How often old samples are dropped. */
const TRUNCATE_MS = 60_000;

/** Resolves once the imports are in and everything runs. Rejects with ConfigError where a file cannot be used. */
export async function openLocalMonitor(settings: MonitorSettings, deps: LocalMonitorDeps): Promise<LocalMonitor> {
  const { clock } = deps;
  const events = new EventLog(clock);
  let configuration = readConfiguration(settings);
  for (const warning of configuration.warnings) events.add('warning', warning);
  const state = openStateFolder(settings.stateDirectory);
  if (state.fault !== undefined) events.add('error', state.fault);

  const storageFaults = new Map<LogProblem['part'], string>();
  const head =
    state.path === undefined
      ? createHead({ ...headLimits(settings, configuration), maxExemplars: configuration.prometheus.maxExemplars })
      : await openHead({
          ...headLimits(settings, configuration),
          maxExemplars: configuration.prometheus.maxExemplars,
          directory: join(state.path, 'wal'),
          clock,
          onProblem: ({ part, isOver, message }) => {
            if (isOver) storageFaults.delete(part);
            else storageFaults.set(part, message);
            events.add(isOver ? 'info' : 'error', message);
          },
          onRepair: ({ file, lostBytes, reason }) =>
            events.add('warning', `${file}: ${reason}: ${lostBytes} bytes were left out`),
        });
  for (const file of settings.importFiles) {
    const summary = await importOpenMetrics(head, createReadStream(file));
    events.add('info', `imported ${summary.samples} samples of ${summary.series} series from ${file}`);
  }

  const http = createHttpClient(defaultHttpClientConfig, { userAgent: deps.userAgent });
  const features = featuresFromNames(settings.features);
  const traceStore = openTraceStore(settings);
  const remoteWrite = new RemoteWrite({
    clock,
    userAgent: deps.userAgent,
    directory: state.path === undefined ? undefined : join(state.path, 'remote-write'),
    report: (severity, text) => events.add(severity, text),
  });
  const storage = remoteWrite.tee(head);
  const scrape = new ScrapeManager({
    appendable: storage,
    clock,
    userAgent: deps.userAgent,
    features: scrapeFeatures(settings),
    report: (severity, text) => events.add(severity, text),
    onScraped: (loop) => rules.scraped(loop, (loop.lastOutcome?.counts.seriesAdded ?? 0) > 0),
  });
  const metrics =
    settings.prometheusUrl === undefined
      ? localMetricSource({
          head,
          engine: createEngine(head, { features, clock }),
          clock,
          targets: () => targetsOf(scrape),
          targetMetadata: (metric) => scrape.targetMetadata(metric),
          storageFault: () => [...storageFaults.values()][0],
        })
      : prometheusMetricSource({ url: settings.prometheusUrl, http, clock });
  const alerting = openLocalAlerting(configuration, settings, deps, state.path, events);
  const forwarding = new AlertForwarding({
    clock,
    report: (severity, text) => events.add(severity, text),
    userAgent: deps.userAgent,
  });
  const rules = newRules({
    engine: metrics,
    head,
    storage,
    alerting,
    forwarding,
    clock,
    events,
    prometheus: () => configuration.prometheus,
    afterScrape: settings.rulesAfterScrape,
  });
  if (settings.rulesAfterScrape && settings.prometheusUrl !== undefined) {
    events.add('warning', `rules keep to their intervals: ${settings.prometheusUrl} is asked, nothing is scraped here`);
  }

  const apply = async (next: Configuration): Promise<void> => {
    const { prometheus } = next;
    head.configure(headLimits(settings, next));
    await remoteWrite.apply({
      remoteWrites: prometheus.remoteWrites,
      externalLabels: prometheus.global.externalLabels,
    });
    scrape.apply({
      scrapeConfigs: settings.prometheusUrl === undefined ? scrapeConfigsOf(prometheus, settings) : [],
      externalLabels: prometheus.global.externalLabels,
    });
    forwarding.apply(prometheus);
    await rules.apply({
      groups: next.ruleGroups,
      evaluationIntervalMs: prometheus.global.evaluationIntervalMs,
      queryOffsetMs: prometheus.global.ruleQueryOffsetMs,
      externalLabels: prometheus.global.externalLabels,
      externalUrl: settings.externalUrl,
    });
  };
  await apply(configuration);
  const truncating = everyMinute(clock, () => head.truncate(clock.nowMs()));

  const alerts = localAlertSource({
    rules,
    alerting,
    clock,
    explainRule: (name, about) =>
      explainRule(name, {
        groups: configuration.ruleGroups,
        states: rules.groups(),
        engine: metrics,
        nowMs: clock.nowMs(),
        about,
      }),
    sentLabels: (labels) => outgoingLabels(labels, configuration.prometheus),
    stateFault: () => state.fault,
  });
  const reloading = new Reloading(clock, events, async () => {
    const next = readConfiguration(settings);
    await alerting.reload(alertmanagerConfigOf(next, settings, deps));
    await apply(next);
    configuration = next;
    return next.warnings;
  });
  const reload = (): Promise<void> => reloading.reload();
  const watching = settings.watchFiles
    ? new ConfigWatch({ clock, patterns: () => watchedPatterns(settings, configuration), reload })
    : undefined;
  const logs = await openLogSource(settings, clock);
  const traces = openTraceSource(settings, traceStore, clock, http);

  return {
    name: settings.name,
    metrics,
    alerts,
    logs,
    traces,
    traceStore,
    events: () => events.all(),
    configuration: () => configuration,
    lastReload: () => reloading.last,
    notificationCounts: alerting.counts,
    forwarding: () => forwarding.stats(),
    relabelConfigs: (job) => scrape.relabelConfigs(job),
    jobs: () => scrape.jobs(),
    scrapeTotals: scrape.totals,
    remoteWrites: () => remoteWrite.states(),
    alertmanagers: () => forwarding.urls(),
    reload,
    close: async () => {
      truncating();
      watching?.close();
      await rules.close();
      scrape.close();
      await Promise.all([alerting.close(), forwarding.close(), remoteWrite.close(), logs.close(), traces.close()]);
      http.close();
      await head.close();
      state.release();
    },
  };
}

/** What the command line says wins over the file. */
function headLimits(settings: MonitorSettings, { prometheus }: Configuration) {
  return {
    retentionMs: settings.retentionMs ?? prometheus.retentionMs ?? DEFAULT_RETENTION_MS,
    budgetBytes: settings.memoryBudgetBytes ?? prometheus.retentionBytes,
    outOfOrderWindowMs: prometheus.outOfOrderWindowMs,
  };
}

/** Targets, and the discoveries that find them; a target that cannot be scraped counts as its discovery's fault. */
function targetsOf(scrape: ScrapeManager): TargetsAnswer {
  const discoveries = scrape
    .discoveries()
    .flatMap(({ job, states, faults }) => [
      ...states.map((state) => ({ job, ...state })),
      ...faults.map((error) => ({ job, kind: 'target', origin: '', lastSuccessMs: 0, error })),
    ]);
  return { ...scrape.targets(), discoveries };
}

interface RuleDeps {
  readonly engine: QueryEngine;
  readonly head: Head;
  /** The head, and where its samples are sent on to. */
  readonly storage: Appendable;
  readonly alerting: Alerting;
  readonly forwarding: AlertForwarding;
  readonly clock: Clock;
  readonly events: EventLog;
  readonly prometheus: () => PrometheusConfig;
  readonly afterScrape: boolean;
}

function newRules(deps: RuleDeps): RuleManager {
  const { engine, head, storage, alerting, forwarding, clock, events, prometheus, afterScrape } = deps;
  return new RuleManager({
    engine,
    storage,
    queryable: head,
    receiver: {
      receive: (alerts: readonly PostableAlert[]) => {
        const outgoing = outgoingAlerts(alerts, prometheus());
        alerting.receive(outgoing);
        forwarding.receive(outgoing);
      },
    },
    clock,
    afterScrape,
    report: (text) => events.add('warning', text),
  });
}

function everyMinute(clock: Clock, work: () => void): () => void {
  let timer = clock.after(TRUNCATE_MS, function again() {
    work();
    timer = clock.after(TRUNCATE_MS, again);
  });
  return () => timer.cancel();
}
