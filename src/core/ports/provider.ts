/** An LLM vendor, as the runner calls it. */
import type { Price } from "../run/cost.js";
import type { Message, RawReply, ToolDeclaration } from "../run/message.js";
import type { Usage } from "../run/run.js";
import type { Image } from "../tools/image.js";

export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  /** The same growing array for all requests of a run; messages that a request has sent never change. */
  readonly messages: readonly Message[];
  /** The same array for as long as the tools stay the same, so that adapters may cache by identity. */
  readonly tools: readonly ToolDeclaration[];
  /** The stored images of the messages that go with this request, by the hash of their blobs; each goes once, where it came last. */
  readonly images?: ReadonlyMap<string, Image>;
}

/** A usable reply, or why the reply cannot be used; both may have cost tokens. `usage` is null where the vendor reported none. */
export type ModelReply =
  | { readonly ok: true; readonly raw: RawReply; readonly usage: Usage | null }
  | {
      readonly ok: false;
      readonly code: "empty_reply" | "malformed_reply" | "refused_reply" | "truncated_reply";
      readonly reason: string;
      /** The text that the model had written until then. */
      readonly text?: string;
      /** False where the vendor would refuse the same request again. */
      readonly askAgain: boolean;
      readonly usage: Usage | null;
    };

/** An LLM vendor. */
export interface Provider {
  /** The types of the images that it passes to models; without them images stay lines of text. */
  readonly imageTypes?: ReadonlySet<string>;
  /** Asks the model once. Rejects with ProviderError; rejects at once when the signal aborts. */
  reply(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
}

/** A provider as the runner chooses among them. */
export interface ProviderEntry {
  readonly name: string;
  readonly defaultModel: string;
  /** Whether it is chosen when nobody names one: it has what it needs, and is a real model. */
  readonly ready: boolean;
  /** Null where the configuration has no price for the model. */
  priceOf(model: string): Price | null;
  /** Throws RequestError or ConfigError when a run with this model could only fail. */
  check(model: string): Promise<void>;
  open(): Promise<Provider>;
}
