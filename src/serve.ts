/** The stdio server's life: from the first byte of stdin to an exit that leaves nothing behind. */
import { existsSync } from "node:fs";
import { StdioServerTransport } from "@modelcontextprotocol/sdk/server/stdio.js";
import { claimStdout } from "./claim-stdout.js";
import type { OpenLegwork } from "./composition/open-legwork.js";
import { findPaths } from "./config/files/paths.js";
import { createServer } from "./server/create-server.js";

const EXIT_BUDGET_MS = 1_900; // hosts wait 2 s at most before they kill
const LARGEST_MESSAGE = 16 * 1024 * 1024; // bytes; a larger one ends the connection, for reading it takes time with its square
const RECOVER_AFTER_MS = 10_000; // hosts that only look whether a server is healthy are gone by then
const LAST_ANSWERS_MS = 1_000; // for calls that are being answered when the end comes

/** Serves one host on stdin and stdout until either ends or a signal comes; then exits the process. */
export async function serve(projectArgument: string | null, version: string): Promise<void> {
  const stdout = claimStdout();
  let opening: Promise<OpenLegwork> | null = null;
  let opened: OpenLegwork | null = null;
  let ending: string | null = null;

  async function openNow(): Promise<OpenLegwork> {
    const [{ createParts }, { openLegwork }] = await Promise.all([
      import("./composition/create-parts.js"),
      import("./composition/open-legwork.js"),
    ]);
    const options = { elicit: server.elicit, logToStderr: true };
    opened = await openLegwork(createParts(findPaths(projectArgument), version, options));
    if (ending !== null)
      await opened.interrupt(ending); // the end came while the database was being opened
    else if (!opened.store.isReadOnly) opened.runner.recover();
    return opened;
  }

  function open(): Promise<OpenLegwork> {
    opening ??= openNow().catch((error: unknown) => {
      opening = null;
      throw error;
    });
    return opening;
  }

  /** Runs that were interrupted go on even if the host never calls: opening recovers them. */
  function recoverLater(): void {
    const timer = setTimeout(() => {
      if (ending !== null || opening !== null || !existsSync(findPaths(projectArgument).databaseFile)) return;
      open().catch((error: unknown) => reportBug(error, {}));
    }, RECOVER_AFTER_MS);
    timer.unref();
  }

  const server = createServer({
    version,
    open,
    onInitialized: recoverLater,
    onClose: () => void end("the connection to the host broke"),
    onBug: (error, tool) => reportBug(error, { tool }),
  });

  function reportBug(error: unknown, fields: object): void {
    try {
      if (opened) opened.log.error({ ...fields, err: error }, "internal error");
      else process.stderr.write(`legwork: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
    } catch {
      // nowhere is left to say it
    }
  }

  /** Idempotent. What is going on is on disk as interrupted before anything is waited for. */
  async function end(cause: string, exitCode = 0): Promise<void> {
    if (ending !== null) return;
    ending = cause;
    setTimeout(() => process.exit(1), EXIT_BUDGET_MS);
    const steps: readonly (() => unknown)[] = [
      () => opened?.interrupt(cause),
      () => server.release(),
      () => Promise.allSettled([server.settled(LAST_ANSWERS_MS), opened?.closeServers()]),
      () => opened?.closeServers(), // of a call that opened them meanwhile
      () => server.endSession(),
      () => server.close(),
      () => opened?.closeStore(),
    ];
    for (const step of steps) {
      try {
        await step();
      } catch (error) {
        process.stderr.write(`legwork: while shutting down: ${String(error)}\n`);
      }
    }
    process.exit(exitCode);
  }

  process.stdin.on("end", () => void end("the host closed its connection"));
  process.stdin.on("close", () => void end("the host closed its connection"));
  process.stdout.on("error", () => void end("the host stopped reading"));
  for (const signal of ["SIGTERM", "SIGINT", "SIGHUP"] as const)
    process.on(signal, () => void end(`legwork was ended by ${signal}`));

  // Also what a promise rejected with and nobody caught: what state is left is unknown, but what is on disk is sound.
  process.on("uncaughtException", (error) => {
    reportBug(error, {});
    void end("legwork met an internal error", 1);
  });

  await server.connect(new StdioServerTransport(process.stdin, stdout, { maxBufferSize: LARGEST_MESSAGE }));
}
