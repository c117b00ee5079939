/** Expands the templates of an alerting rule's labels and annotations; a failing one gives Prometheus' text in its place. */
import type { Labels } from '../labels/labels.ts';
import { formatHistogram } from '../promql/histogram/text.ts';
import type { InstantSample } from '../promql/result.ts';
import {
  prometheusFunctions,
  StringMap,
  Suspension,
  TemplateError,
  TemplateSample,
  TemplateSet,
} from '../template/template.ts';

/** Answers a template's `query` at the time of the evaluation. */
export type TemplateQuery = (expression: string) => Promise<readonly InstantSample[]>;

export interface TemplateContext {
  readonly externalLabels: Labels;
  readonly externalUrl: string;
  readonly nowMs: number;
  readonly query: TemplateQuery;
}

/** What one rule's templates share within one evaluation: each query is asked once. */
export class Expansion {
  readonly context: TemplateContext;
  readonly #answers = new Map<string, readonly TemplateSample[] | Error>();
  #wanted = '';

  constructor(context: TemplateContext) {
    this.context = context;
  }

  /** What `query` answers: at once where it is known, else the execution is given up and the answer fetched. */
  answer(expression: string): readonly TemplateSample[] {
    const known = this.#answers.get(expression);
    if (known instanceof Error) throw known;
    if (known !== undefined) return known;
    this.#wanted = expression;
    throw new Suspension();
  }

  async fetchWanted(): Promise<void> {
    const expression = this.#wanted;
    try {
      const samples = await this.context.query(expression);
      this.#answers.set(
        expression,
        samples.map((sample) => new TemplateSample(mapOf(sample.labels), templateValue(sample))),
      );
    } catch (error) {
      this.#answers.set(expression, error instanceof Error ? error : new Error(String(error)));
    }
  }
}

export class RuleTemplate {
  readonly #text: string;
  readonly #name: string;
  readonly #set: TemplateSet | undefined;
  readonly #fault: TemplateError | undefined;
  /** Whose functions the set calls while it runs; it runs without interruption. */
  #expansion: Expansion | undefined;

  constructor(ruleName: string, text: string) {
    this.#text = text;
    this.#name = `__alert_${ruleName}`;
    if (!text.includes('{{')) return;
    this.#set = new TemplateSet({ functions: this.#functions() });
    try {
      this.#set.parse(this.#name, DEFINITIONS + text);
    } catch (error) {
      if (!(error instanceof TemplateError)) throw error;
      this.#fault = error;
    }
  }

  /** Why the text does not parse; undefined where it does. */
  get fault(): TemplateError | undefined {
    return this.#fault;
  }

  /** The text for one sample. Never rejects. */
  async expand(sample: InstantSample, expansion: Expansion): Promise<string> {
    if (this.#set === undefined) return this.#text;
    if (this.#fault !== undefined) return failure(`error parsing template ${this.#name}: ${this.#fault.message}`);
    const data = new AlertTemplateData(sample, expansion.context);
    for (let tries = 0; tries <= MOST_QUERIES; tries++) {
      try {
        this.#expansion = expansion;
        return this.#set.execute(this.#name, data);
      } catch (error) {
        if (error instanceof Suspension) await expansion.fetchWanted();
        else return failure(`error executing template ${this.#name}: ${(error as Error).message}`);
      }
    }
    return failure(`error executing template ${this.#name}: more than ${MOST_QUERIES} different queries`);
  }

  #functions(): ReturnType<typeof prometheusFunctions> {
    const context = (): TemplateContext => this.#expansion!.context;
    return prometheusFunctions({
      query: (expression) => this.#expansion!.answer(expression),
      get externalUrl() {
        return context().externalUrl;
      },
      get nowMs() {
        return context().nowMs;
      },
    });
  }
}

/** The variables that Prometheus puts in front of each template. */
const DEFINITIONS =
  '{{$labels := .Labels}}{{$externalLabels := .ExternalLabels}}{{$externalURL := .ExternalURL}}{{$value := .Value}}';

/** Queries that depend on each other's answers cost an execution each: somewhere a template must be refused. */
const MOST_QUERIES = 100;

class AlertTemplateData {
  static readonly goType =
    'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }';
  readonly Labels: StringMap;
  readonly ExternalLabels: StringMap;
  readonly ExternalURL: string;
  readonly Value: unknown;

  constructor(sample: InstantSample, context: TemplateContext) {
    this.Labels = mapOf(sample.labels);
    this.ExternalLabels = mapOf(context.externalLabels);
    this.ExternalURL = context.externalUrl;
    this.Value = templateValue(sample);
  }
}

function failure(reason: string): string {
  return `<error expanding template: ${reason}>`;
}

function templateValue(sample: InstantSample): unknown {
  const { histogram } = sample;
  return histogram === undefined ? sample.value : { String: () => formatHistogram(histogram) };
}

function mapOf(labels: Labels): StringMap {
  return new StringMap(labels);
}
