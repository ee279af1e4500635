/** An MCP tool: its schemas and its handler. */
import type { ToolAnnotations } from "@modelcontextprotocol/sdk/types.js";
import type { z } from "zod";
import type { ReadReply } from "../core/journal/history-state.js";
import type { HostSession, RunStore } from "../core/ports/run-store.js";
import type { Redact } from "../core/redact.js";
import type { HostLimits } from "../hosts/host.js";
import type { Runner } from "../runner/create-runner.js";
import type { View } from "../views/fit-run-view.js";
import type { RunViewDeps } from "../views/run-view.js";
import type { Progress } from "./progress.js";

/** The parts of legwork that tools use, opened at the first call in the process. */
export interface Legwork {
  readonly project: string;
  readonly store: RunStore;
  readonly runner: Runner;
  readonly readReply: ReadReply;
  readonly redact: Redact;
  /** Resolves when `redact` knows every secret that can be read, also where the configuration is broken. */
  secretsKnown(): Promise<void>;
  newId(prefix: "ses"): string;
}

/** One call of a tool and its caller. */
export interface ToolContext extends Legwork {
  readonly host: HostLimits;
  /** The session of this host connection. */
  readonly session: HostSession;
  /** Aborts when the host cancels the call or legwork shuts down. */
  readonly signal: AbortSignal;
  /** Tells the host what goes on, if it asked for that. */
  readonly progress: Omit<Progress, "stop">;
}

/** The answer of a tool, sent both as structured content and as text. */
export type Answer = View;

/** The dependencies of the view of a run that this process may work on. */
export function viewDeps({ store, readReply, runner }: Legwork): RunViewDeps {
  const { troubleOf, obstacleTo, isAskedByForm } = runner;
  return { store, readReply, troubleOf, obstacleTo, isAskedByForm };
}

export interface Tool {
  readonly name: string;
  readonly title: string;
  /** Has to stand alone: many hosts show no instructions, and have tools of the same names. */
  readonly description: string;
  /** Words by which a host finds the tool; null for a tool that it should always offer. */
  readonly searchHint: string | null;
  readonly annotations: ToolAnnotations;
  readonly input: z.ZodObject;
  readonly output: z.ZodObject;
  /** Receives arguments parsed by `input`. Rejects with RequestError, ConfigError or StoreError. */
  handle(args: Readonly<Record<string, unknown>>, context: ToolContext): Promise<Answer>;
}

/** Gives the arguments of a handler the type of its input schema. */
export function defineTool<S extends z.ZodObject>(tool: {
  readonly name: string;
  readonly title: string;
  readonly description: string;
  readonly searchHint: string | null;
  readonly annotations: ToolAnnotations;
  readonly input: S;
  readonly output: z.ZodObject;
  handle(args: z.infer<S>, context: ToolContext): Promise<Answer>;
}): Tool {
  return { ...tool, handle: (args, context) => tool.handle(args as z.infer<S>, context) };
}
