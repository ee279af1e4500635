/** Puts a streamed message together from its raw events: the SDK's own way drops what it does not know. */
import type { ModelActivity } from "../../core/ports/provider.js";
import { isRecord } from "../../lib/is-record.js";
import { jsonIn } from "../../lib/json/json-in.js";
import { type Receiver, Unreadable } from "../http/read-answer.js";
import { saysMore } from "./input-text.js";

type Fields = Record<string, unknown>;

/** One message, as an answer that is not streamed holds it; `add` takes such an answer too, and leaves out events of unknown types. */
export interface JoinedMessage extends Receiver {
  readonly message: Readonly<Fields>;
  /** Whether the whole message is there. */
  readonly isComplete: boolean;
  /** The JSON of inputs as it came, where the message says less, by the place of their blocks. */
  readonly inputTexts: InputTexts;
  /** The first tool input that is no JSON object; null where there is none. */
  readonly inputFault: InputFault | null;
}

export type InputTexts = Readonly<Record<number, string>>;

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

/** `tell` hears of each part that arrives. `add` throws Unreadable for what fits no message. */
export function joinEvents(tell: (activity: ModelActivity) => void): JoinedMessage {
  let message: Fields = {};
  let hasBegun = false;
  let isComplete = false;
  let inputFault: InputFault | null = null;
  const inputTexts: Record<number, string> = {};
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
    const before = Array.isArray(message.content) ? message.content : [];
    const content = [...before, ...[...blocks].sort(([left], [right]) => left - right).map(([, block]) => block)];
    message.content = content;
    for (const [block, json] of inputs) {
      if (json.trim() === "") continue; // a call without arguments
      const input = jsonIn(json);
      if (isRecord(input)) {
        block.input = input;
        if (saysMore(json, input)) inputTexts[content.indexOf(block)] = json;
      } else {
        const name = String(block.name);
        inputFault ??= { reason: `the input of its call of ${name} is no JSON object`, text: `${name}(${json})` };
      }
    }
  }

  /** A host that does not stream answers with the message itself. */
  function takeWhole({ content, ...fields }: Fields): void {
    if (!Array.isArray(content)) throw new Unreadable("a message without its content");
    message = fields;
    for (const [index, block] of content.entries()) start({ ...asRecord(block, "block") }, index);
    finish();
  }

  function addEvent(event: Fields): void {
    switch (event.type) {
      case "message":
        takeWhole(event);
        break;
      case "message_start":
        message = { ...asRecord(event.message, "message") };
        hasBegun = true;
        break;
      case "content_block_start":
        tell({ kind: "progress", text: "" });
        start({ ...asRecord(event.content_block, "content_block") }, Number(event.index));
        break;
      case "content_block_delta": {
        const block = blocks.get(Number(event.index));
        if (block === undefined) throw new Unreadable(`a delta of block ${String(event.index)}, which has not begun`);
        tell({ kind: "progress", text: "" });
        change(block, asRecord(event.delta, "delta"));
        break;
      }
      case "message_delta": {
        if (!hasBegun) throw new Unreadable("the end of a message that has not begun");
        const { type: _, delta, usage, ...others } = event;
        Object.assign(message, others, delta);
        message.usage = { ...withoutNulls(message.usage), ...withoutNulls(usage) }; // the last counts are the final ones
        break;
      }
      case "message_stop":
        finish();
        break;
      case undefined:
        if (!hasBegun) throw new Unreadable("neither an event nor a message");
        break;
      default:
    }
  }

  return {
    get message() {
      return message;
    },
    get isComplete() {
      return isComplete;
    },
    get inputFault() {
      return inputFault;
    },
    inputTexts,
    end() {},
    add(event) {
      if (!isRecord(event)) throw new Unreadable("an event that is no object");
      addEvent(event);
      return isComplete;
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

function asRecord(value: unknown, name: string): Fields {
  if (isRecord(value)) return value;
  throw new Unreadable(`an event without its ${name}`);
}

function withoutNulls(value: unknown): Fields {
  return isRecord(value) ? Object.fromEntries(Object.entries(value).filter(([, count]) => count !== null)) : {};
}
