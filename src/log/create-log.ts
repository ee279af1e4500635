/** The log: warnings on stderr for the host, and every line of the level in a file of legwork's home. */
import { mkdirSync, writeSync } from "node:fs";
import { join } from "node:path";
import { multistream, pino, type StreamEntry } from "pino";
import type { Log } from "../core/ports/clock-and-log.js";
import { REDACT_NOTHING, type Redact } from "../core/redact.js";
import { type LineStream, openLogFile } from "./log-file.js";

const STDERR_BYTES = 32_768; // half of the buffer of a pipe

/** A log whose level and secrets the caller sets after loading the configuration. */
export interface LevelledLog extends Log {
  level: string;
  /** Redacts every line before it is written. */
  redact: Redact;
}

/** Writes synchronously, so that the last lines before an exit are kept. Without a writable folder it logs to stderr only. */
export function createLog(
  home: string,
  level: string,
  options: { toStderr: boolean } = { toStderr: true },
): LevelledLog {
  let redact = REDACT_NOTHING;
  const redacted = (stream: LineStream): LineStream => ({ write: (line) => stream.write(redact.text(line)) });
  const streams: StreamEntry[] = options.toStderr ? [{ level: "warn", stream: redacted(stderrStream()) }] : [];
  try {
    const folder = join(home, "logs");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    streams.push({ level: "debug", stream: redacted(openLogFile(join(folder, "legwork.log"))) });
  } catch {
    // opening the database in the same folder reports the fault
  }
  const logger = pino({ level, base: { pid: process.pid } }, multistream(streams));
  return {
    debug: (fields, text) => logger.debug(fields, text),
    info: (fields, text) => logger.info(fields, text),
    warn: (fields, text) => logger.warn(fields, text),
    error: (fields, text) => logger.error(fields, text),
    get level() {
      return logger.level;
    },
    set level(next) {
      logger.level = next;
    },
    get redact() {
      return redact;
    },
    set redact(next) {
      redact = next;
    },
  };
}

/** Writes the first warnings only: a full pipe that the host never reads would block the process. */
function stderrStream() {
  let room = STDERR_BYTES;
  return {
    write(line: string): void {
      room -= Buffer.byteLength(line);
      if (room < 0) return;
      try {
        writeSync(2, line);
      } catch {
        room = 0; // the pipe is full or closed
      }
    },
  };
}
