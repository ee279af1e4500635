/** What may stand in a config.yaml. */
import { z } from "zod";
import { READ_ONLY_ENTRY } from "../core/gate.js";
import { MOST } from "../core/limits.js";
import { patternFault } from "../core/tool.js";

const seconds = z.number().positive().max(MOST.seconds);

const Pattern = z.string().superRefine((pattern, context) => {
  const fault = patternFault(pattern);
  if (fault !== null) context.addIssue({ code: "custom", message: fault });
});
const Patterns = z.array(Pattern);

const ServerName = z
  .string()
  .regex(/^[A-Za-z0-9_-]{1,40}$/, "a server name is at most 40 of A-Z, a-z, 0-9, _ and -")
  // Otherwise `a_` + `b` and `a` + `_b` would share a qualified name.
  .refine((name) => !name.includes("__") && !name.endsWith("_"), 'a server name has no "__" and does not end in "_"');

const Server = z
  .strictObject({
    type: z.literal("stdio").optional(),
    url: z.never({ error: "servers over HTTP are not supported yet: give a command" }).optional(),
    command: z.string().min(1).optional(),
    args: z.array(z.string()).optional(),
    env: z.record(z.string(), z.string()).optional(),
    cwd: z.string().optional(),
    disabled: z.boolean().optional(),
    timeout_seconds: seconds.optional(),
    include_tools: Patterns.optional(),
    exclude_tools: Patterns.optional(),
    effects: z.record(Pattern, z.enum(["read_only", "idempotent", "effectful"])).optional(),
  })
  .refine((server) => server.disabled === true || server.command !== undefined, {
    message: 'needs a "command" (or "disabled: true")',
  });

const Limits = z.strictObject({
  max_turns: z.int().min(1).max(MOST.maxTurns).optional(),
  timeout_seconds: seconds.optional(),
  tool_timeout_seconds: seconds.optional(),
  stall_seconds: seconds.optional(),
  max_depth: z.literal(1, "agents cannot spawn agents yet, so max_depth is 1").optional(),
  max_concurrent_runs: z.int().min(1).max(MOST.concurrentRuns).optional(),
});

const common = {
  provider: z.enum(["gemini", "rehearsal"]).optional(),
  model: z.string().min(1).optional(),
  mcpServers: z.record(ServerName, Server).optional(),
  tools: z.array(Pattern).describe(`tool patterns, or "${READ_ONLY_ENTRY}"`).optional(),
  blocked_tools: Patterns.optional(),
  limits: Limits.optional(),
};

const usersOnly = z.never({ error: "may stand only in your own config.yaml, not in a project's" }).optional();

/** `.legwork/config.yaml` of a project: it cannot say where keys are sent, nor which variables it may read. */
export const ProjectConfigFile = z.strictObject({
  ...common,
  providers: usersOnly,
  expose_env: usersOnly,
  log: usersOnly,
});

/** `$LEGWORK_HOME/config.yaml`. */
export const UserConfigFile = z.strictObject({
  ...common,
  providers: z
    .strictObject({
      gemini: z.strictObject({ base_url: z.url().optional() }).optional(),
    })
    .optional(),
  expose_env: z.array(z.string()).optional(),
  log: z.strictObject({ level: z.enum(["debug", "info", "warn", "error"]).optional() }).optional(),
});

export type ConfigFile = z.infer<typeof UserConfigFile>;
export type ServerEntry = z.infer<typeof Server>;

/** A configuration file that was read, and where it lies. */
export interface LoadedFile {
  readonly file: string;
  readonly value: ConfigFile;
}
