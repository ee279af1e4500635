/** The types of Anthropic's wire, as the stand-in reads them. */

export type WireBlock = Readonly<Record<string, unknown>> & { readonly type: string };

export interface WireMessage {
  readonly role: string;
  readonly content: readonly WireBlock[];
}

export interface WireTool {
  readonly name: string;
  readonly description?: string;
  readonly input_schema: Readonly<Record<string, unknown>>;
}

/** The body of POST /v1/messages. */
export interface WireBody {
  readonly model: string;
  readonly max_tokens: number;
  readonly stream?: boolean;
  readonly system?: readonly WireBlock[];
  readonly tools?: readonly WireTool[];
  readonly messages: readonly WireMessage[];
  readonly thinking?: Readonly<Record<string, unknown>>;
  readonly output_config?: object;
}

/** A request as the checks see it. */
export interface CheckedRequest {
  readonly body: WireBody;
  readonly betas: readonly string[];
}

/** A rule of the vendor; its fault is the vendor's sentence, null where a request keeps it. */
export interface Check {
  readonly name: string;
  fault(request: CheckedRequest): string | null;
}

/** A value without its cache marks, which count for nothing but the cache. */
export function withoutMarks(value: unknown): string {
  return JSON.stringify(value, (key, part: unknown) => (key === "cache_control" ? undefined : part));
}

/** The first fault among some things. */
export function firstFault<T>(items: Iterable<T>, faultOf: (item: T) => string | null): string | null {
  for (const item of items) {
    const fault = faultOf(item);
    if (fault !== null) return fault;
  }
  return null;
}

/** Every block of the messages with its place in the vendor's form. */
export function placedBlocks({ messages }: WireBody) {
  return messages.flatMap((message, index) =>
    message.content.map((block, at) => ({ block, message, index, path: `messages.${index}.content.${at}` })),
  );
}

/** The tools that the model is offered by a request, its changes within the messages counted. */
export function offeredTools({ tools = [], messages }: WireBody): readonly string[] {
  const offered = new Set(tools.map(({ name }) => name));
  for (const block of messages.flatMap(({ content }) => content)) {
    const name = changedTool(block);
    if (name === null) continue;
    if (block.type === "tool_removal") offered.delete(name);
    else offered.add(name);
  }
  return [...offered];
}

/** The name in a change of tools; null for other blocks. */
export function changedTool(block: WireBlock): string | null {
  if (block.type !== "tool_removal" && block.type !== "tool_addition") return null;
  const tool = block.tool as { readonly name?: string; readonly definition?: WireTool } | undefined;
  return tool?.name ?? tool?.definition?.name ?? "";
}
