/** Reads a rehearsed reply. */
import { z } from "zod";
import type { RawReply, ReplyContent } from "../../core/run/message.js";

const RehearsalContent = z.object({
  text: z.string(),
  calls: z.array(z.object({ tool: z.string(), arguments: z.record(z.string(), z.unknown()) })),
});
export type RehearsalContent = z.infer<typeof RehearsalContent>;

export function readRehearsalReply(raw: RawReply): ReplyContent {
  const { text, calls } = RehearsalContent.parse(raw.content);
  return { text, calls: calls.map((call) => ({ id: null, name: call.tool, arguments: call.arguments })) };
}
