/** The legwork servers of the campaign: several at once on one database, each killed and replaced in its turn. */
import { setTimeout as sleep } from "node:timers/promises";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

export interface FleetServer {
  readonly pid: number;
  /** Calls one of its tools. Throws when the server is killed during the call. */
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<ToolResult>;
}

interface ToolResult {
  readonly isError: boolean;
  readonly structured: Readonly<Record<string, unknown>>;
}

export interface Fleet {
  /** The servers at work. Each has answered a first call, and so has looked for runs to recover. */
  atWork(): readonly FleetServer[];
  /** Resolves when at least `count` servers are at work. Throws when a server could not start or has exited by itself. */
  atLeast(count: number): Promise<void>;
  /** Whether the process is one of the servers at work. */
  has(pid: number): boolean;
  /** Sends SIGKILL to a server at work, or SIGTERM; does nothing for any other process id. */
  kill(pid: number, signal?: "SIGKILL" | "SIGTERM"): void;
  /** Resolves when a killed server has exited; a server in reserve then takes its place. */
  replace(pid: number): Promise<void>;
  /**
   * Stops a server at work, and lets a server in reserve take its place. `wake` lets it work on: it finds its runs taken
   * away; after `milliseconds` it is killed.
   */
  stop(pid: number): { wake(milliseconds: number): Promise<void> };
  close(): Promise<void>;
}

export interface FleetOptions {
  /** The path of legwork's program. */
  readonly program: string;
  readonly project: string;
  readonly env: Record<string, string>;
  readonly atWork: number;
  /** Servers that are started ahead of their use, so that a replacement takes little time. */
  readonly inReserve: number;
}

/** Starts the servers; see `atLeast` for when they are at work. */
export function openFleet(options: FleetOptions): Fleet {
  const atWork = new Map<number, Member>();
  const reserve: Promise<Member>[] = [];
  const joining = new Set<Promise<void>>();
  const killed = new Set<number>();
  let fault: unknown = null;
  let closed = false;

  function refill(): void {
    while (!closed && reserve.length < options.inReserve) {
      const member = startServer(options);
      member.catch(() => {}); // putToWork reports it
      reserve.push(member);
    }
  }

  function join(): void {
    refill();
    const member = reserve.shift();
    if (closed || member === undefined) return;
    refill();
    const joined = putToWork(member)
      .catch((error: unknown) => {
        fault ??= error;
      })
      .finally(() => joining.delete(joined));
    joining.add(joined);
  }

  async function putToWork(starting: Promise<Member>): Promise<void> {
    const member = await starting;
    await member.call("list_runs", { limit: 1 });
    atWork.set(member.pid, member);
    void member.gone.then(() => {
      if (!closed && !killed.has(member.pid)) fault ??= new Error(`legwork server ${member.pid} ended by itself`);
    });
  }

  for (let count = 0; count < options.atWork; count++) join();
  return {
    atWork: () => [...atWork.values()],
    async atLeast(count) {
      while (fault === null && atWork.size < count) await Promise.race(joining);
      if (fault !== null) throw new Error("a legwork server of the campaign failed", { cause: fault });
    },
    has: (pid) => atWork.has(pid),
    kill(pid, signal = "SIGKILL") {
      if (!atWork.has(pid)) return;
      killed.add(pid);
      process.kill(pid, signal);
    },
    async replace(pid) {
      const member = atWork.get(pid);
      atWork.delete(pid);
      await member?.gone;
      join();
    },
    stop(pid) {
      const member = atWork.get(pid);
      atWork.delete(pid);
      killed.add(pid);
      process.kill(pid, "SIGSTOP");
      member?.leave();
      join();
      return {
        async wake(milliseconds) {
          process.kill(pid, "SIGCONT");
          await sleep(milliseconds);
          process.kill(pid, "SIGKILL");
          await member?.gone;
        },
      };
    },
    async close() {
      closed = true;
      await Promise.all(joining);
      const waiting = (await Promise.allSettled(reserve)).flatMap((start) =>
        start.status === "fulfilled" ? [start.value] : [],
      );
      await Promise.allSettled([...atWork.values(), ...waiting].map((member) => member.close()));
    },
  };
}

interface Member extends FleetServer {
  readonly gone: Promise<void>;
  /** Lets calls in flight fail: nobody answers them. */
  leave(): void;
  close(): Promise<void>;
}

/** Resolves when the server has answered `initialize`. */
async function startServer({ program, project, env }: FleetOptions): Promise<Member> {
  const args = [program, "--project", project];
  const transport = new StdioClientTransport({ command: process.execPath, args, cwd: project, env, stderr: "ignore" });
  const client = new Client({ name: "legwork-selftest", version: "1.0.0" });
  const gone = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  const left = new AbortController();
  await client.connect(transport);
  return {
    pid: transport.pid ?? -1,
    gone,
    async call(name, args) {
      const call = { name, arguments: { ...args } };
      const { isError, structuredContent } = await client.callTool(call, undefined, { signal: left.signal });
      return { isError: isError === true, structured: structuredContent as ToolResult["structured"] };
    },
    leave: () => left.abort(),
    close: () => client.close(),
  };
}
