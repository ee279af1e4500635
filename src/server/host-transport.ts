/** Speaks MCP with the host on stdin and stdout, one message a line. */
import type { Readable, Writable } from "node:stream";
import type { Transport } from "@modelcontextprotocol/sdk/shared/transport.js";
import { type JSONRPCMessage, JSONRPCMessageSchema } from "@modelcontextprotocol/sdk/types.js";
import { LineSplitter, type LongLine } from "../lib/line-splitter.js";

const CERTAIN_SIZE = 1024 * 1024; // bytes; for a larger message the limit of the configuration has to be known
const MIB = 1024 * 1024;
const INVALID_REQUEST = -32600; // JSON-RPC's code

export interface HostTransportOptions {
  readonly stdin: Readable;
  readonly stdout: Writable;
  /** The bytes of the largest message, at least CERTAIN_SIZE. Asked when a large message comes; never rejects. */
  largestMessage(): Promise<number>;
}

/**
 * Unlike the SDK's transport it reads a message in time linear in its size, skips one that is too large and answers it with an
 * error, and knows the version of the protocol.
 */
export class HostTransport implements Transport {
  onclose?: Transport["onclose"];
  onerror?: Transport["onerror"];
  onmessage?: Transport["onmessage"];
  /** The version that the answer to initialize has named; null before. */
  protocolVersion: string | null = null;

  readonly #lines = new LineSplitter(CERTAIN_SIZE, (line) => this.#refuse(line));
  #limitIsKnown = false;

  constructor(private readonly options: HostTransportOptions) {}

  async start(): Promise<void> {
    this.options.stdin.on("data", this.#read).on("error", this.#fail);
  }

  async send(message: JSONRPCMessage): Promise<void> {
    if ("result" in message && typeof message.result.protocolVersion === "string")
      this.protocolVersion = message.result.protocolVersion;
    const { stdout } = this.options;
    if (stdout.write(`${JSON.stringify(withOwnId(message, 1))}\n`)) return;
    await new Promise<void>((resolve) => stdout.once("drain", resolve));
  }

  async close(): Promise<void> {
    this.options.stdin.off("data", this.#read).off("error", this.#fail).pause();
    this.onclose?.();
  }

  readonly #read = (chunk: Buffer): void => {
    if (this.#limitIsKnown || this.#lines.unfinished + chunk.length <= CERTAIN_SIZE) {
      this.#lines.push(chunk, (line) => this.#receive(line));
      return;
    }
    const { stdin, largestMessage } = this.options;
    stdin.pause();
    void largestMessage().then((bytes) => {
      this.#lines.maxBytes = bytes;
      this.#limitIsKnown = true;
      this.#read(chunk);
      stdin.resume();
    });
  };

  readonly #fail = (error: Error): void => this.onerror?.(error);

  /** A line that is no message is left out, as the protocol's own transport does. */
  #receive(line: string): void {
    let message: JSONRPCMessage;
    try {
      message = JSONRPCMessageSchema.parse(JSON.parse(line));
    } catch (error) {
      this.onerror?.(error instanceof Error ? error : new Error(String(error)));
      return;
    }
    this.onmessage?.(withOwnId(message, -1));
  }

  /** Written here, because the SDK knows no error without an id. */
  #refuse(line: LongLine): void {
    const most = `a message may have ${Math.floor(this.#lines.maxBytes / MIB)} MiB (limits.max_message_mb)`;
    const error = { code: INVALID_REQUEST, message: `the message is too large: ${most}; it was not read` };
    this.options.stdout.write(`${JSON.stringify({ jsonrpc: "2.0", id: idIn(line), error })}\n`);
  }
}

/**
 * Moves the ids of our own requests, in them, in their answers and where they are cancelled: the SDK counts from 0, and its
 * clients take no notice when the request 0 is cancelled.
 */
function withOwnId(message: JSONRPCMessage, step: 1 | -1): JSONRPCMessage {
  const isOurs = "method" in message === (step === 1); // we send requests, and receive answers
  if ("id" in message && typeof message.id === "number" && isOurs) return { ...message, id: message.id + step };
  const cancels = step === 1 && "method" in message && message.method === "notifications/cancelled";
  const requestId = cancels ? message.params?.requestId : null;
  if (!cancels || typeof requestId !== "number") return message;
  return { ...message, params: { ...message.params, requestId: requestId + step } };
}

const SCALAR = String.raw`(?:"(?:[^"\\]|\\.)*"|-?\d+|null)`;
const LEADING_ID = new RegExp(String.raw`^\s*\{(?:\s*"(?!id")\w+"\s*:\s*${SCALAR}\s*,)*\s*"id"\s*:\s*(${SCALAR})\s*,`);
const TRAILING_ID = new RegExp(String.raw`,\s*"id"\s*:\s*(${SCALAR})\s*(?:,\s*"(?!id")\w+"\s*:\s*${SCALAR}\s*)*\}\s*$`);

/** The id of a request, where it stands among the first fields or the last: elsewhere a field of that name may be another's. */
function idIn({ head, tail }: LongLine): string | number | null {
  const [, found] = LEADING_ID.exec(head) ?? TRAILING_ID.exec(tail) ?? [];
  const id: unknown = found === undefined ? null : JSON.parse(found);
  return typeof id === "string" || typeof id === "number" ? id : null;
}
