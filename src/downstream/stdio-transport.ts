/** Speaks MCP with a child process that leads a process group of its own. */
import { type ChildProcessWithoutNullStreams, spawn } from "node:child_process";
import { setTimeout as delay } from "node:timers/promises";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import type { ServerConfig } from "../core/server-config.js";
import { childEnvironment, type Environment } from "./child-environment.js";
import { parseLine } from "./json-rpc-line.js";
import { LineSplitter } from "./line-splitter.js";
import { OutputTail } from "./output-tail.js";
import { endProcessGroup } from "./process-group.js";
import { toSpawnError } from "./spawn-error.js";

const MOST_UNREAD = 64 * 1024 * 1024; // bytes that a server may leave unread
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024; // a screenshot or a large file fits; our memory is not the server's to fill
const STDERR_TAIL_BYTES = 64 * 1024;
const SAMPLE_LENGTH = 200; // characters of a stray line, to recognise who writes it
const CLOSE_BUDGET_MS = 1_500; // the whole process has 2 s to shut down
const GRACE_SHARE = 0.4; // of the budget, once after stdin ends and once after SIGTERM; the rest is for SIGKILL
const DRAIN_MS = 250; // a dead server's last words are read within this; a child that holds the pipe may never close it

interface StdioTransportOptions {
  /** What the child may inherit from; see childEnvironment. */
  readonly baseEnv: Environment;
  readonly closeBudgetMs?: number;
}

interface StrayOutput {
  readonly lines: number;
  /** The start of the first one. */
  readonly sample: string;
}

/** One process from start() to close(); it is not started twice. */
export class StdioTransport implements Transport {
  onclose?: Transport["onclose"];
  onerror?: Transport["onerror"];
  onmessage?: Transport["onmessage"];

  readonly stderr = new OutputTail(STDERR_TAIL_BYTES);
  readonly #lines = new LineSplitter(MAX_MESSAGE_BYTES);
  readonly #graceMs: number;
  #child: ChildProcessWithoutNullStreams | null = null;
  #exited: Promise<void> = Promise.resolve();
  #ending: string | null = null;
  #stray: StrayOutput = { lines: 0, sample: "" };
  #closed = false;
  #closing: Promise<void> | null = null;
  #groupEnd: Promise<void> | null = null;
  #drain: NodeJS.Timeout | null = null;

  constructor(
    private readonly config: ServerConfig,
    private readonly options: StdioTransportOptions,
  ) {
    this.#graceMs = (options.closeBudgetMs ?? CLOSE_BUDGET_MS) * GRACE_SHARE;
  }

  /** Also the id of its process group; null where it could not be started. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** How the server ended, such as "it exited with code 1"; null while it has not. */
  get ending(): string | null {
    return this.#ending;
  }

  /** Lines on stdout that were no messages. */
  get stray(): StrayOutput {
    return this.#stray;
  }

  async start(): Promise<void> {
    try {
      this.#child = this.#spawn();
      await started(this.#child);
    } catch (error) {
      throw await toSpawnError(this.config, error);
    }
  }

  /** Resolves also when the pipe breaks: then the connection closes, and that is what ends the calls in flight. */
  send(message: JSONRPCMessage): Promise<void> {
    const child = this.#child;
    return new Promise((resolve, reject) => {
      if (!child || this.#closed) return reject(new Error("the server is not running"));
      if (child.stdin.writableLength > MOST_UNREAD) {
        this.#ending ??= "it stopped reading";
        void this.close();
        return reject(new Error("the server stopped reading"));
      }
      child.stdin.write(`${JSON.stringify(message)}\n`, () => resolve());
    });
  }

  /**
   * Reports the connection closed at once, then ends the process group: end of input, SIGTERM, SIGKILL, each after
   * the one before had its share of the budget. Resolves when the process has exited; idempotent, never rejects.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #spawn(): ChildProcessWithoutNullStreams {
    const { command, args, cwd, env } = this.config;
    const child = spawn(command, args, {
      cwd,
      env: childEnvironment(this.options.baseEnv, env),
      detached: process.platform !== "win32", // leads its own group; on Windows it would only get a window
      windowsHide: true,
      shell: false,
      stdio: ["pipe", "pipe", "pipe"],
    });
    this.#exited = new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", () => {
        if (child.pid === undefined) resolve(); // never started, so it never exits
      });
    });
    child.once("exit", (code, signal) => this.#onExit(code, signal));
    child.once("close", () => this.#reportClosed());
    child.stdout.on("data", (chunk: Buffer) => this.#read(chunk));
    child.stdout.once("end", () => this.#closeWhenDrained());
    child.stderr.on("data", (chunk: Buffer) => this.stderr.push(chunk));
    child.stdin.once("error", () => this.#closeWhenDrained());
    // An 'error' event without a listener would end our process.
    for (const stream of [child, child.stdin, child.stdout, child.stderr]) {
      stream.on("error", (error: Error) => this.onerror?.(error));
    }
    return child;
  }

  #read(chunk: Buffer): void {
    if (this.#closed) return;
    try {
      this.#lines.push(chunk, (line) => this.#receive(line));
    } catch (error) {
      this.#ending ??= `it sent ${error instanceof Error ? error.message : error}`;
      void this.close();
    }
  }

  #receive(line: string): void {
    const message = parseLine(line);
    if (message) this.onmessage?.(message);
    else if (line.trim() !== "") this.#stray = addStray(this.#stray, line);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#ending ??= signal ? `it was ended by ${signal}` : `it exited with code ${code}`;
    void this.#endGroup(); // what it started must not outlive it
    this.#closeWhenDrained();
  }

  /** Closes soon even when a left-over process holds the pipes, or when only one of the pipes has broken. */
  #closeWhenDrained(): void {
    if (this.#closed) return;
    this.#drain ??= setTimeout(() => {
      this.#ending ??= "it closed its input or output";
      void this.close();
    }, DRAIN_MS);
  }

  async #close(): Promise<void> {
    this.#ending ??= "it was closed";
    this.#reportClosed();
    const child = this.#child;
    if (!child) return;
    child.stdin.end();
    await Promise.race([this.#exited, delay(this.#graceMs, undefined, { ref: false })]);
    await this.#endGroup();
    await this.#exited;
    for (const stream of child.stdio) stream?.destroy(); // a process that left the group may still hold them
  }

  #endGroup(): Promise<void> {
    const leader = this.pid;
    this.#groupEnd ??= leader === null ? Promise.resolve() : endProcessGroup(leader, this.#graceMs);
    return this.#groupEnd;
  }

  #reportClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    if (this.#drain) clearTimeout(this.#drain);
    this.onclose?.();
  }
}

function started(child: ChildProcessWithoutNullStreams): Promise<void> {
  return new Promise((resolve, reject) => {
    child.once("spawn", resolve);
    child.once("error", reject);
  });
}

function addStray(stray: StrayOutput, line: string): StrayOutput {
  const sample = stray.lines === 0 ? line.slice(0, SAMPLE_LENGTH) : stray.sample;
  return { lines: stray.lines + 1, sample };
}
