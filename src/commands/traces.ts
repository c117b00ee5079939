/** `watchfire traces`: a list of traces, or one as a tree of spans. */
import type { MonitorSettings } from '../monitor/settings.ts';
import { selfTimeUs, serviceSummaries } from '../traces/analysis.ts';
import type { Trace } from '../traces/trace.ts';
import { buildTraceTree } from '../traces/tree.ts';
import { type CommandContext, EXIT, UsageError } from './context.ts';
import { openReadingMonitor } from './open-monitor.ts';
import type { TraceFlags } from './reading-commands.ts';
import { printable, textTable } from './text-table.ts';

/** Indentation beyond which a line would be blank. */
const DEEPEST = 40;

export async function traces(
  id: string | undefined,
  flags: TraceFlags,
  settings: MonitorSettings,
  context: CommandContext,
): Promise<number> {
  if (settings.jaegerUrl === undefined) throw new UsageError('no trace source is named: give --jaeger URL');
  const monitor = await openReadingMonitor(settings);
  try {
    if (id !== undefined) {
      const trace = await monitor.traces.trace(id.toLowerCase());
      if (trace === undefined) {
        context.stderr.write(`no trace ${printable(id)} there\n`);
        return EXIT.found;
      }
      if (flags.json) for (const span of trace.spans) context.stdout.write(`${JSON.stringify(span)}\n`);
      else context.stdout.write(treeText(trace));
      return EXIT.fine;
    }
    const found = await monitor.traces.search({
      service: flags.service,
      operation: flags.operation,
      tags: flags.tag,
      minDurationUs: flags.minDuration === undefined ? undefined : flags.minDuration * 1000,
      startUs: (Date.now() - (flags.since ?? 3_600_000)) * 1000,
      endUs: Date.now() * 1000,
      limit: flags.limit ?? 20,
    });
    if (flags.json) for (const summary of found) context.stdout.write(`${JSON.stringify(summary)}\n`);
    else {
      const rows = found.map((summary) => [
        new Date(summary.startUs / 1000).toISOString(),
        summary.traceId,
        `${summary.rootService}: ${summary.rootName}`,
        milliseconds(summary.durationUs),
        String(summary.spanCount),
        summary.errorCount === 0 ? '' : String(summary.errorCount),
      ]);
      context.stdout.write(
        textTable(
          [['start', 'trace', 'root', 'duration', 'spans', 'errors'], ...rows],
          ['left', 'left', 'left', 'right', 'right', 'right'],
        ),
      );
    }
    return EXIT.fine;
  } finally {
    await monitor.close();
  }
}

function treeText(trace: Trace): string {
  const tree = buildTraceTree(trace);
  const spans = tree.nodes.map((node) => {
    const { span } = node;
    return [
      `${'  '.repeat(Math.min(node.depth, DEEPEST))}${span.service}: ${span.name}`,
      milliseconds(span.durationUs),
      milliseconds(selfTimeUs(node)),
      span.error ? `error ${span.statusMessage}`.trim() : '',
    ];
  });
  const services = serviceSummaries(tree).map((each) => [
    each.service,
    String(each.spans),
    each.errors === 0 ? '' : String(each.errors),
    milliseconds(each.selfUs),
    milliseconds(each.criticalUs),
  ]);
  return `${textTable(
    [['span', 'duration', 'self', 'status'], ...spans],
    ['left', 'right', 'right', 'left'],
  )}\n${textTable(
    [['service', 'spans', 'errors', 'self', 'critical path'], ...services],
    ['left', 'right', 'right', 'right', 'right'],
  )}`;
}

function milliseconds(us: number): string {
  return us < 1000
    ? `${Number(us.toFixed(3))} µs`
    : us < 1_000_000
      ? `${(us / 1000).toFixed(us < 10_000 ? 2 : 1)} ms`
      : `${(us / 1_000_000).toFixed(2)} s`;
}
