/** Keeps stdout for the protocol. */
import { Writable } from "node:stream";

/**
 * The one stream that still reaches stdout: whatever else is written to it from now on, by any dependency or by console,
 * goes to stderr instead. MCP's stdio transport allows nothing but messages on stdout.
 */
export function claimStdout(): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, encoding, done) => {
      // A failed write is reported by stdout's own error event, which ends the process.
      if (typeof chunk === "string") write(chunk, encoding, () => done());
      else write(chunk, () => done());
    },
  });
  return stream.setMaxListeners(0); // each answer that waits for a full pipe listens for its draining
}
