/** Where everything begins: the command line, of which no arguments at all is the stdio server. */
import { readFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { ConfigError } from "./core/errors.js";

const USAGE = `legwork [--project FOLDER]          the MCP server, on stdin and stdout
legwork trust [--project FOLDER]    lets the project's .legwork/config.yaml count, as it is now
legwork --version | --help
`;

const CONFIGURATION_EXIT = 2;

/** Runs the command line. Resolves when the command is done; the server lives on until its host goes. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await runCommand(argv);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    process.stderr.write(`legwork: ${error.message}\n`);
    process.exitCode = CONFIGURATION_EXIT;
  }
}

async function runCommand(argv: readonly string[]): Promise<void> {
  const { command, project, version, help } = parseArguments(argv);
  if (help) return void process.stdout.write(USAGE);
  if (version) return void process.stdout.write(`${packageVersion()}\n`);
  if (command === undefined) {
    const { serve } = await import("./serve.js");
    return serve(project, packageVersion());
  }
  if (command !== "trust") throw new ConfigError(`there is no command "${command}"\n${USAGE}`);
  const { trust } = await import("./cli/trust.js");
  const { findPlaces } = await import("./config/places.js");
  process.stdout.write(trust(findPlaces(project)));
}

function parseArguments(argv: readonly string[]) {
  try {
    const { values, positionals } = parseArgs({
      args: [...argv],
      allowPositionals: true,
      options: { project: { type: "string" }, version: { type: "boolean" }, help: { type: "boolean", short: "h" } },
    });
    if (positionals.length > 1) throw new Error(`unexpected argument "${positionals[1]}"`);
    const { project = null, version = false, help = false } = values;
    return { command: positionals[0], project, version, help };
  } catch (cause) {
    throw new ConfigError(`${(cause as Error).message}\n${USAGE}`, { cause });
  }
}

function packageVersion(): string {
  const text = readFileSync(new URL("../package.json", import.meta.url), "utf8");
  return String((JSON.parse(text) as { version?: unknown }).version);
}
