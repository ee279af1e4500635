/** The Responses API: the wire of OpenAI itself. */
import type { Dialect } from "../dialect.js";
import { fromResponse } from "./from-wire.js";
import { joinEvents } from "./join-events.js";
import { RESPONSES_LESSONS } from "./lessons.js";
import { FULL_FORM, toResponsesRequest, toResponsesTool } from "./to-wire.js";
import { RESPONSES, type ResponsesForm } from "./wire.js";

export function createResponsesDialect(): Dialect<ResponsesForm> {
  return {
    wire: RESPONSES,
    path: "/responses",
    form: FULL_FORM,
    lessons: RESPONSES_LESSONS,
    toTool: toResponsesTool,
    toBody: toResponsesRequest,
    join(tell) {
      const joined = joinEvents(tell);
      return {
        add: joined.add,
        end: joined.end,
        get isWhole() {
          return joined.isWhole;
        },
        toReply: (from, title) => fromResponse(joined.answer(), from, title),
      };
    },
  };
}
