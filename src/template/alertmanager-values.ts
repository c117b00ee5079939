/** What Alertmanager's templates get their data in: label maps, pairs, and lists of alerts with methods. */
import { compareBytes } from '../labels/compare.ts';
import { StringMap } from './values.ts';

/** A map of labels or annotations. */
export class KV extends StringMap {
  static override readonly goType = 'template.KV';

  /** By name, `alertname` first. */
  SortedPairs(): Pairs {
    const names = [...this.keys()].sort(compareBytes);
    const sorted = this.has('alertname') ? ['alertname', ...names.filter((name) => name !== 'alertname')] : names;
    return Pairs.from(sorted.map((name) => new Pair(name, this.get(name)!))) as Pairs;
  }

  Remove(names: unknown): KV {
    if (!Array.isArray(names)) throw new Error('expected []string');
    return new KV([...this].filter(([name]) => !names.includes(name)));
  }

  Names(): Strings {
    return this.SortedPairs().Names();
  }

  Values(): Strings {
    return this.SortedPairs().Values();
  }

  String(): string {
    return this.SortedPairs().String();
  }
}

export class Pair {
  static readonly goType = 'template.Pair';
  static readonly jsonNames: Readonly<Record<string, string>> = { Name: 'Name', Value: 'Value' };
  readonly Name: string;
  readonly Value: string;

  constructor(name: string, value: string) {
    this.Name = name;
    this.Value = value;
  }
}

export class Pairs extends Array<Pair> {
  static readonly goType = 'template.Pairs';

  Names(): Strings {
    return Strings.from(this, (pair) => pair.Name) as Strings;
  }

  Values(): Strings {
    return Strings.from(this, (pair) => pair.Value) as Strings;
  }

  String(): string {
    return Array.from(this, (pair) => `${pair.Name}=${pair.Value}`).join(', ');
  }
}

export class Strings extends Array<string> {
  static readonly goType = 'template.Strings';

  Join(separator: unknown): string {
    return Array.from(this).join(String(separator));
  }
}

/** A list of alerts, each of which has at least a `Status` of `firing` or `resolved`. */
export class Alerts<T extends { readonly Status: string } = { readonly Status: string }> extends Array<T> {
  static readonly goType = 'template.Alerts';

  Firing(): T[] {
    return Array.from(this).filter((alert) => alert.Status === 'firing');
  }

  Resolved(): T[] {
    return Array.from(this).filter((alert) => alert.Status === 'resolved');
  }
}
