/** A downstream server as the user configured it. */
import type { Effect } from "../tools/tool.js";

/** Protects the files of the project that steer agents and hosts from being changed through a file server. */
export interface WorkspaceGuard {
  /** The project folder, which is also where the server resolves relative paths. */
  readonly root: string;
  /** legwork's own folder, which may lie in the project under any name. */
  readonly home: string;
}

export interface EffectOverride {
  readonly pattern: string;
  readonly effect: Effect;
}

/** A limit for the calls of the tools that a pattern names. */
export interface ToolTimeout {
  readonly pattern: string;
  readonly seconds: number;
}

/** tell: the agent is told and decides. stop: the run ends as blocked, and a person decides. ask: a person is asked. */
export type OnUnknown = "tell" | "stop" | "ask";

/** A tool that tells whether a call of those that the pattern names had its effect. */
export interface Probe {
  readonly pattern: string;
  /** Its qualified name. */
  readonly tool: string;
}

export interface AfterUnknown {
  readonly action: OnUnknown;
  /** The qualified name of the tool that tells whether it happened. */
  readonly probe: string | null;
}

/** The transport of a server, with variables expanded. */
export type TransportConfig =
  | {
      readonly kind: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      /** Declared variables; the rest of our environment does not reach the server. */
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
    }
  /** http is streamable HTTP, and the older SSE transport where the server knows only that; sse is that one alone. */
  | { readonly kind: "http" | "sse"; readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** What a change of a tool's definition means: nothing, a warning, or that the tool is withheld until it is accepted. */
export type PinMode = "off" | "warn" | "enforce";

export interface ServerConfig {
  readonly name: string;
  /** The file that defines it. */
  readonly from: string;
  readonly transport: TransportConfig;
  /** SHA-256 of the definition as it is written, so that it holds no secret: names what the server was known to offer. */
  readonly definitionHash: string;
  /** The server's own limit for a call, in place of the general one. */
  readonly timeoutSeconds: number | null;
  /** The last pattern that matches a tool gives its limit, before the server's. */
  readonly toolTimeouts: readonly ToolTimeout[];
  /** How long it stays up while no run holds it. */
  readonly idleSeconds: number;
  /** Tool patterns; null includes all. */
  readonly includeTools: readonly string[] | null;
  readonly excludeTools: readonly string[];
  /** The last pattern that matches a tool decides its effect. */
  readonly effects: readonly EffectOverride[];
  readonly pin: PinMode;
  readonly onUnknown: OnUnknown;
  /** The last pattern that matches a tool gives its probe. */
  readonly probes: readonly Probe[];
  /** What the server may ask of us besides the project folder. */
  readonly allow: { readonly sampling: boolean; readonly elicitation: boolean };
  readonly guard: WorkspaceGuard | null;
}

/** A server whose definition cannot be used; `fault` says what to change. */
export interface BrokenServer {
  readonly name: string;
  readonly from: string;
  readonly fault: string;
}

export const DEFAULT_IDLE_SECONDS = 300; // long enough for a person to read an answer and ask on
