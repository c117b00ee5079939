/** The names that are asked of a name server for one that may be relative: the machine's search list (resolv.conf(5)). */
import { readFile } from 'node:fs/promises';

export interface SearchList {
  /** Domains in the order in which they are tried, without a dot at the end. */
  readonly domains: readonly string[];
  /** A name with this many dots is tried as it is first. */
  readonly ndots: number;
}

/** Empty where the file is not there, as on Windows. */
export async function readSearchList(file = '/etc/resolv.conf'): Promise<SearchList> {
  return parseSearchList(await readFile(file, 'utf8').catch(() => ''));
}

export function parseSearchList(text: string): SearchList {
  let domains: readonly string[] = [];
  let ndots = 1;
  for (const line of text.split('\n')) {
    const [keyword, ...words] = line
      .replace(/[#;].*/, '')
      .trim()
      .split(/\s+/);
    if (keyword === 'search') domains = words;
    if (keyword === 'domain') domains = words.slice(0, 1);
    if (keyword !== 'options') continue;
    const wanted = words.map((word) => /^ndots:(\d+)$/.exec(word)?.[1]).findLast((digits) => digits !== undefined);
    if (wanted !== undefined) ndots = Math.min(15, Number(wanted));
  }
  return { domains: domains.map((domain) => domain.replace(/\.$/, '')).filter((domain) => domain !== ''), ndots };
}

/** Absolute names, each with its dot at the end. */
export function candidateNames(name: string, { domains, ndots }: SearchList): string[] {
  if (name.endsWith('.')) return [name];
  const searched = domains.map((domain) => `${name}.${domain}.`);
  const dots = name.split('.').length - 1;
  return dots >= ndots ? [`${name}.`, ...searched] : [...searched, `${name}.`];
}
