/** What the agent and its model have said to each other, in no vendor's words. */

/** A vendor's assistant content, kept and sent back byte for byte, and only to the provider and model it came from. */
export interface RawReply {
  readonly provider: string;
  readonly model: string;
  readonly content: unknown;
}

/** A tool call that the model asked for; `id` is the vendor's and may be absent. */
export interface ToolCall {
  readonly id: string | null;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** What a reply says, derived from its raw content. */
export interface ReplyContent {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

/** The answer to one tool call, as the model sees it. */
export interface ToolAnswerMessage {
  readonly call: ToolCall;
  readonly isError: boolean;
  readonly text: string;
}

export type Message =
  | { readonly role: "user"; readonly text: string }
  | { readonly role: "assistant"; readonly raw: RawReply; readonly content: ReplyContent }
  | { readonly role: "tool"; readonly answers: readonly ToolAnswerMessage[] };

/** A tool as a model is told of it. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
}
