/** The conversation between the agent and its model, in the same form for every vendor. */

/** The forms in which vendors write a reply. */
export type Wire = "gemini" | "anthropic" | "responses" | "chat" | "rehearsal";

/** A vendor's assistant content; legwork sends it back unchanged, and only to the address and model it came from. */
export interface RawReply {
  /** The name of the provider in the configuration. */
  readonly provider: string;
  /** Missing where it has the name of the provider. */
  readonly wire?: Wire;
  /** The base URL that sent it; missing for the vendor's own. */
  readonly origin?: string;
  readonly model: string;
  readonly content: unknown;
  /** The JSON of calls' inputs as it came, where the content says less, by the place of their blocks. Never goes back. */
  readonly inputTexts?: Readonly<Record<number, string>>;
  /** The exact model, where the vendor says which one replied. */
  readonly modelVersion?: string;
}

/** A stored reply without its content: where it came from. */
export type ReplySource = Omit<RawReply, "content">;

/** The form of a stored reply. */
export function wireOf({ wire, provider }: RawReply): string {
  return wire ?? provider;
}

/** The wire, address and model of a request; `origin` is undefined for the vendor's own address. */
export interface ReplyTarget {
  readonly wire: Wire;
  readonly origin: string | undefined;
  readonly model: string;
}

export function isSameTarget(one: ReplyTarget, other: ReplyTarget): boolean {
  return one.wire === other.wire && one.origin === other.origin && one.model === other.model;
}

/** Whether a reply goes back as it came: to where it came from, and not once the conversation was folded behind it. */
export function mayReturn({ raw, isFolded }: AssistantMessage, { wire, origin, model }: ReplyTarget): boolean {
  return isFolded !== true && wireOf(raw) === wire && raw.origin === origin && raw.model === model;
}

/** A tool call that the model asked for; `id` comes from the vendor, null where it gives none. */
export interface ToolCall {
  readonly id: string | null;
  readonly name: string;
  readonly arguments: Readonly<Record<string, unknown>>;
}

/** The text and the tool calls of a reply, derived from its raw content. */
export interface ReplyContent {
  readonly text: string;
  readonly calls: readonly ToolCall[];
}

/** The answer to one tool call, as the model sees it. */
export interface ToolAnswerMessage {
  readonly call: ToolCall;
  readonly isError: boolean;
  readonly text: string;
  /** The images in the answer, in their order; `text` has a line for each. */
  readonly images?: readonly StoredImage[];
}

/** An image among the blobs: the hash of its base64, and the number of characters of that. */
export interface StoredImage {
  readonly blob: string;
  readonly size: number;
}

export interface AssistantMessage {
  readonly role: "assistant";
  readonly raw: RawReply;
  readonly content: ReplyContent;
  /** The conversation was folded after this reply: it is sent from its content, without what only its vendor reads, such as thinking. */
  readonly isFolded?: true;
}

/** How many replies of each model there were, by `toModelText`. */
export type ReplyCounts = Readonly<Record<string, number>>;

export type Message =
  | {
      readonly role: "user";
      readonly text: string;
      /** The replies in whose place the text stands since the conversation was folded. */
      readonly replaced?: ReplyCounts;
    }
  | AssistantMessage
  | { readonly role: "tool"; readonly answers: readonly ToolAnswerMessage[] };

/** A tool as a model request declares it. */
export interface ToolDeclaration {
  readonly name: string;
  readonly description: string;
  readonly inputSchema: object;
}
