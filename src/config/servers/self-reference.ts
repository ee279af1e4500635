/** Recognises legwork among its own servers, where it would start itself without end. */
import { readFileSync, realpathSync, statSync } from "node:fs";
import { basename, delimiter, dirname, join, resolve } from "node:path";

/** A program and the way to start it. */
export interface Program {
  readonly command: string;
  readonly args: readonly string[];
  readonly cwd: string;
  /** The PATH in which the command is looked up. */
  readonly path: string | undefined;
}

const NAME = "legwork";
const SHELLS = new Set(["sh", "bash", "zsh", "dash", "ash", "ksh", "fish"]);
/** Package runners, each with the subcommands that run a package; null where it needs none. */
const RUNNERS: Readonly<Record<string, readonly string[] | null>> = {
  npx: null,
  pnpx: null,
  bunx: null,
  npm: ["exec", "x"],
  pnpm: ["dlx", "exec"],
  yarn: ["dlx", "exec"],
  bun: ["x"],
};
const RUNNER_OPTIONS_WITH_VALUE = new Set(["--registry", "--prefix", "--cache", "--userconfig", "--loglevel", "-w"]);

/** Whether the program starts legwork: by name, by file, through a package runner or through a shell. */
export function isSelfReference(program: Program): boolean {
  const { args } = program;
  const name = programName(program.command);
  if (name === NAME || startsOwnFile(program)) return true;
  if (name === "env") return isOwnCommand(afterAssignments(args), program);
  if (name === "cmd") return isOwnScript(args.filter((word) => !/^\/[a-z]$/i.test(word)).join(" "), program);
  if (SHELLS.has(name)) {
    const at = args.findIndex((word) => /^-[a-z]*c$/.test(word));
    return at >= 0 && isOwnScript(args[at + 1] ?? "", program);
  }
  const words = runnerWords(name, args);
  return words !== null && runsOwnPackage(words, program);
}

/** The name in lower case, without folder and without a Windows ending. */
function programName(command: string): string {
  return basename(command.replaceAll("\\", "/"))
    .toLowerCase()
    .replace(/\.(cmd|exe|bat|ps1|js)$/, "");
}

function isOwnCommand([command, ...args]: readonly string[], { cwd, path }: Program): boolean {
  return command !== undefined && isSelfReference({ command, args, cwd, path });
}

/** Checks each simple command of a shell script. Reads quotes, `cd` and `exec`, and no other syntax of shells. */
function isOwnScript(script: string, program: Program): boolean {
  let { cwd } = program;
  for (const part of script.split(/&&|\|\||[;|&\n]/)) {
    const words = shellWords(part);
    if (words[0] === "cd") cwd = resolve(cwd, words[1] ?? ".");
    const command = afterAssignments(words[0] === "exec" ? words.slice(1) : words);
    if (isOwnCommand(command, { ...program, cwd })) return true;
  }
  return false;
}

function shellWords(text: string): readonly string[] {
  const words = text.match(/(?:"[^"]*"|'[^']*'|\\.|[^\s"'\\])+/g) ?? [];
  return words.map((word) => word.replace(/["']/g, ""));
}

/** The command behind the options of `env` and behind variables such as `A=1`. */
function afterAssignments(words: readonly string[]): readonly string[] {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    if (word === "-S" || word === "--split-string") return shellWords(words.slice(at + 1).join(" "));
    if (word === "-u" || word === "-C") at += 1;
    else if (!word.startsWith("-") && !/^[A-Za-z_][A-Za-z0-9_]*=/.test(word)) return words.slice(at);
  }
  return [];
}

/** The arguments of a package runner, or null for any other program. */
function runnerWords(name: string, args: readonly string[]): readonly string[] | null {
  const verbs = RUNNERS[name];
  if (verbs === undefined) return null;
  if (verbs === null) return args;
  const at = args.findIndex((word) => !word.startsWith("-"));
  return verbs.includes(args[at] ?? "") ? args.slice(at + 1) : null;
}

function runsOwnPackage(words: readonly string[], program: Program): boolean {
  for (let at = 0; at < words.length; at++) {
    const word = words[at] ?? "";
    const [option = "", value] = word.split(/=(.*)/s);
    const optionValue = value ?? words[at + 1] ?? "";
    const skips = value === undefined ? 1 : 0;
    if (option === "-p" || option === "--package") {
      if (isOwnSpec(optionValue, program)) return true;
      at += skips;
    } else if (option === "-c" || option === "--call") return isOwnScript(optionValue, program);
    else if (RUNNER_OPTIONS_WITH_VALUE.has(option)) at += skips;
    else if (!word.startsWith("-")) return isOwnSpec(word, program);
  }
  return false;
}

/** `legwork`, `legwork@1`, `x@npm:legwork`, a Git repository of that name, or a folder that is its package. */
function isOwnSpec(spec: string, { cwd }: Program): boolean {
  if (/^([^/]+@npm:)?legwork(@.*)?$/.test(spec)) return true;
  const folder = spec.replace(/^file:(\/\/)?/, "");
  if (/^(\.{0,2}\/|[A-Za-z]:[\\/]|\.{1,2}$)/.test(folder))
    return packageAt(resolve(cwd, folder))?.name === NAME || /(^|[/\\])legwork-[^/\\]*\.tgz$/.test(folder);
  return /^(?!@)[^\s]*[/:]legwork(\.git)?(#.*)?$/.test(spec);
}

/** Whether the command or an argument is a file that starts legwork. A folder of that name is not. */
function startsOwnFile({ command, args, cwd, path }: Program): boolean {
  const commandFile = /[\\/]/.test(command) ? resolve(cwd, command) : foundOnPath(command, path);
  const files = args.flatMap((word) => [word, word.replace(/^--?[\w-]+=/, "")]);
  const candidates = new Set(files.flatMap((file) => [resolve(cwd, file), `${resolve(cwd, file)}.js`]));
  return (commandFile !== null && isOwnFile(commandFile)) || [...candidates].some(isOwnFile);
}

function foundOnPath(command: string, path: string | undefined): string | null {
  const names = process.platform === "win32" ? [command, `${command}.cmd`, `${command}.exe`] : [command];
  const files = (path ?? "").split(delimiter).flatMap((folder) => names.map((name) => join(folder || ".", name)));
  return files.find(isFile) ?? null;
}

function isFile(file: string): boolean {
  try {
    return statSync(file, { throwIfNoEntry: false })?.isFile() === true;
  } catch {
    return false; // the name is illegal, or its folder may not be entered
  }
}

function isOwnFile(named: string): boolean {
  if (!isFile(named)) return false;
  const file = realpathSync(named);
  for (let folder = dirname(file); ; folder = dirname(folder)) {
    const found = packageAt(folder);
    if (found) return found.name === NAME && entryFiles(folder, found.bin).includes(file);
    if (folder === dirname(folder)) return false;
  }
}

function entryFiles(folder: string, bin: unknown): readonly string[] {
  const named = typeof bin === "object" && bin !== null ? Object.values(bin) : [bin];
  const files = [...named, "dist/main.js", "dist/bundle/main.js"]
    .filter((file) => typeof file === "string")
    .map((file) => join(folder, file));
  return files.filter(isFile).map((file) => realpathSync(file));
}

function packageAt(folder: string): { readonly name?: unknown; readonly bin?: unknown } | null {
  const file = join(folder, "package.json");
  if (!isFile(file)) return null;
  try {
    const value: unknown = JSON.parse(readFileSync(file, "utf8"));
    return typeof value === "object" ? value : null;
  } catch {
    return null; // not a package
  }
}
