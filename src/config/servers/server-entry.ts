/** The schema of an entry under `mcpServers`: a transport, and settings for the server's calls and tools. */
import { z } from "zod";
import { MOST } from "../../core/run/limits.js";
import { Pattern, Patterns, Seconds } from "../../yaml/shared-fields.js";

/** The reaction to a call whose effect is in doubt. */
export const OnUnknownChoice = z.enum(["tell", "stop", "ask"]);

const ToolName = z.string().regex(/^[^*]+$/, 'has to name one tool, without "*"');

export const LONGEST_SERVER_NAME = 40;

export const ServerName = z
  .string()
  .regex(
    /^[A-Za-z0-9][A-Za-z0-9_-]{0,39}$/,
    `use at most ${LONGEST_SERVER_NAME} of A-Z, a-z, 0-9, _ and - in a server name, and begin with a letter or digit`,
  )
  // Claude Code's `mcp__server__tool` would name a tool of this server.
  .refine((name) => name !== "mcp", 'a server cannot be called "mcp": give it another name')
  // Otherwise `a_` + `b` and `a` + `_b` would share a qualified name.
  .refine((name) => !name.includes("__") && !name.endsWith("_"), 'a server name may not contain "__" or end in "_"');

const texts = z.record(z.string(), z.string());

const stdioKeys = { args: z.array(z.string()).optional(), env: texts.optional(), cwd: z.string().optional() };

const httpKeys = {
  headers: texts.optional(),
  bearer_token_env_var: z
    .string()
    .regex(/^[A-Za-z_][A-Za-z0-9_]*$/, "is the name of a variable, such as GITHUB_TOKEN")
    .optional(),
};

const NO_PROJECT_PATH = 'name a path from the project, such as ".env.test" or "**/AGENTS.md"';

/** A path from the project; `*` stands for any part of a name, `**` for any folders. */
const GuardedPath = z
  .string()
  .regex(/^(?![/~])[^[\](){}!#\\]+$/, NO_PROJECT_PATH)
  .refine((path) => !path.split("/").includes(".."), NO_PROJECT_PATH);

const policyKeys = {
  disabled: z.boolean().optional(),
  timeout_seconds: Seconds.optional(),
  tool_timeouts: z.record(Pattern, Seconds).optional(),
  idle_seconds: z.number().min(0).max(MOST.seconds).optional(),
  include_tools: Patterns.optional(),
  exclude_tools: Patterns.optional(),
  effects: z.record(Pattern, z.enum(["read_only", "idempotent", "effectful"])).optional(),
  pin: z.enum(["off", "warn", "enforce"]).optional(),
  on_unknown: OnUnknownChoice.optional(),
  probe: z.record(Pattern, ToolName).optional(),
  allow: z.array(z.enum(["sampling", "elicitation"])).optional(),
  allow_read: z.array(GuardedPath).optional(),
  allow_write: z.array(GuardedPath).optional(),
};

const Policy = z.object(policyKeys); // drops the keys of the transport

export const ServerEntry = z
  .strictObject({
    type: z.enum(["stdio", "http", "streamable-http", "sse"]).optional(),
    command: z.string().min(1).optional(),
    ...stdioKeys,
    url: z.string().optional(),
    ...httpKeys,
    ...policyKeys,
  })
  .superRefine((entry, context) => {
    const message = transportFault(entry);
    if (message !== null) context.addIssue({ code: "custom", message });
  });

export type ServerEntry = z.infer<typeof ServerEntry>;
export type ServerPolicy = z.infer<typeof Policy>;

/** Whether an entry has neither command nor url: it overrides settings of a server that another source defines. */
export function isOverlay(entry: ServerEntry): boolean {
  return entry.command === undefined && entry.url === undefined;
}

export function policyOf(entry: ServerEntry): ServerPolicy {
  return Policy.parse(entry);
}

/** Whether a URL begins with http:// or https://. Call it after expansion of variables. */
export function isWebAddress(url: string): boolean {
  return URL.canParse(url) && /^https?:$/.test(new URL(url).protocol);
}

type TransportKeys = Pick<ServerEntry, "type" | "command" | "url" | "headers" | "bearer_token_env_var">;

function transportFault(entry: TransportKeys): string | null {
  const { command, url, type } = entry;
  const misplaced = (keys: object) => Object.keys(keys).find((key) => Object.hasOwn(entry, key));
  if (command !== undefined && url !== undefined) return 'has both a "command" and a "url": keep one of them';
  if (command !== undefined) {
    const key = misplaced(httpKeys);
    if (key !== undefined) return `"${key}" belongs to a server with a "url"`;
    return type === undefined || type === "stdio" ? null : `a server of type ${type} needs a "url", not a "command"`;
  }
  const stdioKey = misplaced(stdioKeys);
  if (url === undefined) {
    const key = stdioKey ?? misplaced({ type, ...httpKeys });
    return key === undefined ? null : 'needs a "command" or a "url"';
  }
  if (stdioKey !== undefined) return `"${stdioKey}" belongs to a server with a "command"`;
  if (type === "stdio") return 'a server of type stdio needs a "command", not a "url"';
  if (!url.includes("${") && !isWebAddress(url)) return "its url has to begin with http:// or https://";
  const authorization = Object.keys(entry.headers ?? {}).some((name) => name.toLowerCase() === "authorization");
  return authorization && entry.bearer_token_env_var !== undefined
    ? 'has both "bearer_token_env_var" and an Authorization header: keep one of them'
    : null;
}
