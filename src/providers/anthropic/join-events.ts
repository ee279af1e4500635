/** Puts a streamed message together from its raw events: the SDK's own way drops what it does not know. */
import type { ModelActivity } from "../../core/ports/provider.js";
import { isRecord } from "../../lib/is-record.js";

type Fields = Record<string, unknown>;

/** One message, as an answer that is not streamed would hold it. */
export interface JoinedMessage {
  /** Throws where the event fits no message; leaves out events of unknown types. */
  add(event: unknown): void;
  readonly message: Readonly<Fields>;
  readonly hasBegun: boolean;
  /** Whether the stream has told the whole message. */
  readonly isComplete: boolean;
  /** The first tool input that is no JSON object; null where there is none. */
  readonly inputFault: InputFault | null;
}

export interface InputFault {
  readonly reason: string;
  /** The call, with its input as it came. */
  readonly text: string;
}

/** The field of its block that each known delta continues; of its other fields none belongs there. */
const CONTINUED: Readonly<Record<string, string>> = {
  text_delta: "text",
  thinking_delta: "thinking",
};

/** `tell` hears of each part that arrives. */
export function joinEvents(tell: (activity: ModelActivity) => void): JoinedMessage {
  let message: Fields = {};
  let hasBegun = false;
  let isComplete = false;
  let inputFault: InputFault | null = null;
  const blocks = new Map<number, Fields>();
  /** The JSON of tool inputs as it came, by block. */
  const inputs = new Map<Fields, string>();

  function start(block: Fields, index: number): void {
    blocks.set(index, block);
    if (block.type === "tool_use" && (block.input ?? "") === "") block.input = {}; // so some hosts begin one
    if (typeof block.name === "string" && /tool_use$/.test(String(block.type)))
      tell({ kind: "call", text: block.name });
    tellText("text", block.text, tell);
    tellText("thinking", block.thinking, tell);
  }

  function change(block: Fields, delta: Fields): void {
    const { type, ...fields } = delta;
    const continued = CONTINUED[String(type)];
    if (continued !== undefined) {
      append(block, continued, fields[continued]);
      tellText(continued === "text" ? "text" : "thinking", fields[continued], tell);
    } else if (type === "signature_delta") block.signature = fields.signature;
    else if (type === "input_json_delta")
      inputs.set(block, (inputs.get(block) ?? "") + String(fields.partial_json ?? ""));
    else if (type === "citations_delta") append(block, "citations", [fields.citation]);
    else for (const [name, value] of Object.entries(fields)) append(block, name, value);
  }

  function finish(): void {
    isComplete = true;
    for (const [block, json] of inputs) {
      if (json.trim() === "") continue; // a call without arguments
      const input = parsed(json);
      if (isRecord(input)) block.input = input;
      else {
        const name = String(block.name);
        inputFault ??= { reason: `the input of its call of ${name} is no JSON object`, text: `${name}(${json})` };
      }
    }
    const before = Array.isArray(message.content) ? message.content : [];
    message.content = [...before, ...[...blocks].sort(([left], [right]) => left - right).map(([, block]) => block)];
  }

  return {
    get message() {
      return message;
    },
    get hasBegun() {
      return hasBegun;
    },
    get isComplete() {
      return isComplete;
    },
    get inputFault() {
      return inputFault;
    },
    add(event) {
      if (!isRecord(event)) throw new Error("an event that is no object");
      switch (event.type) {
        case "message_start":
          message = { ...asRecord(event.message, "message") };
          hasBegun = true;
          return;
        case "content_block_start":
          tell({ kind: "progress", text: "" });
          return start({ ...asRecord(event.content_block, "content_block") }, Number(event.index));
        case "content_block_delta": {
          const block = blocks.get(Number(event.index));
          if (block === undefined) throw new Error(`a delta of block ${String(event.index)}, which has not begun`);
          tell({ kind: "progress", text: "" });
          return change(block, asRecord(event.delta, "delta"));
        }
        case "message_delta": {
          if (!hasBegun) throw new Error("the end of a message that has not begun");
          const { type: _, delta, usage, ...others } = event;
          Object.assign(message, others, delta);
          message.usage = { ...withoutNulls(message.usage), ...withoutNulls(usage) }; // the last counts are the final ones
          return;
        }
        case "message_stop":
          return finish();
        default:
      }
    },
  };
}

/** Continues a field: texts and lists grow, everything else is replaced. */
function append(block: Fields, name: string, value: unknown): void {
  const before = block[name];
  if (typeof value === "string" && typeof before === "string") block[name] = before + value;
  else if (Array.isArray(value) && Array.isArray(before)) block[name] = [...before, ...value];
  else if (value !== undefined) block[name] = value;
}

function tellText(kind: "text" | "thinking", text: unknown, tell: (activity: ModelActivity) => void): void {
  if (typeof text === "string" && text !== "") tell({ kind, text });
}

function parsed(json: string): unknown {
  try {
    return JSON.parse(json);
  } catch {
    return undefined;
  }
}

function asRecord(value: unknown, name: string): Fields {
  if (isRecord(value)) return value;
  throw new Error(`an event without its ${name}`);
}

function withoutNulls(value: unknown): Fields {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([, count]) => count !== null)) : {};
}
