/** The person at the host, as legwork asks them. */

/** What a server asks the person through us: a message, and the JSON Schema of a flat form. */
export interface ElicitRequest {
  readonly server: string;
  readonly message: string;
  readonly schema: object;
}

export interface ElicitReply {
  readonly action: "accept" | "decline" | "cancel";
  readonly content?: Readonly<Record<string, string | number | boolean | readonly string[]>>;
}

/** Asks the person at the host; `cancel` where the host cannot ask, or nobody answers. */
export type Elicit = (request: ElicitRequest, signal: AbortSignal) => Promise<ElicitReply>;
