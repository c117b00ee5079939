/** `prometheus.yml` as it is in force: every field with what stands where the file says nothing, as Prometheus 3.14 shows it. */
import { formatDuration, parseDuration } from './duration.ts';
import {
  ALWAYS,
  discoveryFields,
  type Field,
  normalised,
  SHAPES_WITH_DISCOVERIES,
  type Shape,
  TOP,
  UNWRITTEN,
} from './effective-shapes.ts';
import { Flow, type Tree, writeYaml, yamlText } from './effective-yaml.ts';
import { readYaml, type YamlMap, type YamlValue } from './yaml-reader.ts';

/** `text` is a configuration that was accepted, its secrets replaced already. */
export function effectiveConfigText(text: string): string {
  const { root } = readYaml('prometheus.yml', text);
  return writeYaml(section(root, TOP, new Map()) ?? new Map());
}

type Section = ReadonlyMap<string, Tree>;

function section(value: YamlValue | undefined, shape: Shape, global: Section): Section {
  const map = value?.kind === 'map' ? withAuthorization(value) : undefined;
  const all = SHAPES_WITH_DISCOVERIES.has(shape) ? [...shape, ...discoveryFields(namesOf(map))] : shape;
  const out = new Map<string, Tree>();
  for (const field of all) {
    const context = shape === TOP ? ((out.get('global') as Section | undefined) ?? global) : global;
    const written = fieldTree(field, fieldOf(map, field.name), context);
    if (written !== undefined) out.set(field.name, written);
  }
  if (out.has('scrape_timeout')) settleTimes(out, map);
  settleEscaping(out, map);
  if (out.has('scrape_protocols') && fieldOf(map, 'scrape_protocols') === undefined) preferProtobuf(out, global);
  if (shape === TOP) out.set('storage', storage(out.get('storage') as Section | undefined));
  return shape === TOP ? inOrder(out) : out;
}

function fieldTree(field: Field, value: YamlValue | undefined, global: Section): Tree | undefined {
  const { name, kind } = field;
  if (typeof kind === 'object') {
    if ('named' in kind) return namedSections(value, kind.named, global);
    if ('one' in kind) {
      const isEmpty = value?.kind === 'map' && value.entries.length === 0;
      const isLeftOut = value?.kind !== 'map' ? !ALWAYS.has(name) : isEmpty && UNWRITTEN.has(name);
      return isLeftOut ? undefined : section(value, kind.one, global);
    }
    const items = value?.kind === 'list' ? value.items.map((item) => section(item, kind.each, global)) : [];
    return items.length === 0 ? undefined : items;
  }
  if (kind === 'list' || kind === 'flow' || kind === 'map') return collection(field, value, global);
  const text = value?.kind === 'scalar' && !isNull(value) ? value.text : undefined;
  const given =
    text === undefined || (isNothing(text) && (kind === 'duration' || field.inherits !== undefined)) ? undefined : text;
  if (given === undefined) {
    const inherited = field.inherits === undefined ? undefined : global.get(field.inherits);
    if (inherited !== undefined) return inherited;
    if (typeof field.otherwise !== 'string') return undefined;
    return kind === 'text' ? yamlText(field.otherwise) : field.otherwise;
  }
  if (given === field.hidden || (!field.always && (isNothing(given) || given === 'false'))) return undefined;
  const shown = normalised(kind, given);
  return kind === 'text' ? yamlText(shown) : shown;
}

function namedSections(value: YamlValue | undefined, shape: Shape, global: Section): Tree | undefined {
  if (value?.kind !== 'map' || value.entries.length === 0) return undefined;
  const entries = value.entries.map(
    ({ key, value: each }) => [yamlText(textOf(key)), section(each, shape, global)] as const,
  );
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

function collection(field: Field, value: YamlValue | undefined, global: Section): Tree | undefined {
  const found = value === undefined || isNull(value) ? undefined : anyTree(value);
  const isEmpty =
    found === undefined || (Array.isArray(found) && found.length === 0) || (found instanceof Map && found.size === 0);
  if (!isEmpty && field.kind === 'flow') return new Flow(found as string[]);
  if (!isEmpty) return found;
  const inherited = field.inherits === undefined ? undefined : global.get(field.inherits);
  if (inherited !== undefined) return inherited;
  return field.always ? ((field.otherwise as readonly string[] | undefined) ?? []) : undefined;
}

/** As it stands in the file; keys by name. Texts that are not quoted keep what they mean. */
function anyTree(value: YamlValue): Tree {
  if (value.kind === 'scalar') return yamlText(value.text);
  if (value.kind === 'list') return value.items.map(anyTree);
  const entries = value.entries
    .filter(({ value: each }) => !isNull(each))
    .map(({ key, value: each }) => [yamlText(textOf(key)), anyTree(each)] as const);
  return new Map([...entries].sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** `bearer_token` is an authorization. */
function withAuthorization(map: YamlMap): YamlMap {
  const fields = [
    ['bearer_token', 'credentials'],
    ['bearer_token_file', 'credentials_file'],
  ] as const;
  for (const [old, name] of fields) {
    const entry = map.entries.find(({ key }) => textOf(key) === old);
    if (entry === undefined) continue;
    const scalar = entry.key as Extract<YamlValue, { kind: 'scalar' }>;
    const inner: YamlMap = {
      ...map,
      entries: [{ key: { ...scalar, text: name }, value: entry.value, merged: false }],
    };
    return {
      ...map,
      entries: [...map.entries, { key: { ...scalar, text: 'authorization' }, value: inner, merged: false }],
    };
  }
  return map;
}

/** A time-out that nobody wrote is no longer than the interval. */
function settleTimes(out: Map<string, Tree>, map: YamlMap | undefined): void {
  const written = fieldOf(map, 'scrape_timeout');
  if (written?.kind === 'scalar' && !isNothing(written.text)) return;
  const [interval, timeout] = [
    parseDuration(out.get('scrape_interval') as string),
    parseDuration(out.get('scrape_timeout') as string),
  ];
  out.set('scrape_timeout', formatDuration(Math.min(interval, timeout)));
}

/** A job with legacy names escapes others. What `global` says of nothing is shown only where there is none. */
function settleEscaping(out: Map<string, Tree>, map: YamlMap | undefined): void {
  const name = 'metric_name_escaping_scheme';
  if (!out.has(name) || fieldOf(map, name) !== undefined) return;
  if (map !== undefined && !out.has('job_name')) out.delete(name);
  else if (out.get('metric_name_validation_scheme') === 'legacy' && out.get(name) === 'allow-utf-8')
    out.set(name, 'underscores');
}

/** Native histograms are told of in protobuf alone. */
function preferProtobuf(out: Map<string, Tree>, global: Section): void {
  if (out.get('scrape_native_histograms') !== 'true' || global.has('scrape_protocols')) return;
  out.set('scrape_protocols', ['PrometheusProto', ...(out.get('scrape_protocols') as readonly string[])]);
}

const DEFAULT_RETENTION = '15d';

function storage(given: Section | undefined): Section {
  const tsdb = (given?.get('tsdb') as Section | undefined) ?? new Map();
  const window = tsdb.get('out_of_order_time_window') as string | undefined;
  const retention = tsdb.get('retention') as Section | undefined;
  const kept = retention === undefined || retention.size === 0 ? new Map([['time', DEFAULT_RETENTION]]) : retention;
  const windowMs = window === undefined ? 0 : parseDuration(window);
  const whole = new Map<string, Tree>([['outofordertimewindow', String(windowMs)], ...tsdb]);
  whole.delete('retention');
  whole.set('retention', kept);
  return new Map<string, Tree>([['tsdb', whole], ...[...(given ?? [])].filter(([name]) => name !== 'tsdb')]);
}

function inOrder(out: ReadonlyMap<string, Tree>): Section {
  return new Map(TOP.flatMap(({ name }) => (out.has(name) ? [[name, out.get(name)!] as const] : [])));
}

function fieldOf(map: YamlMap | undefined, name: string): YamlValue | undefined {
  return map?.entries.findLast(({ key }) => textOf(key) === name)?.value;
}

function namesOf(map: YamlMap | undefined): string[] {
  return (map?.entries ?? []).map(({ key }) => textOf(key));
}

function textOf(value: YamlValue): string {
  return value.kind === 'scalar' ? value.text : '';
}

function isNull(value: YamlValue): boolean {
  return value.kind === 'scalar' && value.plain && /^(?:~|null|Null|NULL|)$/.test(value.text);
}

function isNothing(text: string): boolean {
  return text === '' || /^0[a-zA-Z]*$/.test(text);
}
