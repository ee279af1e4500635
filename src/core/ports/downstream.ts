/** The user's MCP servers, as the runner uses them. */
import type { AfterUnknown } from "../definitions/server-config.js";
import type { CatalogTool } from "../tools/tool.js";
import type { Pin } from "./catalog-store.js";

/** A server or one of its tools that could not be had, in a sentence for the user. */
export interface ServerProblem {
  readonly server: string;
  /** The qualified name of the one tool that it is about. */
  readonly tool?: string;
  readonly code: string;
  readonly message: string;
  /** What the user can do about it, where the message does not say so itself. */
  readonly remedy?: string;
}

export interface Catalog {
  readonly tools: readonly CatalogTool[];
  readonly problems: readonly ServerProblem[];
}

/**
 * idle: not running and not asked for. starting: one attempt is being made. ready: running.
 * degraded: it broke and will be started again after a pause. failed: it will not be started again.
 */
export type ServerState = "idle" | "starting" | "ready" | "degraded" | "failed";

export interface ServerStatus {
  readonly name: string;
  /** The file that defines it. */
  readonly from: string;
  readonly transport: "stdio" | "http" | "sse" | null;
  readonly state: ServerState;
  /** Why it is degraded or failed, or is being started again. */
  readonly problem: ServerProblem | null;
  /** What it offers, or offered when it was last up; null where that was never seen. */
  readonly listing: Catalog | null;
  /** Its tools that are not as the user accepted them. */
  readonly pinFindings: readonly PinFinding[];
}

/** A tool that was changed since it was accepted, or that came to a server whose other tools were accepted without it. */
export interface PinFinding {
  /** Null for a tool that is new. */
  readonly accepted: Pin | null;
  readonly now: Pin;
  /** True where it is not in the catalog until it is accepted. */
  readonly withheld: boolean;
}

/** A piece of a result that is no text, kept whole. */
export interface Attachment {
  /** Such as image, audio, resource, structured. */
  readonly kind: string;
  readonly mimeType: string | null;
  /** Text as it is, bytes as base64. */
  readonly text: string;
}

export interface ToolAnswer {
  readonly isError: boolean;
  /** For the model; it names the attachments "attachment 1", "attachment 2" and so on. */
  readonly text: string;
  readonly attachments: readonly Attachment[];
}

export interface ToolProgress {
  readonly progress: number;
  readonly total: number | null;
  readonly message: string | null;
}

/** What a server asks a model through us. */
export interface SampleRequest {
  readonly server: string;
  readonly system: string | null;
  readonly messages: readonly { readonly role: "user" | "assistant"; readonly text: string }[];
}

export interface SampleReply {
  readonly model: string;
  readonly text: string;
}

/** One call: its limits, and who hears of it while it lasts. */
export interface CallOptions {
  readonly timeoutMs: number;
  readonly signal: AbortSignal;
  onProgress(progress: ToolProgress): void;
  /** Asks the model of the run that makes the call; the same function for calls that one run makes at a time. Throws with a reason for the server. */
  sample(request: SampleRequest, signal: AbortSignal): Promise<SampleReply>;
}

/** Servers kept up for one run. */
export interface ServerLease {
  /** Resolves when one start of each held server whose tools are not known has ended. Never rejects. */
  readonly ready: Promise<void>;
  /** Resolves when no held server is starting any more. Never rejects. */
  readonly settled: Promise<void>;
  /** Idempotent. */
  release(): void;
}

/** The user's MCP servers. */
export interface Downstream {
  readonly servers: readonly string[];
  /** In the order of the configuration; starts nothing. */
  status(): readonly ServerStatus[];
  /** The tools of the named servers as they are known now; the same object while nothing changes. Starts nothing. */
  catalog(servers: readonly string[]): Catalog;
  /** Starts those of the servers that are not up and keeps them up until released. */
  acquire(servers: readonly string[]): ServerLease;
  /** The tool as its server declares it now, or why it cannot be called. */
  current(tool: CatalogTool): CatalogTool | { readonly gone: string };
  /** Why these arguments are refused whatever the policy says, or null. */
  objection(tool: CatalogTool, args: Readonly<Record<string, unknown>>): Promise<string | null>;
  /** What is to be done where nobody knows whether a call of the tool, by its qualified name, had its effect. */
  afterUnknown(tool: string): AfterUnknown;
  /** Makes one call, once. Throws DownstreamError; an abort is passed on to the server and rejects at once. */
  call(tool: CatalogTool, args: Readonly<Record<string, unknown>>, options: CallOptions): Promise<ToolAnswer>;
  /** Ends every server's process group; idempotent. */
  close(): Promise<void>;
}
