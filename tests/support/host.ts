/** A host for tests: a real MCP client over stdio on the real binary, in a project and a home of its own. */
import { spawn } from "node:child_process";
import { mkdirSync, mkdtempSync, readFileSync, realpathSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { dirname, join, resolve } from "node:path";
import { Client } from "@modelcontextprotocol/sdk/client/index.js";
import { StdioClientTransport } from "@modelcontextprotocol/sdk/client/stdio.js";
import { ElicitRequestSchema, type ElicitResult } from "@modelcontextprotocol/sdk/types.js";

export const BIN = resolve(import.meta.dirname, "../../bin/legwork.js");
export const ASKING_SERVER = resolve(import.meta.dirname, "asking-server.mjs");
export const EFFECT_SERVER = resolve(import.meta.dirname, "effect-server.mjs");

/** A project folder and a legwork home that vanish together. */
export interface Workbench {
  readonly root: string;
  readonly home: string;
  readonly project: string;
  /** Writes a file below the project. */
  write(name: string, text: string): void;
  /** Writes a file below legwork's home. */
  writeHome(name: string, text: string): void;
  /** Writes the user's config.yaml. */
  configure(text: string): void;
  /** What a file below legwork's home says. */
  read(name: string): string;
  remove(): void;
}

export function createWorkbench(): Workbench {
  const root = realpathSync(mkdtempSync(join(tmpdir(), "legwork-test-")));
  const [home, project] = [join(root, "home"), join(root, "project")];
  mkdirSync(join(project, ".git"), { recursive: true });
  const put = (file: string, text: string) => {
    mkdirSync(dirname(file), { recursive: true });
    writeFileSync(file, text);
  };
  return {
    root,
    home,
    project,
    write: (name, text) => put(join(project, name), text),
    writeHome: (name, text) => put(join(home, name), text),
    configure: (text) => put(join(home, "config.yaml"), text),
    read: (name) => readFileSync(join(home, name), "utf8"),
    remove: () => rmSync(root, { recursive: true, force: true, maxRetries: 5 }),
  };
}

/** What a waiting run asks, in its answer. */
export interface QuestionAnswer {
  readonly id: string;
  readonly kind: "approval" | "question";
  readonly text: string;
  readonly options?: readonly string[];
  readonly tool?: string;
  readonly expires_at: string;
}

/** A run in an answer. */
export interface RunAnswer {
  readonly run_id: string;
  readonly status: string;
  readonly title: string;
  readonly result: string;
  readonly partial_text: string | null;
  readonly error: { readonly code: string; readonly message: string };
  readonly effects: readonly { readonly tool: string; readonly outcome: string }[];
  readonly tools: { readonly allowed: number; readonly withheld: number; readonly how_to_grant?: string };
  readonly usage: Readonly<Record<"input_tokens" | "output_tokens" | "cached_tokens" | "thinking_tokens", number>>;
  readonly cost_usd: number | null;
  readonly warnings: readonly string[];
  readonly question?: QuestionAnswer;
  readonly next: string;
}

/** An event in an answer. */
export interface EventAnswer {
  readonly seq: number;
  readonly at: string;
  readonly type: string;
  readonly index: number;
  readonly text: string;
  /** Of a tool call. */
  readonly tool?: string;
  readonly code?: string;
  readonly is_error?: boolean;
  readonly reason?: string;
  readonly json_part?: string;
}

/** The structured content of our tools' answers: each test reads the fields that its call gives. */
export interface Structured extends RunAnswer {
  readonly was: string;
  readonly run: RunAnswer;
  readonly runs: readonly RunAnswer[];
  readonly pending: readonly string[];
  readonly events: readonly EventAnswer[];
  readonly messages: readonly object[];
  readonly access: readonly object[];
  readonly next_cursor: string | null;
  readonly existing: boolean;
  readonly granted: object;
  readonly notices: readonly string[];
}

export interface ToolResult {
  readonly isError: boolean;
  readonly structured: Structured;
  readonly text: string;
}

export interface TestHost {
  readonly client: Client;
  readonly pid: number;
  readonly stderr: () => string;
  call(name: string, args?: Record<string, unknown>, options?: Parameters<Client["callTool"]>[2]): Promise<ToolResult>;
  close(): Promise<void>;
}

/** How a host is asked: the form, and whether it is still wanted. */
export interface Asked {
  readonly form: { readonly properties: Readonly<Record<string, object>> };
  readonly withdrawn: AbortSignal;
}

export interface HostOptions {
  readonly env?: Record<string, string>;
  readonly args?: readonly string[];
  /** The program; default: that of this build. */
  readonly bin?: string;
  readonly clientName?: string;
  /** The person at the host; without one the host says that it cannot ask. */
  readonly elicit?: (message: string, asked: Asked) => ElicitResult | Promise<ElicitResult>;
  /** Where the host is opened; default: the project folder. */
  readonly cwd?: string;
  /** A command, with its arguments, that runs the command behind it, such as in surroundings of its own. */
  readonly wrapper?: readonly string[];
}

/** Starts the binary as a host would. */
export async function openHost(bench: Workbench, options: HostOptions = {}): Promise<TestHost> {
  const [command = process.execPath, ...args] = [
    ...(options.wrapper ?? []),
    process.execPath,
    options.bin ?? BIN,
    ...(options.args ?? []),
  ];
  const transport = new StdioClientTransport({
    command,
    args,
    cwd: options.cwd ?? bench.project,
    env: { ...baseEnv(bench), ...options.env },
    stderr: "pipe",
  });
  let stderr = "";
  transport.stderr?.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const { elicit } = options;
  const client = new Client(
    { name: options.clientName ?? "test-host", version: "1.0.0" },
    { capabilities: elicit ? { elicitation: {} } : {} },
  );
  if (elicit)
    client.setRequestHandler(ElicitRequestSchema, ({ params }, { signal }) => {
      if (!("requestedSchema" in params)) throw new Error("this host shows forms only");
      return elicit(params.message, { form: params.requestedSchema, withdrawn: signal });
    });
  await client.connect(transport);
  return {
    client,
    pid: transport.pid ?? -1,
    stderr: () => stderr,
    async call(name, args = {}, callOptions) {
      const result = await client.callTool({ name, arguments: args }, undefined, callOptions);
      const [first] = result.content as { type: string; text: string }[];
      const structured: unknown = result.structuredContent ?? {};
      return { isError: result.isError === true, structured: structured as Structured, text: first?.text ?? "" };
    },
    close: () => client.close(),
  };
}

/** The environment of a host: nothing of the tester's own keys or homes. */
export function baseEnv(bench: Workbench): Record<string, string> {
  return { PATH: process.env.PATH ?? "", HOME: bench.root, LEGWORK_HOME: bench.home };
}

/** A raw stdio peer: what it writes is what is sent, and every byte of stdout is kept. */
export function spawnRaw(bench: Workbench, env: Record<string, string> = {}) {
  const child = spawn(process.execPath, [BIN], { cwd: bench.project, env: { ...baseEnv(bench), ...env } });
  let [stdout, stderr] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    stdout += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    stderr += chunk.toString();
  });
  const exited = new Promise<number | null>((settle) => child.on("exit", settle));
  return {
    child,
    exited,
    stdout: () => stdout,
    stderr: () => stderr,
    send: (message: object) => child.stdin.write(`${JSON.stringify(message)}\n`),
  };
}

export const INITIALIZE = {
  jsonrpc: "2.0",
  id: 0,
  method: "initialize",
  params: { protocolVersion: "2025-06-18", capabilities: {}, clientInfo: { name: "raw", version: "1" } },
} as const;

/** Waits until a condition holds; fails after `milliseconds`. */
export async function until<T>(probe: () => T | Promise<T>, milliseconds = 30_000): Promise<NonNullable<T>> {
  const deadline = Date.now() + milliseconds;
  for (;;) {
    const value = await probe();
    if (value) return value;
    if (Date.now() > deadline) throw new Error(`not within ${milliseconds} ms: ${probe}`);
    await new Promise((settle) => setTimeout(settle, 20));
  }
}

/** Whether there is such a process, also one that is dead and was not noticed by its parent yet. */
export function processExists(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
