/** Recognises that a server behind a URL has lost a session, as it does when it restarts: servers say so in many ways. */

const SESSION_LOST = -32001; // the code that several frameworks give for it; others give it for a request that timed out
const GONE_STATUSES = [400, 404, 410, 422];
const VAGUE_STATUSES = [400, 422]; // servers give them for other faults of a request too
const PREFIX =
  /^(MCP error -?\d+: )?((bad request|not found|invalid request|unprocessable( entity| content)?|error)[:,] )?/i;
const ABOUT_SESSION =
  /^(the |no |an? |valid |invalid |unknown |expired |stale |missing |active |such |or |mcp[ -])*session\b/i;
const LOSS =
  /not found|not valid|not exist|not recogni|no longer|\bno\b|unknown|invalid|expired|terminated|closed|missing|required|stale/i;
const NOT_INITIALIZED =
  /^(the )?(server|session|connection|client) (is |was |has )?(not|never) (been |yet )*initiali[sz]ed\b/i;
/** The same in the words of servers that ask for what has to come first. */
const NOT_BEGUN = new RegExp(
  [
    "^received (a )?request before initiali[sz]ation\\b",
    "^(the )?(server|session|connection|client) must be initiali[sz]ed\\b",
    "^(unexpected message, )?expect(ed|ing)? (an )?initiali[sz]e request\\b",
    "^could not find (the |a )?session\\b",
  ].join("|"),
  "i",
);

/** Whether an HTTP error proves that the server refused the request for its session. `inSession` says whether the request named one. */
export function isLostByStatus(status: number, reason: string, inSession: boolean): boolean {
  if (!GONE_STATUSES.includes(status)) return false;
  if (inSession && (!VAGUE_STATUSES.includes(status) || /\bsession\b/i.test(reason))) return true;
  return isAboutLoss(reason);
}

/** The same of an error in a response. The code alone proves nothing. */
export function isLostByError(code: number, message: string): boolean {
  return (
    isAboutLoss(message) || (code === SESSION_LOST && /\bsession\b|^(MCP error -32001: )?not found\b/i.test(message))
  );
}

function isAboutLoss(text: string): boolean {
  const words = text.trim().replace(PREFIX, "");
  return NOT_INITIALIZED.test(words) || NOT_BEGUN.test(words) || (ABOUT_SESSION.test(words) && LOSS.test(words));
}
