/** Speaks MCP with a child process that leads a process group of its own. */
import type { ChildProcessWithoutNullStreams } from "node:child_process";
import type { Readable } from "node:stream";
import { setTimeout as delay } from "node:timers/promises";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import type { JSONRPCMessage } from "@modelcontextprotocol/sdk/types.js";
import { spawn } from "cross-spawn"; // finds and quotes commands that Windows runs only through its command interpreter, such as npx
import { codeOf } from "../../lib/code-of.js";
import { LineSplitter } from "../../lib/line-splitter.js";
import { cutTo } from "../../lib/text.js";
import { childEnvironment } from "../process/child-environment.js";
import { MARKER_VARIABLE } from "../process/escaped-processes.js";
import { endProcessGroup } from "../process/process-group.js";
import { handOn, parseLine } from "./json-rpc-line.js";
import { OutputTail } from "./output-tail.js";
import { PacedTexts } from "./paced-texts.js";
import { CLOSED_BY_US, type ServerTransport, type TransportOptions } from "./server-transport.js";
import { type StdioConfig, toSpawnError } from "./spawn-error.js";

const MOST_UNREAD = 64 * 1024 * 1024; // bytes that a server may leave unread
const MAX_MESSAGE_BYTES = 64 * 1024 * 1024; // a screenshot or a large file fits, and a server cannot fill our memory
const STDERR_TAIL_BYTES = 64 * 1024;
const SAMPLE_LENGTH = 200; // characters of a line that is no message, enough to recognize its author
const CLOSE_BUDGET_MS = 1_500; // the whole process has 2 s to shut down
const GRACE_SHARE = 0.4; // of the budget, once after stdin ends and once after SIGTERM; the rest is for SIGKILL
const LEAST_ESCAPE_MS = 100; // for processes that have left the group, even where the group used up the budget
const LAST_LINES = 3; // lines of stderr that go into an error text
const LONGEST_LINE = 500; // characters of one of them
const LONGEST_READ = 16 * 1024; // characters of a line that are redacted before it is cut to its shown length
const DRAIN_MS = 250; // the last output of a dead server is read within this; a child that holds the pipe may never close it

interface OtherOutput {
  readonly lines: number;
  /** The start of the first line. */
  readonly sample: string;
}

/** One process from start() to close(); it is not started twice. */
export class StdioTransport implements ServerTransport {
  onclose?: Transport["onclose"];
  onerror?: Transport["onerror"];
  onmessage?: Transport["onmessage"];

  readonly isRemote = false;
  readonly #stderr = new OutputTail(STDERR_TAIL_BYTES);
  readonly #splitter = new LineSplitter(MAX_MESSAGE_BYTES);
  readonly #pace = new PacedTexts((line) => this.#receive(line));
  readonly #marker: string;
  readonly #budgetMs: number;
  #child: ChildProcessWithoutNullStreams | null = null;
  #exited: Promise<void> = Promise.resolve();
  #ending: string | null = null;
  #otherOutput: OtherOutput = { lines: 0, sample: "" };
  #closed = false;
  #closing: Promise<void> | null = null;
  #groupEnd: Promise<void> | null = null;
  #drain: NodeJS.Timeout | null = null;

  constructor(
    private readonly server: string,
    private readonly transport: StdioConfig,
    private readonly options: TransportOptions,
  ) {
    this.#budgetMs = options.closeBudgetMs ?? CLOSE_BUDGET_MS;
    this.#marker = options.reaper.nextMarker();
  }

  /** Also the id of its process group; null where the process could not be started. */
  get pid(): number | null {
    return this.#child?.pid ?? null;
  }

  get closed(): boolean {
    return this.#closed;
  }

  get ending(): string | null {
    return this.#ending;
  }

  /** The end of its stderr, and the first line on stdout that is no message: a server that logs there is broken. */
  lastOutput(): string {
    const lines = this.#stderr.lastLines(LAST_LINES).map((line) => this.#shown(line, LONGEST_LINE));
    const { lines: others, sample } = this.#otherOutput;
    const words: string[] = [];
    if (lines.length > 0) words.push(`its last words on stderr: ${lines.join(" / ")}`);
    if (others > 0) words.push(`${others} lines on its stdout were no messages, the first: ${sample}`);
    return words.join("; ");
  }

  async start(): Promise<void> {
    try {
      this.#child = this.#spawn();
      await started(this.#child);
    } catch (error) {
      throw await toSpawnError(this.server, this.transport, error);
    }
  }

  /** Resolves even when the pipe breaks: then the connection closes, which ends the calls in flight. */
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
   * Reports the connection closed at once, then ends the process group by end of input, SIGTERM and SIGKILL, each after
   * a share of the budget, and the processes that have left the group. Resolves when the process has exited.
   * Idempotent, never rejects.
   */
  close(): Promise<void> {
    this.#closing ??= this.#close();
    return this.#closing;
  }

  #spawn(): ChildProcessWithoutNullStreams {
    const { command, args, cwd, env } = this.transport;
    const child = spawn(command, args, {
      cwd,
      env: childEnvironment(this.options.baseEnv, { ...env, [MARKER_VARIABLE]: this.#marker }),
      detached: process.platform !== "win32", // makes it lead its own group; on Windows it would only open a window
      windowsHide: true,
      shell: false,
      stdio: ["pipe", "pipe", "pipe"],
    });
    if (child.pid !== undefined) this.options.reaper.add(child.pid);
    this.#exited = new Promise((resolve) => {
      child.once("exit", () => resolve());
      child.once("error", (error) => {
        if (child.pid !== undefined && !isMissingCommand(error)) return;
        this.#ending ??= `its command "${command}" was not found`;
        resolve(); // it never started, so it never exits
      });
    });
    child.once("exit", (code, signal) => this.#onExit(code, signal));
    child.once("close", () => this.#reportClosed());
    child.stdout.on("data", (chunk: Buffer) => this.#read(chunk, child.stdout));
    child.stdout.once("end", () => this.#closeWhenDrained());
    child.stderr.on("data", (chunk: Buffer) => this.#stderr.push(chunk));
    child.stdin.once("error", () => this.#closeWhenDrained());
    // An 'error' event without a listener would crash our process.
    for (const stream of [child, child.stdin, child.stdout, child.stderr]) {
      stream.on("error", (error: Error) => this.onerror?.(error));
    }
    return child;
  }

  #read(chunk: Buffer, stdout: Readable): void {
    if (this.#closed) return;
    try {
      const lines: string[] = [];
      this.#splitter.push(chunk, (line) => lines.push(line));
      const rest = this.#pace.push(lines);
      if (rest === null) return;
      stdout.pause(); // meanwhile the pipe holds the server up
      void rest.then(() => stdout.resume());
    } catch (error) {
      this.#ending ??= `it sent ${error instanceof Error ? error.message : error}`;
      void this.close();
    }
  }

  #receive(line: string): number {
    const messages = parseLine(line);
    if (messages.length === 0 && line.trim() !== "") this.#addOther(line);
    return handOn(messages, (message) => this.onmessage?.(message));
  }

  #addOther(line: string): void {
    const { lines, sample } = this.#otherOutput;
    this.#otherOutput = { lines: lines + 1, sample: lines === 0 ? this.#shown(line, SAMPLE_LENGTH) : sample };
  }

  #shown(line: string, most: number): string {
    return cutTo(this.options.redact.text(line.slice(0, LONGEST_READ)), most);
  }

  #onExit(code: number | null, signal: NodeJS.Signals | null): void {
    this.#ending ??= signal ? `it was ended by ${signal}` : `it exited with code ${code}`;
    void this.#endGroup(performance.now() + this.#budgetMs); // the processes that it started must not outlive it
    this.#closeWhenDrained();
  }

  /** Closes after a moment, even where a remaining process holds the pipes or only one pipe has broken. */
  #closeWhenDrained(): void {
    if (this.#closed) return;
    this.#drain ??= setTimeout(() => {
      this.#ending ??= "it closed its input or output";
      void this.close();
    }, DRAIN_MS);
  }

  async #close(): Promise<void> {
    this.#ending ??= CLOSED_BY_US;
    this.#reportClosed();
    const child = this.#child;
    if (!child) return;
    const deadline = performance.now() + this.#budgetMs;
    child.stdin.end();
    await Promise.race([this.#exited, delay(this.#graceMs, undefined, { ref: false })]);
    await this.#endGroup(deadline);
    await this.#exited;
    for (const stream of child.stdio) stream?.destroy(); // a process that has left the group may still hold them
  }

  get #graceMs(): number {
    return this.#budgetMs * GRACE_SHARE;
  }

  #endGroup(deadline: number): Promise<void> {
    const leader = this.pid;
    this.#groupEnd ??= leader === null ? Promise.resolve() : this.#endAll(leader, deadline);
    return this.#groupEnd;
  }

  async #endAll(leader: number, deadline: number): Promise<void> {
    const { reaper } = this.options;
    const isGone = await endProcessGroup(leader, this.#graceMs);
    await reaper.endEscaped(this.#marker, Math.max(LEAST_ESCAPE_MS, deadline - performance.now()));
    if (isGone) reaper.remove(leader);
  }

  #reportClosed(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#pace.stop();
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

/** On Windows, cross-spawn reports a missing command only after the start, in place of an exit. */
function isMissingCommand(error: unknown): boolean {
  return process.platform === "win32" && codeOf(error) === "ENOENT";
}
