/** A downstream server as the user configured it. */
import type { Effect } from "../tools/tool.js";

export interface EffectOverride {
  readonly pattern: string;
  readonly effect: Effect;
}

/** The time limit for calls of the tools that a pattern names. */
export interface ToolTimeout {
  readonly pattern: string;
  readonly seconds: number;
}

/** After an in-doubt call. tell: the agent learns of it and decides. stop: the run ends as blocked. ask: legwork asks a person. */
export type OnUnknown = "tell" | "stop" | "ask";

/** A tool that finds out whether a call of the tools that the pattern names had its effect. */
export interface Probe {
  readonly pattern: string;
  /** The qualified name of the probe. */
  readonly tool: string;
}

export interface AfterUnknown {
  readonly action: OnUnknown;
  /** The qualified name of the tool that finds out whether the call had its effect. */
  readonly probe: string | null;
}

/** The transport of a server, with variables expanded. */
export type TransportConfig =
  | {
      readonly kind: "stdio";
      readonly command: string;
      readonly args: readonly string[];
      /** Declared variables; the server gets no others of legwork's environment. */
      readonly env: Readonly<Record<string, string>>;
      readonly cwd: string;
      /** Whether it starts away from the project because the user has not trusted that. */
      readonly isAway: boolean;
    }
  /** http: streamable HTTP, or the older SSE transport where the server supports only that. sse: the older transport only. */
  | { readonly kind: "http" | "sse"; readonly url: string; readonly headers: Readonly<Record<string, string>> };

/** The reaction to a changed tool definition: none, a warning, or the tool is withheld until the user accepts the change. */
export type PinMode = "off" | "warn" | "enforce";

export interface ServerConfig {
  readonly name: string;
  /** Its name in the file that defines it, where that is not legal here: patterns of other hosts are made of it. */
  readonly writtenName?: string;
  /** The file that defines it. */
  readonly from: string;
  readonly transport: TransportConfig;
  /** SHA-256 of the definition as it is written, with no secrets expanded: the key of the stored catalog of the server. */
  readonly definitionHash: string;
  /** Seconds that it may take to start and to list its tools. */
  readonly startTimeoutSeconds: number;
  /** Seconds that a call of this server may take; null for the general limit. */
  readonly timeoutSeconds: number | null;
  /** The last pattern that matches a tool gives its time limit, which overrides the limit of the server. */
  readonly toolTimeouts: readonly ToolTimeout[];
  /** Seconds that it keeps running while no run holds a lease on it. */
  readonly idleSeconds: number;
  /** Tool patterns; null for all tools. */
  readonly includeTools: readonly string[] | null;
  readonly excludeTools: readonly string[];
  /** The last pattern that matches a tool decides its effect. */
  readonly effects: readonly EffectOverride[];
  readonly pin: PinMode;
  readonly onUnknown: OnUnknown;
  /** The last pattern that matches a tool gives its probe. */
  readonly probes: readonly Probe[];
  /** Requests that the server may send besides the one for the project folder. */
  readonly allow: { readonly sampling: boolean; readonly elicitation: boolean };
  /** Whether it is legwork's own server of files: it tells which files a run has seen, and gets them back when the run writes. */
  readonly tracksFiles: boolean;
}

/** A server whose definition cannot be used; `fault` says what to change. */
export interface BrokenServer {
  readonly name: string;
  readonly writtenName?: string;
  readonly from: string;
  readonly fault: string;
}

/** A server that a file switches off. */
export interface DisabledServer {
  readonly name: string;
  readonly writtenName?: string;
  /** The file with `disabled`. */
  readonly from: string;
}

export const DEFAULT_START_TIMEOUT_SECONDS = 60; // a first start by npx or uvx downloads a package

export const DEFAULT_IDLE_SECONDS = 300; // long enough for a person to read an answer and ask again
