/** The user's MCP servers, as the runner uses them. */
import type { AfterUnknown } from "../definitions/server-config.js";
import type { SeenFile } from "../tools/seen-file.js";
import type { CatalogTool } from "../tools/tool.js";
import type { Pin } from "./catalog-store.js";

/** A server, or one of its tools, that is not available, with a sentence for the user. */
export interface ServerProblem {
  readonly server: string;
  /** The qualified name of the tool, where the problem concerns one tool only. */
  readonly tool?: string;
  readonly code: string;
  readonly message: string;
  /** A remedy for the user, where the message names none. */
  readonly remedy?: string;
}

export interface Catalog {
  readonly tools: readonly CatalogTool[];
  readonly problems: readonly ServerProblem[];
}

/**
 * idle: not running, and no run needs it. starting: one attempt to start it is under way. ready: running.
 * degraded: it broke, and legwork restarts it after a pause. failed: legwork does not start it again.
 */
export type ServerState = "idle" | "starting" | "ready" | "degraded" | "failed";

export interface ServerStatus {
  readonly name: string;
  /** Its name in the file that defines it, where that is not its name here. */
  readonly writtenName?: string;
  /** The file that defines it. */
  readonly from: string;
  readonly transport: "stdio" | "http" | "sse" | null;
  readonly state: ServerState;
  /** Why it is degraded or failed, or why it is starting again. */
  readonly problem: ServerProblem | null;
  /** Seconds that it may take to start; null for one that cannot be used. */
  readonly startTimeoutSeconds: number | null;
  /** Its tools now, or when it last ran; null where it has never listed them. */
  readonly listing: Catalog | null;
  /** Its tools that differ from those the user accepted. */
  readonly pinFindings: readonly PinFinding[];
}

/** A tool that has changed since the user accepted it, or that is new on a server whose tools the user accepted. */
export interface PinFinding {
  /** Null for a new tool. */
  readonly accepted: Pin | null;
  readonly now: Pin;
  /** True where the catalog leaves it out until the user accepts it. */
  readonly withheld: boolean;
}

/** A part of a result that is not text, stored whole. */
export interface Attachment {
  /** Such as image, audio, resource, structured. */
  readonly kind: string;
  readonly mimeType: string | null;
  /** Text as received, bytes in base64. */
  readonly text: string;
}

export interface ToolAnswer {
  readonly isError: boolean;
  /** Text for the model; it refers to attachment number n, from 1, as "attachment n". */
  readonly text: string;
  readonly attachments: readonly Attachment[];
  /** The files that the caller has seen by it. */
  readonly files?: readonly SeenFile[];
}

/** A tool as its server declares it now, or why it cannot be called. */
export type CurrentTool =
  | { readonly kind: "declared"; readonly tool: CatalogTool }
  | { readonly kind: "gone"; readonly reason: string };

export interface ToolProgress {
  readonly progress: number;
  readonly total: number | null;
  readonly message: string | null;
}

/** A request of a server to the model of the run, sent through legwork. */
export interface SampleRequest {
  readonly server: string;
  readonly system: string | null;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
}

export interface SampleReply {
  readonly model: string;
  readonly text: string;
}

/** Limits and callbacks of one call. */
export interface CallOptions {
  readonly timeoutMs: number;
  /** Each report of progress gives the call its time limit anew, up to so many times the limit in all. */
  readonly mostExtension: number;
  readonly signal: AbortSignal;
  /** The files that the caller has seen so far, the oldest first; legwork tells them only to its own server of files. */
  readonly files?: readonly SeenFile[];
  onProgress(progress: ToolProgress): void;
  /** Asks the model of the calling run; simultaneous calls of one run share this function. Rejects with a reason for the server. */
  sample(request: SampleRequest, signal: AbortSignal): Promise<SampleReply>;
}

/** Servers kept running for one run. */
export interface ServerLease {
  /**
   * Resolves when each leased server without known tools has ended its first attempt to start, and after 10 s in any
   * case: its tools come in later. Never rejects.
   */
  readonly ready: Promise<void>;
  /** The same for each leased server, with known tools or without. Never rejects. */
  readonly tried: Promise<void>;
  /** Resolves when no leased server is starting any more. Never rejects. */
  readonly settled: Promise<void>;
  /** Idempotent. */
  release(): void;
}

/** The user's MCP servers. */
export interface Downstream {
  readonly servers: readonly string[];
  /** Why there is no server of this name: it is switched off, or nothing defines it. */
  whyAbsent(server: string): string;
  /** In the order of the configuration; starts nothing. */
  status(): readonly ServerStatus[];
  /** The known tools of the named servers; the same object while nothing changes. Starts nothing. */
  catalog(servers: readonly string[]): Catalog;
  /** Starts the servers that are not running and keeps all of them running until the lease is released. */
  acquire(servers: readonly string[]): ServerLease;
  current(tool: CatalogTool): CurrentTool;
  /** The configured reaction to an in-doubt call of the tool with this qualified name. */
  afterUnknown(tool: string): AfterUnknown;
  /** Makes one call, once. Rejects with DownstreamError; an abort cancels the call at the server and rejects at once. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ToolAnswer>;
  /** Ends the process group of every server. Idempotent. */
  close(): Promise<void>;
}
