/** Converts declared tools to Anthropic's definitions. */
import type { ToolDeclaration } from "../../../core/run/message.js";
import { isRecord } from "../../../lib/is-record.js";
import type { WireTool } from "../wire.js";

/** The words that Anthropic refuses at the root of a schema. */
const REFUSED_AT_ROOT = ["oneOf", "anyOf", "allOf"] as const;

const definitions = new WeakMap<ToolDeclaration, WireTool>();

/** The definition of a tool, the same object for the same declaration. */
export function toWireTool(declaration: ToolDeclaration): WireTool {
  const known = definitions.get(declaration);
  if (known !== undefined) return known;
  const { name, description, inputSchema } = declaration;
  // Anthropic refuses empty texts.
  const definition = { name, ...(description.trim() !== "" && { description }), input_schema: rootOf(inputSchema) };
  definitions.set(declaration, definition);
  return definition;
}

/** Stands for a tool that the conversation began with and that is gone, so that the list of its tools stays complete. */
export function lostTool(name: string): WireTool {
  return { name, description: "This tool is gone.", input_schema: { type: "object" } };
}

/**
 * A schema with a root that Anthropic takes: an object, without alternatives. Their properties stand together; legwork
 * checks each call against the whole schema.
 */
function rootOf(schema: object): object {
  const root: Record<string, unknown> = { ...schema, type: "object" };
  const branches = REFUSED_AT_ROOT.flatMap((word) => root[word]).filter(isRecord);
  for (const word of REFUSED_AT_ROOT) delete root[word];
  const choices = [...branches, root].map(({ properties }) => properties).filter(isRecord);
  if (choices.length > 0) root.properties = Object.assign({}, ...choices);
  return root;
}
