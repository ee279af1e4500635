/** Runs a command from its words to its exit code; the only place that closes the services of a command. */
import { ConfigError, RequestError, StoreError } from "../core/errors.js";
import { COMMANDS } from "./commands.js";
import { createProgram } from "./create-program.js";
import { CONFIGURATION_EXIT, type CommandEnd, SIGNAL_EXIT } from "./render/command-end.js";
import { visibleLines } from "./render/visible.js";
import type { OpenServices, Terminal } from "./services.js";

const SIGNALS = ["SIGINT", "SIGTERM", "SIGHUP"] as const;
const NARROWEST_LINE = 60; // characters; narrower lines break and keep their words
const LINE_OF_NO_TERMINAL = 160; // characters

export interface CommandLineDeps {
  readonly version: string;
  /** Throws ConfigError. */
  openServices(project: string | null): OpenServices;
}

/** Prints the output and sets the exit code. Rejects only with an error that is a bug. */
export async function runCommandLine(argv: readonly string[], deps: CommandLineDeps): Promise<void> {
  let opened: OpenServices | null = null;

  /** Interrupts the run of this process, whose command then ends by itself; every other command ends here. */
  async function stop(cause: string): Promise<void> {
    const isInterrupted = await opened?.interrupt(cause);
    if (isInterrupted) return;
    await opened?.close();
    process.exit(SIGNAL_EXIT);
  }

  // Servers run in process groups of their own, which the signals of a terminal do not reach.
  for (const signal of SIGNALS) process.once(signal, () => void stop(`legwork was ended by ${signal}`));
  process.stdout.once("error", () => void stop("the reader of legwork's output has gone"));
  process.stdout.on("error", () => {});
  process.stderr.on("error", () => {});

  try {
    const program = createProgram(COMMANDS, deps.version);
    const read = program.read(argv);
    const end = read.kind === "output" ? read.end : await runOne(read);
    process.stdout.write(end.text);
    process.exitCode = end.exitCode;

    async function runOne({
      command,
      values,
      project,
    }: Extract<typeof read, { kind: "command" }>): Promise<CommandEnd> {
      opened = deps.openServices(project);
      try {
        const index = { commands: COMMANDS, helpOf: program.helpOf };
        return await command.run(values, { ...opened.services, ...openTerminal(), ...index });
      } finally {
        await opened.close();
      }
    }
  } catch (error) {
    const isKnown = error instanceof ConfigError || error instanceof RequestError || error instanceof StoreError;
    if (!isKnown) throw error;
    process.stderr.write(`legwork: ${visibleLines(error.message).join("\n")}\n`);
    process.exitCode = CONFIGURATION_EXIT;
  }
}

function openTerminal(): Terminal {
  return {
    width: Math.max(NARROWEST_LINE, process.stdout.columns ?? LINE_OF_NO_TERMINAL),
    write: (text) => void process.stdout.write(text),
    tell: (line) => void process.stderr.write(`${line}\n`),
  };
}
