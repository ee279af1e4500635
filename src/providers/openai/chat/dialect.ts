/** Chat completions: the wire of all hosts but OpenAI itself. */
import type { Dialect } from "../dialect.js";
import type { ChatTolerances, Host } from "../hosts.js";
import { createCutWatch } from "./cut-watch.js";
import { fromChatAnswer } from "./from-wire.js";
import { joinChunks } from "./join-chunks.js";
import { CHAT_LESSONS } from "./lessons.js";
import { toChatRequest, toChatTool } from "./to-wire.js";
import { CHAT } from "./wire.js";

export function createChatDialect({ tolerances, cutRemedy }: Host): Dialect<ChatTolerances> {
  return {
    wire: CHAT,
    path: "/chat/completions",
    form: tolerances,
    lessons: CHAT_LESSONS,
    toTool: toChatTool,
    toBody: toChatRequest,
    join(tell) {
      const joined = joinChunks(tell);
      return {
        add: joined.add,
        end: joined.end,
        get isWhole() {
          return joined.isWhole;
        },
        toReply: (from, title) => fromChatAnswer(joined.answer(), from, { title, tellsCost: tolerances.cost }),
      };
    },
    ...(cutRemedy !== undefined && { warningsOf: createCutWatch(cutRemedy) }),
  };
}
