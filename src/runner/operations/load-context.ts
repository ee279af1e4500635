/** Reads the sources of context that a caller names, all of them or none. */

import { RequestError } from "../../core/errors.js";
import type { ReadReply } from "../../core/journal/history-state.js";
import type { ReadProjectFile } from "../../core/ports/project-files.js";
import type { RunStore } from "../../core/ports/run-store.js";
import type { Redact } from "../../core/redact.js";
import { type ContextBlock, LARGEST_CONTEXT, LARGEST_SOURCE } from "../../core/run/context.js";
import { type ContextSource, parseSource } from "../../core/run/context-source.js";
import type { Message } from "../../core/run/message.js";
import { isEnded, type Run } from "../../core/run/run.js";
import { cutTo } from "../../lib/text.js";
import { refuseNewer } from "../request/newer-runs.js";
import { conversationOf } from "../state/conversation.js";

export interface ContextDeps {
  readonly project: string;
  readonly store: Pick<RunStore, "getRun" | "listEvents" | "hasNewerEvents">;
  readonly readReply: ReadReply;
  readonly redact: Redact;
  readonly readProjectFile: ReadProjectFile;
}

/** The agent that asks, which may read its own runs only; null is a host. */
type Asker = Pick<Run, "id"> | null;

const SHOWN_SOURCE = 200; // characters of a source that an error quotes

/** The current content of the sources, without secrets; null where none is named. Throws RequestError for the first that cannot be read, StoreError. */
export async function loadContext(
  names: readonly string[] | undefined,
  asker: Asker,
  deps: ContextDeps,
): Promise<readonly ContextBlock[] | null> {
  if (names === undefined) return null;
  const sources = names.map((name) => ({ name, source: sourceNamed(name) }));
  const blocks: ContextBlock[] = [];
  for (const { name, source } of sources) {
    const text = await readSource(name, source, asker, deps);
    const bytes = Buffer.byteLength(text);
    if (bytes > LARGEST_SOURCE)
      throw unreadable(
        name,
        `it has ${bytes} bytes, and at most ${LARGEST_SOURCE} are taken: pass the part that matters`,
      );
    blocks.push({ source: source.kind === "text" ? "the caller" : name, text });
  }
  const bytes = blocks.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
  if (bytes > LARGEST_CONTEXT)
    throw new RequestError(
      "unreadable_context",
      `context: its sources have ${bytes} bytes together, and at most ${LARGEST_CONTEXT} are taken: leave some out`,
    );
  return deps.redact.value(blocks);
}

function sourceNamed(name: string): ContextSource {
  const source = parseSource(name);
  if (source.kind === "none")
    throw new RequestError("invalid_arguments", `context "${cutTo(name, SHOWN_SOURCE)}": ${source.fault}`);
  return source;
}

async function readSource(name: string, source: ContextSource, asker: Asker, deps: ContextDeps): Promise<string> {
  switch (source.kind) {
    case "text":
      return source.text;
    case "file": {
      const read = await deps.readProjectFile(source.path, LARGEST_SOURCE);
      if (read.kind === "fault") throw unreadable(name, read.fault);
      return read.text;
    }
    case "run": {
      const run = await runNamed(name, source.runId, asker, deps);
      if (!isEnded(run.status)) throw unreadable(name, `the run is ${run.status}: wait_for_runs waits for its end`);
      return toOutcomeText(run);
    }
    case "transcript": {
      const run = await runNamed(name, source.runId, asker, deps);
      const messages = (await conversationOf(run, deps)).slice(-source.messages);
      return lastBytes(deps.redact.text(messages.map(toText).join("\n\n")), LARGEST_SOURCE);
    }
  }
}

async function runNamed(name: string, id: string, asker: Asker, { store, project }: ContextDeps): Promise<Run> {
  const run = await store.getRun(id);
  if (asker !== null && run?.parentRunId !== asker.id) throw unreadable(name, "it is not a run that you have started");
  if (run?.project !== project)
    throw unreadable(name, "there is no such run in this project: list_runs shows those there are");
  await refuseNewer(run.id, store);
  return run;
}

function unreadable(name: string, why: string): RequestError {
  return new RequestError("unreadable_context", `context "${cutTo(name, SHOWN_SOURCE)}" cannot be read: ${why}`);
}

function toOutcomeText({ status, outcome }: Run): string {
  const { result, data, error, filesModified = [], artifacts = [], nextSteps = [] } = outcome ?? {};
  return [
    `status: ${status}`,
    ...(error ? [`error: ${error.code}: ${error.message}`] : []),
    ...(data === undefined ? [] : [`data: ${JSON.stringify(data)}`]),
    ...(filesModified.length > 0 ? [`files modified: ${filesModified.join(", ")}`] : []),
    ...(artifacts.length > 0 ? [`artifacts: ${artifacts.join(", ")}`] : []),
    ...nextSteps.map((step) => `next step: ${step}`),
    ...(result == null ? [] : ["result:", result]),
  ].join("\n");
}

function toText(message: Message): string {
  switch (message.role) {
    case "user":
      return `[to the agent]\n${message.text}`;
    case "assistant": {
      const calls = message.content.calls.map((call) => `${call.name}(${JSON.stringify(call.arguments)})`);
      return ["[the agent]", message.content.text, ...calls].filter((part) => part !== "").join("\n");
    }
    case "tool": {
      const answers = message.answers.filter((answer) => answer !== undefined); // a call without an answer yet leaves a gap
      return answers.map(({ call, text }) => `[${call.name} answered]\n${text}`).join("\n\n");
    }
  }
}

/** The end of a text, with a line that says how much came before it. */
function lastBytes(text: string, most: number): string {
  const bytes = Buffer.from(text);
  if (bytes.length <= most) return text;
  const note = (left: number) => `[its first ${left} bytes are left out]\n`;
  let start = bytes.length - most + note(bytes.length).length;
  while (((bytes[start] ?? 0) & 0xc0) === 0x80) start += 1; // inside a character
  return `${note(start)}${bytes.subarray(start).toString()}`;
}
