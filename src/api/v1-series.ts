/** `/api/v1/series`, `labels`, `label/NAME/values`, `metadata`, `targets/metadata`. */
import type { MetricSource, SeriesSelection } from '../monitor/sources.ts';
import { parseSelector } from '../promql/parse.ts';
import { QueryError } from '../promql/result.ts';
import { labelsJson } from './label-bytes.ts';
import type { ApiRequest, Route } from './route.ts';
import { getAndPost, ParameterError, RawJson, success, v1Route } from './v1-answer.ts';
import { labelNameOf, limitOf, numberOf, optionalTimeOf, selectorsOf, truncated } from './v1-parameters.ts';

export function seriesRoutes(metrics: MetricSource): Route[] {
  return [
    ...getAndPost('/series', async (request) => {
      if (request.query.getAll('match[]').length === 0) {
        throw new QueryError('bad_data', 'no match[] parameter provided');
      }
      const limit = limitOf(request.query);
      let selection: SeriesSelection;
      try {
        selection = selectionOf(request);
      } catch (error) {
        if (!(error instanceof QueryError) || error instanceof ParameterError) throw error;
        throw new ParameterError('match[]', error.message);
      }
      const { kept, warnings } = truncated(await metrics.series(selection), limit);
      return success(new RawJson([`[${kept.map(labelsJson).join(',')}]`]), { warnings });
    }),
    ...getAndPost('/labels', async (request) => {
      const limit = limitOf(request.query);
      const { kept, warnings } = truncated(await metrics.labelNames(selectionOf(request)), limit);
      return success(kept, { warnings });
    }),
    v1Route('GET', '/label/:name/values', async (request) => {
      const name = labelNameOf(request.params['name'] ?? '');
      if (name === '' || !name.isWellFormed()) {
        throw new QueryError('bad_data', `invalid label name: ${JSON.stringify(name)}`);
      }
      const limit = limitOf(request.query);
      const { kept, warnings } = truncated(await metrics.labelValues(name, selectionOf(request)), limit);
      return success(kept, { warnings });
    }),
    v1Route('GET', '/metadata', async ({ query }) => {
      const found = await metrics.metadata({
        metric: query.get('metric') || undefined,
        limit: notNegative(numberOf(query, 'limit')),
        limitPerMetric: notNegative(numberOf(query, 'limit_per_metric')) || undefined,
      });
      const listed = [...found].map(([name, entries]) => [
        name,
        entries.map(({ type, unit, help }) => ({ type, unit, help })),
      ]);
      return success(query.get('limit') === '0' ? {} : Object.fromEntries(listed));
    }),
    v1Route('GET', '/targets/metadata', async ({ query }) => {
      const matchTarget = query.get('match_target') || undefined;
      if (matchTarget !== undefined) checkMatchTarget(matchTarget);
      const metric = query.get('metric') || undefined;
      const limit = numberOf(query, 'limit');
      const found = await metrics.targetMetadata({ matchTarget, metric, limit: notNegative(limit) });
      return success(
        (limit === 0 ? [] : found).map((each) => ({
          target: each.target,
          ...(metric === undefined ? { metric: each.metric } : {}),
          type: each.type,
          help: each.help,
          unit: each.unit,
        })),
      );
    }),
  ];
}

function selectionOf(request: ApiRequest): SeriesSelection {
  const { query, signal } = request;
  const startMs = optionalTimeOf(query, 'start');
  const endMs = optionalTimeOf(query, 'end');
  return { selectors: selectorsOf(query), startMs, endMs, signal };
}

/** A negative limit is none. */
function notNegative(limit: number | undefined): number | undefined {
  return limit === undefined || limit <= 0 ? undefined : limit;
}

function checkMatchTarget(selector: string): void {
  try {
    parseSelector(selector);
  } catch (error) {
    if (error instanceof QueryError) throw new ParameterError('match_target', error.message);
    throw error;
  }
}
