/** The log: warnings on stderr, where hosts look, and everything in a file of legwork's home. */
import { existsSync, mkdirSync, renameSync, statSync, writeSync } from "node:fs";
import { join } from "node:path";
import { destination, multistream, pino, type StreamEntry } from "pino";
import type { Log } from "../core/ports.js";

const STDERR_BYTES = 32_768; // half of what a pipe holds unread
const MOST_BYTES = 5_000_000; // then the file is moved aside, and the one before that is dropped

/** A log whose level can be changed once the configuration is known. */
export interface LevelledLog extends Log {
  level: string;
}

/** Writes synchronously, so that the last words before an exit are kept. A folder that cannot be written costs the file only. */
export function createLog(home: string, level: string): LevelledLog {
  const streams: StreamEntry[] = [{ level: "warn", stream: stderrStream() }];
  try {
    const folder = join(home, "logs");
    mkdirSync(folder, { recursive: true, mode: 0o700 });
    const file = join(folder, "legwork.log");
    if (existsSync(file) && statSync(file).size > MOST_BYTES) renameSync(file, `${file}.1`);
    streams.push({ level: "debug", stream: quiet(destination({ dest: file, sync: true, mode: 0o600 })) });
  } catch {
    // the database of the same folder will say what is wrong with it
  }
  return pino({ level, base: { pid: process.pid } }, multistream(streams));
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
