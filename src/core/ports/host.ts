/** Questions to the user of the host. */

/** A question of a server or a run: a message, and the JSON Schema of a flat form. */
export interface ElicitRequest {
  readonly server: string;
  readonly message: string;
  readonly schema: object;
}

export interface ElicitReply {
  /** A host also declines by itself, where nobody sits at it: only `accept` is a person's word. */
  readonly action: "accept" | "decline" | "cancel";
  /** The name of the host. */
  readonly by: string;
  readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Asks the user of the host; replies `cancel` where the host cannot ask or nobody answers. */
export type Elicit = (request: ElicitRequest, signal: AbortSignal) => Promise<ElicitReply>;
