/** `watchfire completion`: a shell's completion script made from the commands and options themselves. */
import type { Command } from 'commander';

interface Entry {
  /** The words after `watchfire`, e.g. `check config`; empty for the root. */
  readonly path: string;
  readonly words: readonly string[];
}

export function completionScript(shell: 'bash' | 'zsh' | 'fish', root: Command): string {
  const entries = entriesOf(root, '');
  switch (shell) {
    case 'bash':
      return bash(entries);
    case 'zsh':
      return `autoload -U +X bashcompinit && bashcompinit\n${bash(entries)}`;
    case 'fish':
      return fish(root);
  }
}

function entriesOf(command: Command, path: string): Entry[] {
  const words = [
    ...command.commands.map((each) => each.name()),
    ...command.options.flatMap((option) => (option.long ? [option.long] : [])),
  ];
  return [
    { path, words },
    ...command.commands.flatMap((each) => entriesOf(each, path === '' ? each.name() : `${path} ${each.name()}`)),
  ];
}

function bash(entries: readonly Entry[]): string {
  const cases = entries
    .map((entry) => `    ${JSON.stringify(entry.path)}) words=${JSON.stringify(entry.words.join(' '))} ;;`)
    .join('\n');
  return `_watchfire() {
  local path="" word words=""
  for word in "\${COMP_WORDS[@]:1:COMP_CWORD-1}"; do
    case "$word" in -*) ;; *) path="\${path:+$path }$word" ;; esac
  done
  case "$path" in
${cases}
  esac
  if [[ "\${COMP_WORDS[COMP_CWORD]}" != -* ]]; then COMPREPLY=($(compgen -f -- "\${COMP_WORDS[COMP_CWORD]}")); fi
  COMPREPLY+=($(compgen -W "$words" -- "\${COMP_WORDS[COMP_CWORD]}"))
}
complete -o filenames -F _watchfire watchfire
`;
}

function fish(root: Command): string {
  const lines: string[] = [];
  const walk = (command: Command, parents: readonly string[]): void => {
    const here = parents.map((name) => `__fish_seen_subcommand_from ${name}`).join('; and ');
    const condition = parents.length === 0 ? '__fish_use_subcommand' : here;
    for (const each of command.commands) {
      lines.push(`complete -c watchfire -n ${quoted(condition)} -a ${each.name()} -d ${quoted(each.description())}`);
    }
    for (const option of command.options) {
      if (option.long)
        lines.push(
          `complete -c watchfire -n ${quoted(condition)} -l ${option.long.slice(2)} -d ${quoted(option.description)}`,
        );
    }
    for (const each of command.commands) walk(each, [...parents, each.name()]);
  };
  walk(root, []);
  return `${lines.join('\n')}\n`;
}

function quoted(text: string): string {
  return `'${text.replaceAll('\\', '\\\\').replaceAll("'", "\\'")}'`;
}
