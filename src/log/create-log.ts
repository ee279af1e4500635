/** The log: warnings on stderr, where hosts look, and everything in a file of legwork's home. */
import { existsSync, mkdirSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { destination, multistream, pino, type StreamEntry } from "pino";
import type { Log } from "../core/ports/clock-and-log.js";
import { REDACT_NOTHING, type Redact } from "../core/redact.js";

const STDERR_BYTES = 32_768; // half of what a pipe holds unread
const MOST_BYTES = 5_000_000; // then the file is moved aside, and the one before that is dropped

/** A log whose level and secrets are set once the configuration is known. */
export interface LevelledLog extends Log {
  level: string;
  /** Goes over every line before it is written. */
  redact: Redact;
}

/** Writes synchronously, so that the last words before an exit are kept. A folder that cannot be written costs the file only. */
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
    const file = join(folder, "legwork.log");
    if (existsSync(file) && statSync(file).size > MOST_BYTES) renameSync(file, `${file}.1`);
    const stream = quiet(destination({ dest: file, sync: true, mode: 0o600 }));
    streams.push({ level: "debug", stream: redacted(stream) });
  } catch {
    // the database of the same folder will say what is wrong with it
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

interface LineStream {
  write(line: string): unknown;
}

/** The first warnings only: a host that pipes stderr and never reads it must not hold us up when the pipe is full. */
function stderrStream() {
  let room = STDERR_BYTES;
  return {
    write(line: string): void {
      room -= Buffer.byteLength(line);
      if (room < 0) return;
      try {
        writeSync(2, line);
      } catch {
        room = 0; // full or gone
      }
    },
  };
}

/** A full disk costs the log, and must not cost the runs. */
function quiet(stream: ReturnType<typeof destination>) {
  return stream.on("error", () => {});
}
