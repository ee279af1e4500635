/** Keeps stdout for the protocol. */
import { Writable } from "node:stream";

/**
 * Returns the only stream that still reaches stdout, and redirects every other write to stdout, of dependencies or of
 * console, to stderr: MCP's stdio transport allows only messages on stdout.
 */
export function claimStdout(): Writable {
  const { stdout, stderr } = process;
  const write = stdout.write.bind(stdout);
  stdout.write = stderr.write.bind(stderr);
  const stream = new Writable({
    decodeStrings: false,
    write: (chunk: string | Buffer, encoding, done) => {
      // stdout reports a failed write by its own error event, which ends the process.
      if (typeof chunk === "string") write(chunk, encoding, () => done());
      else write(chunk, () => done());
    },
  });
  return stream.setMaxListeners(0); // each answer that waits for a full pipe adds a listener for "drain"
}
