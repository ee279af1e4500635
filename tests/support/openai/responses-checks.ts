/** The rules of the Responses API, for models that reason. */
import type { Check, WireBody } from "./stand-in.js";
import {
  declarationFault,
  type Fields,
  imageFault,
  isFields,
  isJsonObject,
  listOf,
  rootFault,
  unlisted,
} from "./wire-rules.js";

const FIELDS = [
  ...["model", "input", "instructions", "tools", "reasoning", "max_output_tokens"],
  ...["include", "stream", "store"],
];

/** `sent` are the items that went out, by their id. */
export function responsesChecks(sent: ReadonlyMap<string, Fields>): readonly Check[] {
  return [
    { name: "key", status: 401, fault: (_, headers) => keyFault(headers.authorization) },
    { name: "temperature", fault: temperatureFault },
    { name: "fields", fault: fieldFault },
    {
      name: "store",
      fault: ({ store }) => (store === false ? null : "Requests of this organization may not be stored."),
    },
    { name: "include", fault: includeFault },
    { name: "reasoning", fault: effortFault },
    { name: "fields of an item", fault: itemFault },
    { name: "content", fault: contentFault },
    { name: "names", fault: (body) => toolFault(body, declarationFault) },
    { name: "root of a schema", fault: (body) => toolFault(body, rootFault) },
    { name: "fields of a tool", fault: toolFieldFault },
    { name: "items as they came", fault: (body) => verbatimFault(body, sent) },
    { name: "items behind reasoning", fault: orphanFault },
    { name: "arguments", fault: argumentsFault },
    { name: "outputs", fault: pairingFault },
  ];
}

function keyFault(authorization: string | undefined): string | null {
  return /^Bearer \S+$/.test(authorization ?? "") && authorization !== "Bearer none"
    ? null
    : "You didn't provide an API key.";
}

function temperatureFault(body: WireBody): string | null {
  return "temperature" in body ? "Unsupported parameter: 'temperature' is not supported with this model." : null;
}

function fieldFault(body: WireBody): string | null {
  const field = unlisted(body, FIELDS);
  if (field !== null) return `Unknown parameter: '${field}'.`;
  return typeof body.instructions === "string" || body.instructions === undefined
    ? null
    : "Invalid type for 'instructions': expected a string.";
}

function includeFault({ include }: WireBody): string | null {
  return Array.isArray(include) && include.includes("reasoning.encrypted_content")
    ? null
    : "Reasoning items of a request that is not stored need encrypted content: add 'reasoning.encrypted_content' to 'include'.";
}

const LEVELS = ["low", "medium", "high"];

function effortFault({ reasoning = {} }: WireBody): string | null {
  if (!isFields(reasoning)) return "Invalid type for 'reasoning': expected an object.";
  const field = unlisted(reasoning, ["effort", "summary"]);
  if (field !== null) return `Unknown parameter: 'reasoning.${field}'.`;
  return reasoning.effort === undefined || LEVELS.includes(String(reasoning.effort))
    ? null
    : `Unsupported value: '${reasoning.effort}' is not supported with this model for reasoning.effort. Supported values are: 'low', 'medium', and 'high'.`;
}

const OWN = ["id", "status"];
const ITEM_FIELDS: Readonly<Record<string, readonly string[]>> = {
  message: ["type", "role", "content", "phase", ...OWN],
  function_call: ["type", "call_id", "name", "arguments", ...OWN],
  function_call_output: ["type", "call_id", "output"],
  reasoning: ["type", "summary", "content", "encrypted_content", ...OWN],
};

function itemsOf({ input }: WireBody): readonly Fields[] {
  return listOf(input);
}

function typeOf(item: Fields): string {
  return item.type === undefined && item.role !== undefined ? "message" : String(item.type);
}

function itemFault(body: WireBody): string | null {
  if (itemsOf(body).length === 0) return "Missing required parameter: 'input'.";
  for (const [index, item] of itemsOf(body).entries()) {
    const listed = ITEM_FIELDS[typeOf(item)];
    if (listed === undefined) return `Invalid value: '${item.type}' of 'input[${index}].type'.`;
    const field = unlisted(item, listed);
    if (field !== null) return `Unknown parameter: 'input[${index}].${field}'.`;
  }
  return null;
}

function contentFault(body: WireBody): string | null {
  for (const item of itemsOf(body)) {
    const content = item.type === "function_call_output" ? item.output : item.content;
    if (typeOf(item) === "reasoning" || typeof content === "string" || item.type === "function_call") continue;
    if (!Array.isArray(content)) return "Invalid type for 'content': expected a string or an array.";
    const types = item.role === "assistant" ? ["output_text", "refusal"] : ["input_text", "input_image"];
    for (const part of listOf(content)) {
      if (!types.includes(String(part.type)))
        return `Invalid value: '${part.type}'. Supported values are: ${types.join(", ")}.`;
      const fault = part.type === "input_image" ? imageFault(part.image_url) : null;
      if (fault !== null) return fault;
    }
  }
  return null;
}

function toolFault(body: WireBody, fault: (declaration: Fields, where: string) => string | null): string | null {
  for (const [index, tool] of listOf(body.tools).entries()) {
    const found = fault(tool, `tools[${index}]`);
    if (found !== null) return found;
  }
  return null;
}

function toolFieldFault(body: WireBody): string | null {
  return toolFault(body, (tool, where) => {
    const field = unlisted(tool, ["type", "name", "description", "parameters", "strict"]);
    if (field !== null || tool.type !== "function") return `Unknown parameter: '${where}.${field}'.`;
    return tool.strict === false
      ? null
      : `Invalid schema for ${where}: 'additionalProperties' is required to be supplied and to be false.`;
  });
}

/** Items with an id are the model's own: all of them come back as they went out. */
function verbatimFault(body: WireBody, sent: ReadonlyMap<string, Fields>): string | null {
  for (const item of itemsOf(body)) {
    if (typeof item.id !== "string") continue;
    const own = sent.get(item.id);
    if (own === undefined)
      return `Item with id '${item.id}' not found. Items are not persisted when 'store' is set to false.`;
    if (JSON.stringify(own) !== JSON.stringify(item)) return `The item '${item.id}' could not be verified.`;
  }
  return null;
}

/** Reasoning stands before the item that came behind it, and that item behind its reasoning. */
function orphanFault(body: WireBody): string | null {
  const items = itemsOf(body);
  const at = items.findIndex((item, index) => item.type === "reasoning" && typeof items[index + 1]?.id !== "string");
  return at < 0
    ? null
    : `Item '${items[at]?.id}' of type 'reasoning' was provided without its required following item.`;
}

function argumentsFault(body: WireBody): string | null {
  const wrong = itemsOf(body).find((item) => item.type === "function_call" && !isJsonObject(item.arguments));
  return wrong ? "Invalid 'arguments' of a function call: expected the JSON of an object." : null;
}

/** Each call has one output behind it, and each output one call before it. */
function pairingFault(body: WireBody): string | null {
  const open = new Set<unknown>();
  const known = new Set<unknown>();
  for (const { type, call_id } of itemsOf(body)) {
    if (type === "function_call") {
      if (known.has(call_id) || typeof call_id !== "string" || call_id === "" || call_id.length > 64)
        return `Invalid 'call_id': '${call_id}'.`;
      known.add(call_id);
      open.add(call_id);
    }
    if (type === "function_call_output" && !open.delete(call_id))
      return `No tool call found for function call output with call_id ${call_id}.`;
  }
  const [left] = open;
  return left === undefined ? null : `No tool output found for function call ${left}.`;
}
