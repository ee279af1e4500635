/** What a request may hold: Anthropic refuses each field that it does not know. */
import { type Check, firstFault, placedBlocks, type WireBlock } from "./wire.js";

export const TOOL_CHANGES = "mid-conversation-tool-changes-2026-07-01";
export const INLINE_TOOLS = "inline-tools-2026-09-15";
export const BINDING_CONTROLS = "thinking-binding-controls-2026-08-01";

const BODY = [
  "model",
  "max_tokens",
  "stream",
  "system",
  "tools",
  "messages",
  "thinking",
  "output_config",
  "tool_choice",
];
const SAMPLING = ["temperature", "top_p", "top_k"];
const MARKED = ["type", "cache_control"];
const BLOCKS: Readonly<Record<string, readonly string[]>> = {
  text: [...MARKED, "text", "citations"],
  image: [...MARKED, "source"],
  tool_use: [...MARKED, "id", "name", "input"],
  tool_result: [...MARKED, "tool_use_id", "content", "is_error"],
  thinking: ["type", "thinking", "signature"],
  redacted_thinking: ["type", "data"],
  tool_addition: [...MARKED, "tool"],
  tool_removal: [...MARKED, "tool"],
};
const BY_ROLE: Readonly<Record<string, readonly string[]>> = {
  user: ["text", "image", "tool_result"],
  assistant: ["text", "tool_use", "thinking", "redacted_thinking"],
  system: ["text", "tool_addition", "tool_removal"],
};
const IMAGE_TYPES = ["image/png", "image/jpeg", "image/gif", "image/webp"];
const FIRST_BYTES: Readonly<Record<string, string>> = { "image/png": "89504e47", "image/jpeg": "ffd8ff" };

/** `isOurs` says whether the stand-in has sent a block itself: that may hold anything. */
export function shapeChecks(accepted: readonly string[], isOurs: (block: WireBlock) => boolean): readonly Check[] {
  return [
    {
      name: "betas are known",
      fault: ({ betas }) => {
        const unknown = betas.filter((beta) => !accepted.includes(beta));
        if (unknown.length === 0) return null;
        return `Unexpected value(s) \`${unknown.join("`, `")}\` for the \`anthropic-beta\` header.`;
      },
    },
    {
      name: "no sampling parameters",
      fault: ({ body }) =>
        firstFault(SAMPLING, (name) => (name in body ? `\`${name}\` is not supported by this model.` : null)),
    },
    {
      name: "fields are known",
      fault: ({ body }) =>
        extraIn(body, [...BODY, ...SAMPLING], "") ??
        firstFault(body.tools ?? [], (tool) =>
          extraIn(tool, ["name", "description", "input_schema", "cache_control"], "tools.0.custom."),
        ) ??
        extraIn(body.thinking, ["type", "display", "block_binding"], "thinking.adaptive.") ??
        extraIn(body.output_config, ["effort", "format"], "output_config.") ??
        firstFault(body.messages, (message) => extraIn(message, ["role", "content"], "messages.")) ??
        firstFault(placedBlocks(body), ({ block, path }) =>
          isOurs(block) ? null : extraIn(block, BLOCKS[block.type] ?? [], `${path}.${block.type}.`),
        ),
    },
    {
      name: "blocks suit their role",
      fault: ({ body }) =>
        firstFault(placedBlocks(body), ({ block, message, path }) => {
          const allowed = BY_ROLE[message.role];
          if (allowed === undefined) return `messages: Unexpected role "${message.role}".`;
          if (allowed.includes(block.type) || isOurs(block)) return null;
          return `${path}: Input tag '${block.type}' found using 'type' does not match any of the expected tags`;
        }),
    },
    {
      name: "max_tokens is given",
      fault: ({ body }) => {
        if (body.max_tokens === undefined) return "max_tokens: Field required";
        if (body.max_tokens > 128_000) return `max_tokens: ${body.max_tokens} > 128000, which is the maximum`;
        return body.max_tokens >= 1 ? null : "max_tokens: Input should be greater than or equal to 1";
      },
    },
    {
      name: "thinking is adaptive",
      fault: ({ body: { thinking } }) => {
        if (thinking === undefined || thinking.type === "adaptive") return null;
        return `"thinking.type.${String(thinking.type)}" is not supported for this model. Use "thinking.type.adaptive" and "output_config.effort" to control thinking behavior.`;
      },
    },
    {
      name: "block_binding needs its beta",
      fault: ({ body: { thinking }, betas }) =>
        thinking?.block_binding === undefined || betas.includes(BINDING_CONTROLS)
          ? null
          : "thinking.adaptive.block_binding: Extra inputs are not permitted",
    },
    {
      name: "effort is a level",
      fault: ({ body }) => {
        const { effort = "high" } = (body.output_config ?? {}) as { readonly effort?: string };
        if (["low", "medium", "high", "xhigh", "max"].includes(effort)) return null;
        return "output_config.effort: Input should be 'low', 'medium', 'high', 'xhigh' or 'max'";
      },
    },
    {
      name: "tool_choice forces nothing",
      fault: ({ body }) => {
        const { type = "auto" } = ((body as { tool_choice?: object }).tool_choice ?? {}) as { readonly type?: string };
        return type === "auto" || type === "none" ? null : `tool_choice.type "${type}" is not supported by this model.`;
      },
    },
    {
      name: "texts are not empty",
      fault: ({ body }) => {
        const texts = [
          ...(body.system ?? []),
          ...placedBlocks(body).flatMap(({ block }) => [block, ...innerOf(block)]),
        ];
        const isEmpty = texts.some(({ type, text }) => type === "text" && String(text).trim() === "");
        return isEmpty ? "messages: text content blocks must be non-empty" : null;
      },
    },
    {
      name: "messages are not empty",
      fault: ({ body }) =>
        body.messages.length === 0
          ? "messages: at least one message is required"
          : firstFault(body.messages.entries(), ([index, { role, content }]) =>
              content.length > 0 ? null : `messages.${index}: ${role} messages must have non-empty content`,
            ),
    },
    {
      name: "at most four cache marks",
      fault: ({ body }) => {
        const blocks = [...(body.tools ?? []), ...(body.system ?? []), ...placedBlocks(body).map(({ block }) => block)];
        const marks = blocks.filter((block) => "cache_control" in block).length;
        if (marks <= 4) return null;
        return `A maximum of 4 blocks with cache_control may be provided. Found ${marks}.`;
      },
    },
    {
      name: "images are what they say",
      fault: ({ body }) =>
        firstFault(placedBlocks(body), ({ block, path }) =>
          firstFault([block, ...innerOf(block)], (part) => (part.type === "image" ? imageFault(part, path) : null)),
        ),
    },
  ];
}

function extraIn(value: object | undefined, known: readonly string[], path: string): string | null {
  const extra = Object.keys(value ?? {}).find((name) => !known.includes(name));
  return extra === undefined ? null : `${path}${extra}: Extra inputs are not permitted`;
}

/** The blocks within a tool result. */
function innerOf({ type, content }: WireBlock): readonly WireBlock[] {
  return type === "tool_result" && Array.isArray(content) ? (content as readonly WireBlock[]) : [];
}

function imageFault({ source }: WireBlock, path: string): string | null {
  const { type, media_type: kind = "", data = "" } = source as Readonly<Record<string, string>>;
  if (type !== "base64" || !IMAGE_TYPES.includes(kind))
    return `${path}.image.source.base64.media_type: Input should be 'image/jpeg', 'image/png', 'image/gif' or 'image/webp'`;
  const bytes = Buffer.from(data, "base64");
  if (data === "" || bytes.toString("base64") !== data) return `${path}.image.source.base64: invalid base64 data`;
  const first = FIRST_BYTES[kind] ?? "";
  return bytes.toString("hex", 0, first.length / 2) === first
    ? null
    : `${path}.image.source.base64.data: Could not process image`;
}
