/** Questions to the user of the host. */

/** A question of a server or a run: a message, and the JSON Schema of a flat form. */
export interface ElicitRequest {
  readonly server: string;
  readonly message: string;
  readonly schema: object;
}

export interface ElicitReply {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Asks the user of the host; replies `cancel` where the host cannot ask or nobody answers. */
export type Elicit = (request: ElicitRequest, signal: AbortSignal) => Promise<ElicitReply>;
