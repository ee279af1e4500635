/** What an MCP tool of ours is made of. */
import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import type { z } from "zod";
import type { HostSession } from "../core/ports/run-store.js";
import type { StoredEvent } from "../core/run/event.js";
import type { HostProfile } from "../hosts/host-profile.js";
import type { Runtime } from "../runner/runtime.js";

/** One call of a tool, and who makes it. */
export interface ToolContext {
  readonly runtime: Runtime;
  readonly host: HostProfile;
  /** The session of this host connection. */
  readonly session: HostSession;
  /** Aborts when the host cancels the call, or when legwork shuts down. */
  readonly signal: AbortSignal;
  /** Tells the host what has just happened, if it asked to be told. */
  onEvent(runId: string, events: readonly StoredEvent[]): void;
}

/** What a tool answers: the same object goes out as structured content and as text. */
export type Answer = Readonly<Record<string, unknown>>;

export interface Tool {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** Gets arguments that `input` has parsed. Throws RequestError, ConfigError or StoreError. */
  handle(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<Answer>;
}

/** Ties a handler's arguments to the schema that they are parsed with. */
export function defineTool<S extends z.ZodObject>(tool: {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly annotations: ToolAnnotations;
  readonly input: S;
  readonly output: z.ZodObject;
  handle(args: z.infer<S>, context: ToolContext): Promise<Answer>;
}): Tool {
  return { ...tool, handle: (args, context) => tool.handle(args as z.infer<S>, context) };
}
