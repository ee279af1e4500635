/** The order of the messages and of what they hold, and the tools that they call and change. */
import { INLINE_TOOLS, TOOL_CHANGES } from "./shape-checks.js";
import {
  type Check,
  changedTool,
  firstFault,
  placedBlocks,
  type WireBlock,
  type WireBody,
  type WireMessage,
  type WireTool,
} from "./wire.js";

const SYSTEM_FORM = "the directive-only form (content: [] with output_config) is accepted at any position";

/** `isPaused` says whether the stand-in has sent a message as one that goes on when it is sent back. */
export function conversationChecks(isPaused: (message: WireMessage) => boolean): readonly Check[] {
  return [...CONVERSATION_CHECKS, prefillCheck(isPaused)];
}

function prefillCheck(isPaused: (message: WireMessage) => boolean): Check {
  return {
    name: "nothing is put into the model's mouth",
    fault: ({ body }) => {
      const last = body.messages.at(-1);
      return last?.role !== "assistant" || isPaused(last)
        ? null
        : "This model does not support assistant message prefill. The conversation must end with a user message.";
    },
  };
}

const CONVERSATION_CHECKS: readonly Check[] = [
  {
    name: "tool names are short and plain",
    fault: ({ body }) =>
      firstFault(definedTools(body), ({ name }) =>
        /^[a-zA-Z0-9_-]{1,64}$/.test(name)
          ? null
          : "tools.0.custom.name: String should match pattern '^[a-zA-Z0-9_-]{1,64}$'",
      ) ??
      firstFault(placedBlocks(body), ({ block, path }) =>
        block.type !== "tool_use" || /^[a-zA-Z0-9_-]{1,200}$/.test(String(block.name))
          ? null
          : `${path}.tool_use.name: String should match pattern '^[a-zA-Z0-9_-]{1,200}$'`,
      ),
  },
  {
    name: "tool names are unique",
    fault: ({ body: { tools = [] } }) =>
      new Set(tools.map(({ name }) => name)).size === tools.length ? null : "tools: Tool names must be unique.",
  },
  {
    name: "schemas are objects at the root",
    fault: ({ body }) =>
      firstFault(definedTools(body), ({ input_schema: schema }) =>
        schema.type === "object" ? null : "tools.0.custom.input_schema.type: Input should be 'object'",
      ),
  },
  {
    name: "schemas have no alternatives at the root",
    fault: ({ body }) =>
      firstFault(definedTools(body), ({ input_schema: schema }) =>
        ["oneOf", "anyOf", "allOf"].some((word) => word in schema)
          ? "tools.0.custom.input_schema: input_schema does not support oneOf, allOf, or anyOf at the top level"
          : null,
      ),
  },
  {
    name: "the user speaks first",
    fault: ({ body }) =>
      body.messages[0] === undefined || body.messages[0].role === "user"
        ? null
        : body.messages[0].role === "system"
          ? `messages.0: use the top-level 'system' parameter for the initial system prompt; ${SYSTEM_FORM}`
          : 'messages: first message must use the "user" role',
  },
  {
    name: "calls have legal ids of their own",
    fault: ({ body }) => {
      const ids = uses(body.messages.flatMap(({ content }) => content)).map(({ id }) => String(id));
      if (ids.some((id) => !/^[a-zA-Z0-9_-]+$/.test(id)))
        return "messages.1.content.0.tool_use.id: String should match pattern '^[a-zA-Z0-9_-]+$'";
      return new Set(ids).size === ids.length ? null : "messages: `tool_use` ids must be unique";
    },
  },
  {
    name: "every call is answered at once",
    fault: ({ body }) =>
      firstFault(body.messages.entries(), ([index, message]) => {
        if (message.role !== "assistant") return null;
        const answered = results(body.messages[index + 1]).map(({ tool_use_id: id }) => id);
        const missing = uses(message.content).filter(({ id }) => !answered.includes(id));
        if (missing.length === 0) return null;
        return `messages.${index}: \`tool_use\` ids were found without \`tool_result\` blocks immediately after: ${missing.map(({ id }) => id).join(", ")}. Each \`tool_use\` block must have a corresponding \`tool_result\` block in the next message.`;
      }),
  },
  {
    name: "every answer has its call right before",
    fault: ({ body }) =>
      firstFault(body.messages.entries(), ([index, message]) => {
        const asked = uses(body.messages[index - 1]?.content ?? []).map(({ id }) => id);
        const ids = results(message).map(({ tool_use_id: id }) => id);
        if (new Set(ids).size < ids.length)
          return `messages.${index}.content: each tool_use must have a single result.`;
        const stray = ids.find((id) => !asked.includes(id));
        return stray === undefined
          ? null
          : `messages.${index}.content.0: unexpected \`tool_use_id\` found in \`tool_result\` blocks: ${stray}. Each \`tool_result\` block must have a corresponding \`tool_use\` block in the previous message.`;
      }),
  },
  {
    name: "answers come before texts",
    fault: ({ body }) =>
      firstFault(body.messages.entries(), ([index, { content }]) => {
        const firstOther = content.findIndex(({ type }) => type !== "tool_result");
        const lastResult = content.findLastIndex(({ type }) => type === "tool_result");
        return firstOther === -1 || lastResult < firstOther
          ? null
          : `messages.${index}: \`tool_result\` blocks must come first in the content of their message`;
      }),
  },
  {
    name: "failures say why",
    fault: ({ body }) =>
      firstFault(placedBlocks(body), ({ block, path }) =>
        block.type === "tool_result" && block.is_error === true && !(block.content as object[] | undefined)?.length
          ? `${path}.tool_result: content cannot be empty if \`is_error\` is true`
          : null,
      ),
  },
  {
    name: "system messages follow the user",
    fault: ({ body }) =>
      atSystemRuns(body, (index, before) =>
        before === undefined || before.role === "user"
          ? null
          : `messages.${index}: role 'system' must follow a 'user' message or an 'assistant' message ending in a server tool result; ${SYSTEM_FORM}`,
      ),
  },
  {
    name: "system messages precede the model",
    fault: ({ body }) =>
      atSystemRuns(body, (index, _before, after) =>
        after === undefined || after.role === "assistant"
          ? null
          : `messages.${index}: role 'system' must precede an 'assistant' message or end the array; ${SYSTEM_FORM}`,
      ),
  },
  {
    name: "tool changes need their beta",
    fault: ({ body, betas }) =>
      betas.includes(TOOL_CHANGES) || betas.includes(INLINE_TOOLS)
        ? null
        : firstFault(placedBlocks(body), ({ block, path }) =>
            changedTool(block) === null
              ? null
              : `${path}: Input tag '${block.type}' found using 'type' does not match any of the expected tags: 'text'`,
          ),
  },
  {
    name: "definitions in messages need their beta",
    fault: ({ body, betas }) =>
      betas.includes(INLINE_TOOLS)
        ? null
        : firstFault(placedBlocks(body), ({ block, path }) =>
            definitionIn(block) === null
              ? null
              : `${path}.${block.type}.tool: Input tag 'tool_definition' found using 'type' does not match any of the expected tags`,
          ),
  },
  {
    name: "references lead to a definition",
    fault: ({ body }) => {
      const defined = new Set((body.tools ?? []).map(({ name }) => name));
      return firstFault(placedBlocks(body), ({ block, path }) => {
        const name = changedTool(block);
        if (name === null) return null;
        if (definitionIn(block) !== null) defined.add(name);
        return defined.has(name)
          ? null
          : `${path}.${block.type}.tool: no tool named "${name}" is declared in tools or earlier in messages`;
      });
    },
  },
];

function definedTools(body: WireBody): readonly WireTool[] {
  return [...(body.tools ?? []), ...placedBlocks(body).flatMap(({ block }) => definitionIn(block) ?? [])];
}

function definitionIn({ tool, type }: WireBlock): WireTool | null {
  return type === "tool_addition" ? ((tool as { readonly definition?: WireTool }).definition ?? null) : null;
}

function uses(blocks: readonly WireBlock[]): readonly WireBlock[] {
  return blocks.filter(({ type }) => type === "tool_use");
}

function results(message: WireMessage | undefined): readonly WireBlock[] {
  return message?.content.filter(({ type }) => type === "tool_result") ?? [];
}

/** Several system messages in a row count as one. */
function atSystemRuns(
  { messages }: WireBody,
  faultOf: (index: number, before: WireMessage | undefined, after: WireMessage | undefined) => string | null,
): string | null {
  return firstFault(messages.entries(), ([index, { role }]) => {
    if (role !== "system" || messages[index - 1]?.role === "system") return null;
    return faultOf(
      index,
      messages[index - 1],
      messages.slice(index).find((message) => message.role !== "system"),
    );
  });
}
