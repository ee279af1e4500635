/** A downstream server as the user configured it. */
import type { Effect } from "./tool.js";

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

/** Expanded and ready to be started. */
export interface ServerConfig {
  readonly name: string;
  readonly command: string;
  readonly args: readonly string[];
  /** Declared variables; the rest of our environment does not reach the server. */
  readonly env: Readonly<Record<string, string>>;
  readonly cwd: string;
  /** The server's own limit for a call, in place of the general one. */
  readonly timeoutSeconds: number | null;
  /** Tool patterns; null includes all. */
  readonly includeTools: readonly string[] | null;
  readonly excludeTools: readonly string[];
  /** The last pattern that matches a tool decides its effect. */
  readonly effects: readonly EffectOverride[];
  readonly guard: WorkspaceGuard | null;
}
