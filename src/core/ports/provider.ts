/** An LLM vendor, as the runner calls it. */

import type { StatedLimit } from "../pace/stated-limit.js";
import type { Price } from "../run/cost.js";
import type { Message, RawReply, ToolDeclaration } from "../run/message.js";
import type { ModelSettings } from "../run/model-settings.js";
import type { Usage } from "../run/run.js";
import type { Image } from "../tools/image.js";

export interface ModelRequest {
  readonly model: string;
  readonly system: string;
  /**
   * The same growing array for all requests of a conversation; messages that a request has sent never change. A conversation
   * that was folded goes on in a new array.
   */
  readonly messages: readonly Message[];
  /** The same array for as long as the tools stay the same, so that adapters may cache by identity. */
  readonly tools: readonly ToolDeclaration[];
  /** The tools that the conversation has declared so far, the first first; missing where they have been the same all along. */
  readonly declaredTools?: readonly DeclaredTools[];
  /** The stored images of the messages that go with this request, by the hash of their blobs; each goes once, where it came last. */
  readonly images?: ReadonlyMap<string, Image>;
  readonly settings?: ModelSettings;
  /** Hears of parts of the reply as they arrive. */
  onActivity?(activity: ModelActivity): void;
  /** Hears what the answer states of the limits of the key, as soon as its headers are there. Never throws. */
  onLimits?(limits: readonly StatedLimit[]): void;
  /** How the run waits where a limit of the key holds the request up; missing without a deadline. */
  readonly patience?: Patience;
}

/** A run that waits for something that is not its model. */
export interface Patience {
  /** The rest of its working time. */
  millisecondsLeft(): number;
  /** Keeps the wait from looking like a silence of the model. */
  during<T>(wait: Promise<T>): Promise<T>;
}

/** The names of the tools that requests declare once the conversation has so many messages. */
export interface DeclaredTools {
  readonly from: number;
  readonly tools: readonly string[];
}

/**
 * A part of a reply that has just arrived: text, a summary of the model's thinking, or the name of a tool that it calls. Or, with
 * no text, `progress`: a part that nobody is shown, such as a piece of a call's arguments; or a wait for the limits of the key.
 */
export interface ModelActivity {
  readonly kind: "text" | "thinking" | "call" | "progress" | "wait";
  readonly text: string;
}

/** Why a reply cannot be used. */
export type ReplyFault =
  | "empty_reply"
  | "malformed_reply"
  | "refused_reply"
  | "truncated_reply"
  /** The conversation and the reply together are longer than the model's context window. */
  | "context_overflow";

/** A usable reply, or why the reply cannot be used; both may have cost tokens. `usage` is null where the vendor reported none. */
export type ModelReply =
  | {
      readonly ok: true;
      readonly raw: RawReply;
      readonly usage: Usage | null;
      /** In USD, where the vendor itself says what it charged. */
      readonly costUsd?: number;
      /** The model has not finished: it goes on when the same conversation is sent with this reply behind it. */
      readonly isPaused?: true;
      /** Notes about this reply for the user, one sentence each. */
      readonly warnings?: readonly string[];
    }
  | {
      readonly ok: false;
      readonly code: ReplyFault;
      readonly reason: string;
      /** The text that the model had written until then. */
      readonly text?: string;
      /** False where the vendor would refuse the same request again. */
      readonly askAgain: boolean;
      readonly usage: Usage | null;
      readonly costUsd?: number;
    };

/** An LLM vendor. */
export interface Provider {
  /** The types of the images that it passes to models; without them images stay lines of text. */
  readonly imageTypes?: ReadonlySet<string>;
  /** Asks the model once. Rejects with ProviderError; rejects at once when the signal aborts. */
  reply(request: ModelRequest, signal: AbortSignal): Promise<ModelReply>;
}

/**
 * The form of the names of a provider's models: without the name of a vendor in front; with one, as hosts for many vendors
 * have them; or such that some begin with the host's own name.
 */
export type ModelNames = "plain" | "with_vendor" | "with_vendor_or_own";

/** A provider as the runner chooses among them. */
export interface ProviderEntry {
  readonly name: string;
  readonly defaultModel: string;
  /** Whether it is chosen when nobody names one: it has what it needs, and is a real model. */
  readonly ready: boolean;
  /** The environment variable that its key belongs in; null for one that needs none. */
  readonly keyVariable: string | null;
  /** Why it cannot be used as it is set up; null where it can, or lacks only its key. */
  readonly fault: string | null;
  /** A name for its key at its address, which tells nothing of the key; null where nobody limits requests. */
  readonly account: string | null;
  readonly modelNames: ModelNames;
  /** The most tools that a request may declare; null without a limit. */
  readonly mostTools: number | null;
  /** Tokens of the model's context window; null where they are unknown. */
  windowOf(model: string): number | null;
  /** Whether a model is one of its vendor's, by the form of its name. */
  namesModel(model: string): boolean;
  /** Null where the configuration has no price for the model. */
  priceOf(model: string): Price | null;
  /** Throws RequestError or ConfigError when a run with this model could only fail. */
  check(model: string): Promise<void>;
  open(): Promise<Provider>;
}
