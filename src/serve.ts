/** The life of the stdio server: from the first byte on stdin to an exit that leaves no child process behind. */
import { existsSync } from "node:fs";
import { claimStdout } from "./claim-stdout.js";
import type { Parts } from "./composition/create-parts.js";
import type { OpenLegwork } from "./composition/open-legwork.js";
import { findPaths } from "./config/files/paths.js";
import { DEFAULT_MAX_MESSAGE_MIB } from "./core/run/limits.js";
import { once } from "./lib/once.js";
import { createServer } from "./server/create-server.js";
import { HostTransport } from "./server/host-transport.js";

const EXIT_BUDGET_MS = 1_900; // hosts wait 2 s at most before they kill
const RECOVER_AFTER_MS = 10_000; // a host that only checks the health of the server has gone by then
const LAST_ANSWERS_MS = 1_000; // for calls that are still being answered at the end

/** Serves one host on stdin and stdout until one of them ends or a signal arrives; then exits the process. */
export async function serve(projectArgument: string | null, version: string): Promise<void> {
  const stdout = claimStdout();
  let opened: OpenLegwork | null = null;
  let ending: string | null = null;

  const openParts = once(async (): Promise<Parts> => {
    const { createParts } = await import("./composition/create-parts.js");
    return createParts(findPaths(projectArgument), version, { elicit: server.elicit, logToStderr: true });
  });

  const open = once(async (): Promise<OpenLegwork> => {
    const [parts, { openLegwork }] = await Promise.all([openParts(), import("./composition/open-legwork.js")]);
    opened = await openLegwork(parts);
    if (ending !== null)
      await opened.interrupt(ending); // the end came during the opening of the database
    else if (!opened.store.isReadOnly) opened.runner.recover();
    return opened;
  });

  /** Recovers interrupted runs even if the host never calls a tool: opening legwork does it. */
  function recoverLater(): void {
    const timer = setTimeout(() => {
      if (ending !== null || open.hasBegun() || !existsSync(findPaths(projectArgument).databaseFile)) return;
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
    onElicitFailure: (error) => opened?.log.warn({ err: error }, "the host did not answer an elicitation"),
  });

  function reportBug(error: unknown, fields: object): void {
    try {
      if (opened) opened.log.error({ ...fields, err: error }, "internal error");
      else process.stderr.write(`legwork: internal error: ${error instanceof Error ? error.stack : String(error)}\n`);
    } catch {
      // stderr is closed too
    }
  }

  /** Ends the process. Idempotent. Stores running runs as interrupted before it waits for anything. */
  async function end(cause: string, exitCode = 0): Promise<void> {
    if (ending !== null) return;
    ending = cause;
    setTimeout(() => process.exit(1), EXIT_BUDGET_MS);
    const steps: readonly (() => unknown)[] = [
      () => opened?.interrupt(cause),
      () => server.release(),
      () => Promise.allSettled([server.settled(LAST_ANSWERS_MS), opened?.closeServers()]),
      () => opened?.closeServers(), // servers that a call has opened meanwhile
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

  // Includes unhandled rejections: the state in memory is unknown, but the database is consistent.
  process.on("uncaughtException", (error) => {
    reportBug(error, {});
    void end("legwork met an internal error", 1);
  });

  async function largestMessage(): Promise<number> {
    try {
      return (await (await openParts()).config()).largestMessage;
    } catch {
      return DEFAULT_MAX_MESSAGE_MIB * 1024 * 1024; // the first call of a tool reports a configuration that cannot be used
    }
  }

  await server.connect(new HostTransport({ stdin: process.stdin, stdout, largestMessage }));
}
