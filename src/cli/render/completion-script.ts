/** Completion scripts for shells, made of the declarations of the commands. */
import { type Command, type CommandGroup, flagOf } from "../command.js";

export const SHELLS = ["bash", "zsh"] as const;

type Commands = readonly (Command<never> | CommandGroup<never>)[];

/** A command line up to some word, and the words that may come next; `files` where file names may come too. */
interface Position {
  readonly path: string;
  readonly words: readonly string[];
  readonly files: boolean;
}

const COMMON_FLAGS = ["--project", "--help"];

export function completionScript(shell: (typeof SHELLS)[number], commands: Commands): string {
  const positions = [
    { path: "", words: [...commands.map(({ name }) => name), ...COMMON_FLAGS, "--version"], files: false },
    ...commands.flatMap((command) => positionsOf(command, commands)),
  ];
  const valued = [...new Set(["--project", ...commands.flatMap(leaves).flatMap(valuedFlags)])];
  return shell === "bash" ? bashScript(positions, valued) : zshScript(positions, valued);
}

function positionsOf(command: Commands[number], all: Commands): readonly Position[] {
  if (command.kind === "command") {
    const words = [...argumentWords(command, all), ...flagsOf(command)];
    return [{ path: command.name, words, files: takesFiles(command) }];
  }
  const names = command.commands.map(({ name }) => name);
  return [
    { path: command.name, words: [...names, ...flagsOf(command.main)], files: takesFiles(command.main) },
    ...command.commands.map((one) => ({
      path: `${command.name} ${one.name}`,
      words: flagsOf(one),
      files: takesFiles(one),
    })),
  ];
}

/** The words that an argument can be, where they are known. */
function argumentWords(command: Command<never>, all: Commands): readonly string[] {
  return Object.values(command.arguments).flatMap(({ name }) => {
    if (name === "SHELL") return SHELLS;
    return name === "COMMAND" ? all.map((other) => other.name) : [];
  });
}

function leaves(command: Commands[number]): readonly Command<never>[] {
  return command.kind === "group" ? [command.main, ...command.commands] : [command];
}

function flagsOf({ options }: Command<never>): readonly string[] {
  return [...Object.keys(options).map(flagOf), ...COMMON_FLAGS];
}

function valuedFlags({ options }: Command<never>): readonly string[] {
  return Object.entries(options).flatMap(([key, { value }]) => (value === null ? [] : [flagOf(key)]));
}

function takesFiles(command: Command<never>): boolean {
  return Object.values(command.arguments).some(({ name }) => name.split("|").includes("FILE"));
}

/** The first two words that are no options and no values of options say where the command line stands. */
function pathLines(words: string, valued: readonly string[]): readonly string[] {
  return [
    '  local word path="" count=0 skip=""',
    `  for word in ${words}; do`,
    '    if [ -n "$skip" ]; then skip=""; continue; fi',
    '    case "$word" in',
    `      ${valued.join("|")}) skip=1 ;;`,
    "      -*) ;;",
    `      *) if [ "$count" -lt 2 ]; then path="\${path:+$path }$word"; count=$((count + 1)); fi ;;`,
    "    esac",
    "  done",
  ];
}

/** A command without commands of its own may have an argument as the second word. */
function caseLines(positions: readonly Position[], nameOf: (position: Position) => string): readonly string[] {
  const groups = new Set(positions.flatMap(({ path }) => (path.includes(" ") ? [path.split(" ")[0]] : [])));
  const ordered = [...positions].sort((left, right) => right.path.length - left.path.length);
  return ordered.map((position) => {
    const isLeaf = position.path !== "" && !position.path.includes(" ") && !groups.has(position.path);
    const anyArgument = groups.has(position.path) || isLeaf ? `|"${position.path} "*` : "";
    return `    "${position.path}"${anyArgument}) ${nameOf(position)} ;;`;
  });
}

function bashScript(positions: readonly Position[], valued: readonly string[]): string {
  const setWords = ({ words, files }: Position) => `words="${words.join(" ")}"${files ? " files=1" : ""}`;
  return [
    "# bash completion of legwork",
    "_legwork() {",
    `  local current="\${COMP_WORDS[COMP_CWORD]}" previous="\${COMP_WORDS[COMP_CWORD-1]}" words="" files=""`,
    '  case "$previous" in',
    '    --project) COMPREPLY=($(compgen -d -- "$current")); return ;;',
    `    ${valued.filter((flag) => flag !== "--project").join("|")}) COMPREPLY=(); return ;;`,
    "  esac",
    ...pathLines(`"\${COMP_WORDS[@]:1:COMP_CWORD-1}"`, valued),
    '  case "$path" in',
    ...caseLines(positions, setWords),
    "  esac",
    '  COMPREPLY=($(compgen -W "$words" -- "$current"))',
    '  if [ -n "$files" ]; then COMPREPLY+=($(compgen -f -- "$current")); fi',
    "}",
    "complete -o filenames -F _legwork legwork",
    "",
  ].join("\n");
}

function zshScript(positions: readonly Position[], valued: readonly string[]): string {
  const setWords = ({ words, files }: Position) => `candidates=(${words.join(" ")})${files ? " files=1" : ""}`;
  return [
    "#compdef legwork",
    "# zsh completion of legwork",
    "_legwork() {",
    `  local files="" previous="\${words[CURRENT-1]}"`,
    "  local -a candidates",
    '  case "$previous" in',
    "    --project) _files -/; return ;;",
    `    ${valued.filter((flag) => flag !== "--project").join("|")}) return ;;`,
    "  esac",
    ...pathLines(`"\${(@)words[2,CURRENT-1]}"`, valued),
    '  case "$path" in',
    ...caseLines(positions, setWords),
    "  esac",
    "  compadd -- $candidates",
    '  if [ -n "$files" ]; then _files; fi',
    "}",
    "compdef _legwork legwork",
    "",
  ].join("\n");
}
