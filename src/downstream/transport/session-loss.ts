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

/** The words of errors that are about the session alone; any other word, such as an id, may mean a session of a tool. */
const PLAIN_WORDS = new Set(
  `a active again an and be been before begin by complete could doesn't does exist exists expect expected
  expired expecting find first for found given has have header id initialization initialisation initialize initialise
  initialized initialised invalid is it longer mcp message missing must never new no not or please provided re-initialize
  received recognized recognised reinitialize request required restart restarted sent server session sessionid specified
  stale start started such terminated the this unexpected unknown valid was with yet`.split(/\s+/),
);

/**
 * How sure an error makes it that the server refused a request because it has lost the session. `likely` has to be checked:
 * a tool may have sessions of its own, and a call that it refused must not be made again.
 */
export type Loss = "certain" | "likely" | "none";

/** By an HTTP error; `session` is the id that the request named, null where it named none. */
export function lossByStatus(status: number, reason: string, session: string | null): Loss {
  if (!GONE_STATUSES.includes(status)) return "none";
  if (session !== null && !VAGUE_STATUSES.includes(status)) return "certain";
  const loss = lossInText(reason, session);
  return loss === "none" && session !== null && /\bsession\b/i.test(reason) ? "likely" : loss;
}

/** By an error in a response. The code alone proves nothing. */
export function lossByError(code: number, message: string, session: string | null): Loss {
  const isOfCode = code === SESSION_LOST && /\bsession\b|^(MCP error -32001: )?not found\b/i.test(message);
  return isOfCode ? sureness(message, session) : lossInText(message, session);
}

function lossInText(text: string, session: string | null): Loss {
  const words = text.trim().replace(PREFIX, "");
  const isLoss =
    NOT_INITIALIZED.test(words) || NOT_BEGUN.test(words) || (ABOUT_SESSION.test(words) && LOSS.test(words));
  return isLoss ? sureness(text, session) : "none";
}

function sureness(text: string, session: string | null): Loss {
  const plain = text
    .trim()
    .replace(PREFIX, "")
    .replaceAll(session || /$^/g, "");
  const words = plain.toLowerCase().match(/[^\s.,:;!()"'`]+('t\b)?/g) ?? [];
  const isPlain = words.every(
    (word) => word.split("-").every((part) => PLAIN_WORDS.has(part)) || PLAIN_WORDS.has(word),
  );
  return isPlain ? "certain" : "likely";
}
