/** Explains why SQLite cannot be loaded, mostly because another Node installed it, and names the command that mends it. */
import { existsSync, readFileSync } from "node:fs";
import { createRequire } from "node:module";
import { dirname, join, sep } from "node:path";
import { fileURLToPath } from "node:url";
import { buildFor, majorOf, otherBuild, type SqliteBuild } from "./sqlite-build.js";

const MODULES = `${sep}node_modules${sep}`;
const requireFromHere = createRequire(import.meta.url);

/** The first Node of each NODE_MODULE_VERSION that a build for another Node may have. */
const MAJOR_BY_MODULES: Readonly<Record<string, number>> = {
  "108": 18,
  "111": 19,
  "115": 20,
  "120": 21,
  "127": 22,
  "131": 23,
  "137": 24,
  "141": 25,
};

interface Versions {
  readonly node: string;
  /** NODE_MODULE_VERSION. */
  readonly modules: string;
}

/** One sentence with both Node versions, as far as they can be known, and the command that mends it. */
export function explainUnloadable(cause: unknown, running: Versions): string {
  const build = buildFor(running.node);
  const folder = folderOf(build);
  if (folder === null) return explainMissing(build, running);
  if (!build.isCompiled)
    return `Node ${running.node} cannot load SQLite on ${process.platform}-${process.arch} (${firstLine(cause)}): remove ${folder} and ${run("npm i --ignore-scripts", running)}`;
  const remedy = run(`npm rebuild ${build.name}`, running);
  const binary = binaryIn(folder);
  if (!existsSync(binary))
    return `SQLite has no binary for Node ${running.node}, because legwork was installed without its install scripts or with another Node: ${remedy}`;
  const modules = modulesOf(binary);
  if (modules === null || modules === running.modules)
    return `Node ${running.node} cannot load SQLite (${firstLine(cause)}): ${remedy}`;
  return `legwork's SQLite was built for ${nodeOf(modules)}, and this is Node ${running.node} (${running.modules}): ${remedy}`;
}

/** npm leaves out the build that the Node of the install cannot use. */
function explainMissing(build: SqliteBuild, running: Versions): string {
  const other = folderOf(otherBuild(build));
  const install = build.isCompiled ? "npm i" : "npm i --ignore-scripts";
  const installedBy = other === null ? null : build.isCompiled ? "Node 22 or newer" : installerOf(other, running);
  if (installedBy === null)
    return `SQLite is not installed for Node ${running.node}: ${run(`${install} --include=optional`, running)}`;
  return `legwork was installed with ${installedBy}, and this is Node ${running.node}: ${run(install, running)}`;
}

/** Null where the same Node built it. */
function installerOf(compiledFolder: string, running: Versions): string | null {
  const binary = binaryIn(compiledFolder);
  const modules = existsSync(binary) ? modulesOf(binary) : null;
  if (modules === running.modules) return null;
  return modules === null ? "Node 20" : nodeOf(modules);
}

function run(command: string, { node }: Versions): string {
  const isCompiling = buildFor(node).isCompiled;
  const needs = isCompiling ? " (it needs Python 3, make and a C++ compiler where no binary can be downloaded)" : "";
  return `run ${inInstallation(command)} with Node ${majorOf(node)}${needs}`;
}

/** A global installation has no package.json, and npm finds it by an option. */
function inInstallation(command: string): string {
  const folder = packageFolder(dirname(fileURLToPath(import.meta.url)));
  const [above] = folder.split(MODULES);
  if (above === undefined || above === folder) return `"${command}" in ${folder}`;
  if (existsSync(join(above, "package.json"))) return `"${command}" in ${above}`;
  return command.startsWith("npm rebuild")
    ? `"${command} -g"`
    : `"${command} -g" and the name or file that legwork was installed from`;
}

function packageFolder(from: string): string {
  const above = dirname(from);
  return above === from || existsSync(join(from, "package.json")) ? from : packageFolder(above);
}

function folderOf({ name }: SqliteBuild): string | null {
  try {
    return dirname(requireFromHere.resolve(`${name}/package.json`));
  } catch {
    return null;
  }
}

function binaryIn(folder: string): string {
  return join(folder, "build", "Release", "better_sqlite3.node");
}

/** Read from the symbol by which Node finds a binary's beginning: the wrong Node may not even load it to ask. */
function modulesOf(binary: string): string | null {
  return /node_register_module_v(\d+)/.exec(readFileSync(binary, "latin1"))?.[1] ?? null;
}

function nodeOf(modules: string): string {
  const major = MAJOR_BY_MODULES[modules];
  return major === undefined ? `a Node with NODE_MODULE_VERSION ${modules}` : `Node ${major} (${modules})`;
}

function firstLine(cause: unknown): string {
  return (cause instanceof Error ? cause.message : String(cause)).split("\n", 1)[0] ?? "";
}
