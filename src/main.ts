/** Where everything begins: the command line, of which no arguments at all is the stdio server. */
import { readFileSync } from "node:fs";
import { inPackage } from "./config/files/package-folder.js";
import { ConfigError, RequestError, StoreError } from "./core/errors.js";
import { parseArguments, USAGE } from "./parse-arguments.js";

const NARROWEST_LINE = 60; // characters; narrower ones break rather than say nothing
const LINE_OF_NO_TERMINAL = 160; // characters

/** Runs the command line. Resolves when the command is done; the server lives on until its host goes. */
export async function main(argv: readonly string[]): Promise<void> {
  try {
    await runCommand(argv);
  } catch (error) {
    const isKnown = error instanceof ConfigError || error instanceof RequestError || error instanceof StoreError;
    if (!isKnown) throw error;
    const [{ visibleLines }, { CONFIGURATION_EXIT }] = await Promise.all([
      import("./cli/render/visible.js"),
      import("./cli/render/command-end.js"),
    ]);
    process.stderr.write(`legwork: ${visibleLines(error.message).join("\n")}\n`);
    process.exitCode = CONFIGURATION_EXIT;
  }
}

async function runCommand(argv: readonly string[]): Promise<void> {
  const { command, project, help, version, ...given } = parseArguments(argv);
  if (help) return void process.stdout.write(USAGE);
  if (version) return void process.stdout.write(`${packageVersion()}\n`);
  if (command === null) {
    const { serve } = await import("./serve.js");
    return serve(project, packageVersion());
  }
  const { findPaths } = await import("./config/files/paths.js");
  const { RUN_COMMAND } = await import("./composition/commands.js");
  const width = Math.max(NARROWEST_LINE, process.stdout.columns ?? LINE_OF_NO_TERMINAL);
  const { text, exitCode } = await RUN_COMMAND[command]({
    ...given,
    paths: findPaths(project),
    version: packageVersion(),
    width,
  });
  process.stdout.write(text);
  process.exitCode = exitCode;
}

function packageVersion(): string {
  const text = readFileSync(inPackage("package.json"), "utf8");
  return String((JSON.parse(text) as { version?: unknown }).version);
}
