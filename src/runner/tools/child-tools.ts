/** The tools by which an agent works with agents of its own. */
import type { ToolDeclaration } from "../../core/run/message.js";
import { CANCEL_RUN, type Effect, GET_RUN, SPAWN_AGENT, WAIT_FOR_RUNS } from "../../core/tools/tool.js";
import { ChildArguments } from "./arguments.js";
import { toPlainSchema } from "./plain-schema.js";

/** Repeated after a crash, a spawn finds the run that it made before. */
const EFFECTS: ReadonlyMap<string, Effect> = new Map([
  [SPAWN_AGENT, "idempotent"],
  [WAIT_FOR_RUNS, "read_only"],
  [GET_RUN, "read_only"],
  [CANCEL_RUN, "idempotent"],
]);

/** The effect of a tool for child runs; null for any other tool. */
export function effectOfChildTool(name: string): Effect | null {
  return EFFECTS.get(name) ?? null;
}

const text = { type: "string" };
const runId = { ...text, maxLength: 100 };

let declared: readonly ToolDeclaration[] | null = null;

/** The tools as models see them; the same array at every call. Made when they are first offered: most runs start no others. */
export function childTools(): readonly ToolDeclaration[] {
  declared ??= declarations();
  return declared;
}

function declarations(): readonly ToolDeclaration[] {
  return [
    {
      name: SPAWN_AGENT,
      description:
        "Starts an agent of your own on a part of your task and returns its run_id at once. It sees only its prompt and context, and may use only tools that you may use.",
      inputSchema: toPlainSchema(ChildArguments, "input"),
    },
    {
      name: WAIT_FOR_RUNS,
      description: "Waits until all or any of your own runs have ended, and returns their outcomes.",
      inputSchema: {
        type: "object",
        properties: {
          run_ids: {
            type: "array",
            items: runId,
            minItems: 1,
            maxItems: 100,
            description: "Default: all runs whose outcome you have not seen yet.",
          },
          mode: { enum: ["all", "any"] },
          wait_seconds: { type: "number", minimum: 0 },
        },
        additionalProperties: false,
      },
    },
    {
      name: GET_RUN,
      description: "Returns the status and outcome of one of your own runs.",
      inputSchema: { type: "object", properties: { run_id: runId }, required: ["run_id"], additionalProperties: false },
    },
    {
      name: CANCEL_RUN,
      description: "Stops one of your own runs and every run it has started.",
      inputSchema: {
        type: "object",
        properties: { run_id: runId, reason: { ...text, maxLength: 1000 } },
        required: ["run_id"],
        additionalProperties: false,
      },
    },
  ];
}

/** The declaration of a tool for child runs, or null. */
export function childTool(name: string): ToolDeclaration | null {
  return effectOfChildTool(name) === null ? null : (childTools().find((tool) => tool.name === name) ?? null);
}
