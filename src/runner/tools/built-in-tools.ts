/** The tools that legwork itself gives to every agent. */
import { COMPLETE } from "../../core/journal/history.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { READ_RESULT } from "../../core/tools/tool.js";

export const REQUEST_STEP = "request_step";
export const ASK = "ask";

export const askTool: ToolDeclaration = {
  name: ASK,
  description:
    "Asks the person you work for. Your work stops until the answer comes, which may take hours: ask only what you cannot find out or decide yourself.",
  inputSchema: {
    type: "object",
    properties: {
      question: { type: "string", minLength: 1, description: "The question, with everything needed to answer it." },
      options: {
        type: "array",
        items: { type: "string", minLength: 1 },
        maxItems: 20,
        description: "The possible answers, each in a few words. Leave it out if any text is an answer.",
      },
    },
    required: ["question"],
    additionalProperties: false,
  },
};

/** `request_step` for a workflow with these steps. */
export function requestStepTool(steps: readonly string[]): ToolDeclaration {
  return {
    name: REQUEST_STEP,
    description:
      "Asks to move to another step of your work. Returns the reason if you may not leave the present step yet.",
    inputSchema: {
      type: "object",
      properties: { to: { type: "string", enum: [...steps], description: "The step to go to." } },
      required: ["to"],
      additionalProperties: false,
    },
  };
}

/** `complete` as the agent sees it; `data` has the shape that the run was asked for. */
export function completeTool(outputSchema: object | boolean | null): ToolDeclaration {
  return {
    name: COMPLETE,
    description:
      "Ends your work and returns its outcome. Call it once, when you are done or cannot continue. " +
      "status: success (all done), partial (some of it), blocked (you could not do it; say why in result).",
    inputSchema: {
      type: "object",
      properties: {
        result: { type: "string", description: "Your findings or changes, for the caller who gave you the task." },
        status: { type: "string", enum: ["success", "partial", "blocked"] },
        data: outputSchema === null || typeof outputSchema === "boolean" ? {} : embedded(outputSchema),
        artifacts: { type: "array", items: { type: "string" }, description: "Things you made, by path or address." },
        files_modified: { type: "array", items: { type: "string" } },
        next_steps: { type: "array", items: { type: "string" } },
      },
      required: outputSchema === null ? ["result", "status"] : ["result", "status", "data"],
      additionalProperties: false,
    },
  };
}

const DATA_AT = "#/properties/data";

/** A schema in its new place: its own references lead deeper now. */
function embedded(node: unknown): unknown {
  if (Array.isArray(node)) return node.map(embedded);
  if (typeof node !== "object" || node === null) return node;
  return Object.fromEntries(
    Object.entries(node).map(([key, value]) => {
      const isLocal = key === "$ref" && typeof value === "string" && /^#(\/|$)/.test(value);
      return [key, isLocal ? DATA_AT + value.slice(1) : embedded(value)];
    }),
  );
}

export const readResultTool: ToolDeclaration = {
  name: READ_RESULT,
  description: "Reads a part of a tool result that was too large to show whole.",
  inputSchema: {
    type: "object",
    properties: {
      id: { type: "string", description: "The id at the end of the shortened result." },
      offset: { type: "integer", minimum: 0, description: "The first character of the part, counted from 0." },
    },
    required: ["id", "offset"],
    additionalProperties: false,
  },
};
