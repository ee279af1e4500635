/** A minimal JSON-RPC client for a child process that reads and writes a message a line. */
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";

export const INITIALIZE = {
  protocolVersion: "2025-06-18",
  capabilities: {},
  clientInfo: { name: "bench", version: "1.0.0" },
};

/** Starts the process. The caller closes it. */
export function startChild(command, args, { cwd, env } = {}) {
  const child = spawn(command, args, { cwd, env, stdio: ["pipe", "pipe", "inherit"] });
  const waiting = new Map();
  const exited = new Promise((resolve) => {
    child.on("exit", () => resolve(performance.now()));
  });
  let lastId = 0;

  createInterface({ input: child.stdout }).on("line", (line) => {
    const message = JSON.parse(line);
    const settle = waiting.get(message.id);
    if (settle === undefined) return;
    waiting.delete(message.id);
    if (message.error) settle.reject(new Error(`${args.join(" ")}: ${message.error.message}`));
    else settle.resolve(message.result);
  });
  child.stdin.on("error", () => {}); // it has exited; the exit handler below rejects the requests
  child.on("exit", (code, signal) => {
    for (const { reject } of waiting.values()) reject(new Error(`${args.join(" ")} ended: ${code ?? signal}`));
    waiting.clear();
  });

  const write = (message) => child.stdin.write(`${JSON.stringify({ jsonrpc: "2.0", ...message })}\n`);
  return {
    pid: child.pid,
    /** Resolves with the time of its exit. */
    exited,
    request(method, params) {
      const id = ++lastId;
      return new Promise((resolve, reject) => {
        waiting.set(id, { resolve, reject });
        write({ id, method, params });
      });
    },
    notify: (method) => write({ method }),
    endInput: () => child.stdin.end(),
    /** Closes its input, and kills it where it has not exited after 5 s. */
    async close() {
      child.stdin.end();
      const force = setTimeout(() => child.kill("SIGKILL"), 5_000);
      await exited;
      clearTimeout(force);
    },
  };
}
