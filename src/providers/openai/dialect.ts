/** One of the two wires, as the provider speaks it. */
import type { ModelActivity, ModelReply, ModelRequest } from "../../core/ports/provider.js";
import type { ReplySource, ReplyTarget, ToolDeclaration, Wire } from "../../core/run/message.js";
import type { Receiver } from "../http/read-answer.js";
import type { Lesson } from "./learn.js";

/** An answer that is being collected. */
export interface Joined extends Receiver {
  /** False where the stream ended before the reply did. */
  readonly isWhole: boolean;
}

/** `Form` says how its requests are written. */
export interface Dialect<Form> {
  readonly wire: Wire;
  readonly path: string;
  /** The form of the first request. */
  readonly form: Form;
  readonly lessons: readonly Lesson<Form>[];
  toTool(tool: ToolDeclaration): object;
  toBody(
    request: ModelRequest,
    tools: readonly object[],
    form: Form,
    target: ReplyTarget,
  ): Readonly<Record<string, unknown>>;
  join(tell: (activity: ModelActivity) => void): Joined & {
    /** The reply in an answer that is whole. Throws Refused or Unreadable where there is none. */
    toReply(from: ReplySource, title: string): ModelReply;
  };
  /** Sentences for the user about a reply. */
  warningsOf?(request: ModelRequest, reply: ModelReply): readonly string[];
}
