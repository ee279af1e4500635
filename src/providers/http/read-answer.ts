/** Reads the body of an answer: server-sent events as they arrive, or one JSON document where a host does not stream. */
import { jsonIn } from "../../lib/json/json-in.js";

/** Takes the values of an answer. */
export interface Receiver {
  /** True once the answer is whole. */
  add(value: unknown): boolean;
  /** The host says that nothing else comes. */
  end(): void;
}

/** Thrown for what is neither events nor JSON. */
export class Unreadable extends Error {
  override readonly name = "Unreadable";
}

const MOST_WAIT_MS = 250; // for the end of a body that is whole: then the connection serves the next request

/** Hands each value of the body over. Rejects with Unreadable, with what `receiver` throws, and where the connection is lost. */
export async function readAnswer(body: ReadableStream<Uint8Array> | null, receiver: Receiver): Promise<void> {
  if (body === null) return;
  const reader = body.getReader();
  const lines = createLines(receiver);
  const decoder = new TextDecoder();
  let rest = "";
  try {
    for (;;) {
      const { value, done } = await reader.read();
      const text = rest + (done ? decoder.decode() : decoder.decode(value, { stream: true }));
      const parts = text.split(/\r\n|\n|\r(?!$)/);
      rest = done ? "" : (parts.pop() ?? "");
      for (const line of parts) if (lines.take(line)) return await drain(reader);
      if (!done) continue;
      lines.end();
      return;
    }
  } finally {
    reader.cancel().catch(() => {});
  }
}

async function drain(reader: ReadableStreamDefaultReader<Uint8Array>): Promise<void> {
  const rest = async () => {
    while (!(await reader.read()).done);
  };
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<void>((resolve) => {
    timer = setTimeout(resolve, MOST_WAIT_MS);
  });
  await Promise.race([rest().catch(() => {}), late]);
  clearTimeout(timer);
}

/** Takes the lines of a body in their order. */
function createLines(receiver: Receiver) {
  let data: string[] = []; // of an event whose JSON has several lines
  let document: string[] | null = []; // null once an event was there

  function takeData(text: string): boolean {
    document = null;
    if (data.length === 0 && text.startsWith("[DONE]")) {
      receiver.end();
      return true;
    }
    const value = data.length === 0 ? jsonIn(text) : undefined;
    if (value !== undefined) return receiver.add(value);
    data.push(text);
    return false;
  }

  function endEvent(): boolean {
    if (data.length === 0) return false;
    const text = data.join("\n");
    data = [];
    if (text.trim() === "") return false;
    return receiver.add(parse(text));
  }

  return {
    /** True once the answer is whole. */
    take(line: string): boolean {
      if (line === "" || line.startsWith(":")) return endEvent();
      const [, field, value = ""] = /^(data|event|id|retry)(?:: ?(.*))?$/s.exec(line) ?? [];
      if (field === "data") return takeData(value);
      if (field === undefined) document?.push(line);
      return false;
    },
    end(): void {
      endEvent();
      const text = document?.join("\n").trim() ?? "";
      if (text === "") return;
      receiver.add(parse(text));
      receiver.end();
    },
  };
}

function parse(text: string): unknown {
  const value = jsonIn(text);
  if (value === undefined) throw new Unreadable(`not JSON: ${text.slice(0, 200)}`);
  return value;
}
