/** Reads the refusals of the tokens that a request allows for its reply. */
import { type SmallerOutput, smallerOutput } from "../http/smaller-output.js";
import { codeOfRefusal, type RefusalFacts, refusesForm } from "./transport/refusal.js";

/** The limit that a refusal names; null where the request named none, or the refusal is about something else. */
export function afterRefusal(facts: RefusalFacts, body: Readonly<Record<string, unknown>>): SmallerOutput | null {
  const asked = body.max_tokens ?? body.max_completion_tokens ?? body.max_output_tokens;
  const isMeant = refusesForm(facts) || codeOfRefusal(facts) === "context_overflow";
  return typeof asked === "number" && isMeant ? smallerOutput(`${facts.message} ${facts.param}`, asked) : null;
}
