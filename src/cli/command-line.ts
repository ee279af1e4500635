/** Runs a command from its words to its exit code; the only place that closes the services of a command. */
import { ConfigError, RequestError, StoreError } from "../core/errors.js";
import { COMMANDS } from "./commands.js";
import { createProgram } from "./create-program.js";
import { CONFIGURATION_EXIT, SIGNAL_EXIT } from "./render/command-end.js";
import { visibleLines } from "./render/visible.js";
import type { OpenServices, Terminal } from "./services.js";

export interface CommandLineDeps {
  readonly version: string;
  /** Throws ConfigError. */
  openServices(project: string | null): OpenServices;
}

export interface CommandLine {
  /** Runs the one command and resolves to its exit code. Rejects only with an error that is a bug. */
  run(argv: readonly string[]): Promise<number>;
  /** Interrupts the run of this process, whose command then ends by itself, or else closes the services and says so. */
  stop(cause: string): Promise<"interrupted" | "closed">;
}

/** One command on a terminal; it touches nothing of the process. */
export function createCommandLine(terminal: Terminal, { version, openServices }: CommandLineDeps): CommandLine {
  let opened: OpenServices | null = null;
  let isClosing = false;

  return {
    async run(argv) {
      try {
        const program = createProgram(COMMANDS, version);
        const read = program.read(argv);
        const { text, exitCode } = read.kind === "output" ? read.end : await runOne(read);
        terminal.write(text);
        return exitCode;

        async function runOne({ command, values, project }: Extract<typeof read, { kind: "command" }>) {
          opened = openServices(project);
          try {
            const index = { commands: COMMANDS, helpOf: program.helpOf };
            return await command.run(values, { ...opened.services, ...terminal, ...index });
          } finally {
            await opened.close();
          }
        }
      } catch (error) {
        if (isClosing) return SIGNAL_EXIT; // the command met the closed services
        const isKnown = error instanceof ConfigError || error instanceof RequestError || error instanceof StoreError;
        if (!isKnown) throw error;
        terminal.tell(`legwork: ${visibleLines(error.message).join("\n")}`);
        return CONFIGURATION_EXIT;
      }
    },

    async stop(cause) {
      const isInterrupted = await opened?.interrupt(cause);
      if (isInterrupted) return "interrupted";
      isClosing = true;
      await opened?.close();
      return "closed";
    },
  };
}
