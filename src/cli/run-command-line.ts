/** A command line as a process: its signals, the reader of its output, its exit code. */
import { type CommandLineDeps, createCommandLine } from "./command-line.js";
import { SIGNAL_EXIT } from "./render/command-end.js";
import type { Terminal } from "./services.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const NARROWEST_LINE = 60; // characters; narrower lines break and keep their words
export const LINE_OF_NO_TERMINAL = 160; // characters

/** Prints the output and sets the exit code. Rejects only with an error that is a bug. */
export async function runCommandLine(argv: readonly string[], deps: CommandLineDeps): Promise<void> {
  const line = createCommandLine(openTerminal(), deps);

  async function stop(cause: string): Promise<void> {
    if ((await line.stop(cause)) === "closed") process.exit(SIGNAL_EXIT);
  }

  // Servers run in process groups of their own, which the signals of a terminal do not reach.
  for (const signal of SIGNALS) process.once(signal, () => void stop(`legwork was ended by ${signal}`));
  process.stdout.once("error", () => void stop("the reader of legwork's output has gone"));
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});

  process.exitCode = await line.run(argv);
}

function openTerminal(): Terminal {
  return {
    width: Math.max(NARROWEST_LINE, process.stdout.columns ?? LINE_OF_NO_TERMINAL),
    write: (text) => void process.stdout.write(text),
    tell: (line) => void process.stderr.write(`${line}\n`),
  };
}
