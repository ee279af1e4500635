/** Where everything begins: the command line, of which no arguments at all is the stdio server. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import type { ToolsOptions } from "./cli/tools.js";
import type { Place } from "./config/places.js";
import { ConfigError, StoreError } from "./core/errors.js";

const USAGE = `legwork [--project FOLDER]          the MCP server, on stdin and stdout
legwork trust [--project FOLDER]    lets the configuration of the project count, as it is now
legwork tools [SERVER ...]          starts the servers and lists their tools; --cached starts nothing, --json for programs
legwork tools diff [SERVER[__TOOL] ...]    how tools have changed since they were accepted
legwork tools accept SERVER[__TOOL] ...    accepts tools as they were last seen
legwork --version | --help
`;

const COMMANDS = ["trust", "tools"];
const CONFIGURATION_EXIT = 2;
const SIGNAL_EXIT = 130;
const NARROWEST_LINE = 60; // characters; narrower ones break rather than say nothing
const LINE_OF_NO_TERMINAL = 160; // characters

/** Runs the command line. Resolves when the command is done; the server lives on until its host goes. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await runCommand(argv);
  } catch (error) {
    if (!(error instanceof ConfigError || error instanceof StoreError)) throw error;
    process.stderr.write(`legwork: ${error.message}\n`);
    process.exitCode = CONFIGURATION_EXIT;
  }
}

async function runCommand(argv: readonly string[]): Promise<void> {
  const { command, words, project, version, help, ...options } = parseArguments(argv);
  if (help) return void process.stdout.write(USAGE);
  if (version) return void process.stdout.write(`${packageVersion()}\n`);
  if (command === undefined) {
    const { serve } = await import("./serve.js");
    return serve(project, packageVersion());
  }
  const { findPlaces } = await import("./config/places.js");
  if (command === "tools") return runTools(findPlaces(project), { words, ...options });
  const { trust } = await import("./cli/trust.js");
  process.stdout.write(await trust(findPlaces(project)));
}

async function runTools(place: Place, options: Pick<ToolsOptions, "words" | "cached" | "json">): Promise<void> {
  const { tools } = await import("./cli/tools.js");
  const { openTools } = await import("./open-runtime.js");
  const opened = await openTools(place, packageVersion());
  // The servers run in groups of their own, which the terminal's signals do not reach.
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const)
    process.once(signal, () => void opened.close().finally(() => process.exit(SIGNAL_EXIT)));
  try {
    const width = Math.max(NARROWEST_LINE, process.stdout.columns ?? LINE_OF_NO_TERMINAL);
    const { text, exitCode } = await tools({ ...options, width }, opened);
    process.stdout.write(text);
    process.exitCode = exitCode;
  } finally {
    await opened.close();
  }
}

function parseArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: {
        project: { type: "string" },
        version: { type: "boolean" },
        help: { type: "boolean", short: "h" },
        cached: { type: "boolean" },
        json: { type: "boolean" },
      },
    });
    const [command, ...words] = positionals;
    const { project = null, version = false, help = false, cached = false, json = false } = values;
    if (command !== undefined && !COMMANDS.includes(command)) throw new Error(`there is no command "${command}"`);
    if (command !== "tools") {
      if (words.length > 0) throw new Error(`unexpected argument "${words[0]}"`);
      if (cached || json) throw new Error("--cached and --json belong to legwork tools");
    }
    return { command, words, project, version, help, cached, json };
  } catch (cause) {
    throw new ConfigError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version?: unknown }).version);
}
