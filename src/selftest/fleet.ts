/** The legwork servers of the campaign: several at once on one file, each killed sooner or later and replaced. */
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";

export interface CrewServer {
  readonly pid: number;
  /** Calls one of its tools. Throws when the server is killed meanwhile. */
  call(tool: string, args: Readonly<Record<string, unknown>>): Promise<ToolResult>;
}

interface ToolResult {
  readonly isError: boolean;
  readonly structured: Readonly<Record<string, unknown>>;
}

export interface Crew {
  /** The servers at work: each has answered a first call, and so looked for runs whose process is gone. */
  atWork(): readonly CrewServer[];
  /** Resolves when at least that many are at work. Throws when one could not be started or has ended by itself. */
  atLeast(count: number): Promise<void>;
  /** Whether this process is at work and alive. */
  has(pid: number): boolean;
  /** Kills a server, at once and without warning; nothing where it is gone. */
  kill(pid: number): void;
  /** Resolves when a killed server is gone; one in reserve then takes its place. */
  replace(pid: number): Promise<void>;
  close(): Promise<void>;
}

export interface CrewOptions {
  /** legwork's program. */
  readonly program: string;
  readonly project: string;
  readonly env: Record<string, string>;
  readonly atWork: number;
  /** Servers that are started and wait for their first call, so that a death costs little time. */
  readonly inReserve: number;
}

/** Starts the servers; they are at work some time later. */
export function openCrew(options: CrewOptions): Crew {
  const atWork = new Map<number, Member>();
  const reserve: Promise<Member>[] = [];
  const joining = new Set<Promise<void>>();
  const killed = new Set<number>();
  let fault: unknown = null;
  let closed = false;

  function refill(): void {
    while (!closed && reserve.length < options.inReserve) {
      const member = startServer(options);
      member.catch(() => {}); // told when its turn has come
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
    kill(pid) {
      if (!atWork.has(pid)) return;
      killed.add(pid);
      process.kill(pid, "SIGKILL");
    },
    async replace(pid) {
      const member = atWork.get(pid);
      atWork.delete(pid);
      await member?.gone;
      join();
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

interface Member extends CrewServer {
  readonly gone: Promise<void>;
  close(): Promise<void>;
}

/** Resolves when the server has answered a host's greeting. */
async function startServer({ program, project, env }: CrewOptions): Promise<Member> {
  const args = [program, "--project", project];
  const transport = new StdioClientTransport({ command: process.execPath, args, cwd: project, env, stderr: "ignore" });
  const client = new Client({ name: "legwork-selftest", version: "1.0.0" });
  const gone = new Promise<void>((resolve) => {
    client.onclose = resolve;
  });
  await client.connect(transport);
  return {
    pid: transport.pid ?? -1,
    gone,
    async call(name, args) {
      const { isError, structuredContent } = await client.callTool({ name, arguments: { ...args } });
      return { isError: isError === true, structured: structuredContent as ToolResult["structured"] };
    },
    close: () => client.close(),
  };
}
