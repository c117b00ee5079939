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
  readonly externalLabels: StringMap;
  readonly #answers = new Map<string, readonly TemplateSample[] | Error>();
  #wanted = '';

  constructor(context: TemplateContext) {
    this.context = context;
    this.externalLabels = mapOf(context.externalLabels);
  }

  /** What templates see of one sample. */
  dataOf(sample: InstantSample): AlertTemplateData {
    return new AlertTemplateData(sample, this);
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
  /** Whether the text is the same for every sample. */
  readonly isConstant: boolean;
  readonly #text: string;
  readonly #name: string;
  readonly #set: TemplateSet | undefined;
  readonly #fault: TemplateError | undefined;
  /** Whose functions the set calls while it runs; it runs without interruption. */
  #expansion: Expansion | undefined;

  constructor(ruleName: string, text: string) {
    this.#text = text;
    this.#name = `__alert_${ruleName}`;
    this.isConstant = !text.includes('{{');
    if (this.isConstant) return;
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

  /** The text for one sample; a promise only where a query has to be asked first. Never throws or rejects. */
  expand(data: AlertTemplateData, expansion: Expansion): string | Promise<string> {
    if (this.#set === undefined) return this.#text;
    if (this.#fault !== undefined) return failure(`error parsing template ${this.#name}: ${this.#fault.message}`);
    return this.#execute(this.#set, data, expansion) ?? this.#expandLater(this.#set, data, expansion);
  }

  async #expandLater(set: TemplateSet, data: AlertTemplateData, expansion: Expansion): Promise<string> {
    for (let tries = 0; tries < MOST_QUERIES; tries++) {
      await expansion.fetchWanted();
      const text = this.#execute(set, data, expansion);
      if (text !== undefined) return text;
    }
    return failure(`error executing template ${this.#name}: more than ${MOST_QUERIES} different queries`);
  }

  /** Undefined where a query has to be answered first. */
  #execute(set: TemplateSet, data: AlertTemplateData, expansion: Expansion): string | undefined {
    this.#expansion = expansion;
    try {
      return set.execute(this.#name, data);
    } catch (error) {
      if (error instanceof Suspension) return undefined;
      return failure(`error executing template ${this.#name}: ${(error as Error).message}`);
    }
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

export class AlertTemplateData {
  static readonly goType =
    'struct { Labels map[string]string; ExternalLabels map[string]string; ExternalURL string; Value interface {} }';
  readonly Labels: StringMap;
  readonly ExternalLabels: StringMap;
  readonly ExternalURL: string;
  readonly Value: unknown;

  constructor(sample: InstantSample, { context, externalLabels }: Expansion) {
    this.Labels = mapOf(sample.labels);
    this.ExternalLabels = externalLabels;
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
