/** Keeps what requests are built of: a list of messages only grows, so each request adds only the new ones. */
import type { Message } from "../../core/run/message.js";

/** The parts of a request that belong to a list of messages: those built before where they `fit`, with those of new messages added. */
export type Growing<Built> = (
  messages: readonly Message[],
  fits: (known: Built) => boolean,
  begin: () => Built,
) => Built;

/** `add` takes each message once, with its place in the list. */
export function createGrowing<Built>(add: (built: Built, message: Message, place: number) => void): Growing<Built> {
  const grown = new WeakMap<readonly Message[], { readonly built: Built; readonly count: number }>();
  return (messages, fits, begin) => {
    const known = grown.get(messages);
    const { built, count } =
      known && fits(known.built) && known.count <= messages.length ? known : { built: begin(), count: 0 };
    for (const [offset, message] of messages.slice(count).entries()) add(built, message, count + offset);
    grown.set(messages, { built, count: messages.length });
    return built;
  };
}
