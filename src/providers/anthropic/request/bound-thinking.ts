/** Remembers from where on the thinking of a conversation still fits it. */
import type { ModelRequest } from "../../../core/ports/provider.js";
import type { Message } from "../../../core/run/message.js";
import { placeImages, toImageKey } from "./images.js";

/** The thinking of conversations, each known by its list of messages. */
export interface BoundThinking {
  /**
   * From so many messages on replies keep their thinking. To be asked once a request. A host that drops by itself what fits no
   * longer needs no help until it refuses some.
   */
  from(request: ModelRequest, options: { readonly isDropped: boolean }): number;
  /** Leaves out all thinking up to this request; false where it did so already. */
  leaveOut(request: ModelRequest): boolean;
}

interface SentConversation {
  from: number;
  /** The number of messages of the last request. */
  messages: number;
  /** The images in the messages of the last request. */
  images: string;
}

export function createBoundThinking(): BoundThinking {
  const sent = new WeakMap<readonly Message[], SentConversation>();
  const conversationOf = (messages: readonly Message[]): SentConversation => {
    const known = sent.get(messages) ?? { from: 0, messages: 0, images: "" };
    sent.set(messages, known);
    return known;
  };
  return {
    from({ messages, images = new Map() }, { isDropped }) {
      const conversation = conversationOf(messages);
      if (isDropped) return conversation.from;
      const placed = placeImages(messages, images);
      // An image that has moved or is gone changes messages that thinking is bound to.
      const before = toImageKey(messages.slice(0, conversation.messages), placed);
      if (conversation.messages > 0 && before !== conversation.images) conversation.from = messages.length;
      conversation.messages = messages.length;
      conversation.images = toImageKey(messages, placed);
      return conversation.from;
    },
    leaveOut({ messages }) {
      const conversation = conversationOf(messages);
      if (conversation.from >= messages.length) return false;
      conversation.from = messages.length;
      return true;
    },
  };
}
