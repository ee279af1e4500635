/** Errors in the forms in which hosts write them, and the codes that they stand for. */
import type { ProviderErrorCode } from "../../../core/errors.js";
import { isRecord } from "../../../lib/is-record.js";
import { jsonIn } from "../../../lib/json/json-in.js";
import { codeOfStatus } from "../../http/attempt.js";
import { isAboutOutput, LEAST_ROOM, namedRoom } from "../../http/smaller-output.js";

/** An error of a host; texts are "" where it gave none. */
export interface RefusalFacts {
  readonly status: number;
  readonly message: string;
  readonly code: string;
  readonly type: string;
  /** The field that it refuses. */
  readonly param: string;
  /** The text of the model that the host refused. */
  readonly written: string;
}

/** Thrown where a host answers with an error, with its status or within an answer of status 200. */
export class Refused extends Error {
  override readonly name = "Refused";
  constructor(readonly facts: RefusalFacts) {
    super(facts.message || facts.code || `status ${facts.status}`);
  }
}

const NO_TEXT: RefusalFacts = { status: 0, message: "", code: "", type: "", param: "", written: "" };

/** The error in the body of a refusal; a page of HTML says nothing to a person. */
export function refusalIn(status: number, body: string): RefusalFacts {
  const value = jsonIn(body);
  if (value !== undefined) return refusalOf(value, status) ?? { ...NO_TEXT, status, message: body };
  const isPage = /^\s*</.test(body);
  if (status === 404) return { ...NO_TEXT, status, code: "nothing_there" };
  return { ...NO_TEXT, status, message: isPage ? "" : body };
}

/** The error that a value is; null where it is none. `status` is that of the response, which the error may correct. */
export function refusalOf(value: unknown, status: number): RefusalFacts | null {
  if (!isRecord(value)) return null;
  const { error } = value;
  if (typeof error === "string" && error !== "")
    return factsOf({ code: value.code, type: value.type, message: error }, status);
  if (isRecord(error)) return factsOf(error, status);
  if (Array.isArray(value.errors) && isRecord(value.errors[0])) return factsOf(value.errors[0], status);
  if (value.type === "error" || value.object === "error") return factsOf(value, status);
  if (Array.isArray(value.choices) || status < 400) return null;
  if (value.detail !== undefined) return factsOf({ ...value, message: textOf(value.detail) }, status);
  return typeof value.message === "string" ? factsOf(value, status) : null;
}

function factsOf(error: Readonly<Record<string, unknown>>, status: number): RefusalFacts {
  const { metadata } = error;
  const upstream = isRecord(metadata) ? textOf(metadata.raw) : "";
  const numbers = [error.code, error.status, error.status_code].map(Number);
  return {
    status: status >= 400 ? status : (numbers.find((number) => number >= 400 && number < 600) ?? status),
    message: [textOf(error.message ?? error.msg), upstream].filter((text) => text !== "").join(": "),
    code: isRecord(metadata) && Array.isArray(metadata.reasons) ? "flagged" : textOf(error.code),
    type: textOf(error.type),
    param: textOf(error.param),
    written: textOf(error.failed_generation),
  };
}

function textOf(value: unknown): string {
  if (value === undefined || value === null) return "";
  return typeof value === "string" ? value : JSON.stringify(value);
}

/** The meanings of codes and types. Those of z.ai are numbers. */
const CODES: Readonly<Record<string, ProviderErrorCode>> = {
  insufficient_quota: "out_of_credit",
  insufficient_balance: "out_of_credit",
  billing_hard_limit_reached: "out_of_credit",
  billing_not_active: "out_of_credit",
  exceeded_current_quota_error: "out_of_credit",
  "1113": "out_of_credit",
  context_length_exceeded: "context_overflow",
  exceed_context_size_error: "context_overflow",
  "1261": "context_overflow",
  invalid_api_key: "unauthorized",
  invalid_authentication_error: "unauthorized",
  authentication_error: "unauthorized",
  model_not_found: "model_not_found",
  model_decommissioned: "model_not_found",
  invalid_model: "model_not_found",
  "1211": "model_not_found",
  nothing_there: "invalid_request",
  flagged: "invalid_request", // by OpenRouter's moderation, with 403
  rate_limit_exceeded: "rate_limited",
  rate_limit_error: "rate_limited",
  rate_limit_reached_error: "rate_limited",
  "1302": "rate_limited",
  overloaded_error: "overloaded",
  engine_overloaded_error: "overloaded",
  insufficient_system_resource: "overloaded",
  server_error: "server_error",
  internal_error: "server_error",
  internal_server_error: "server_error",
};

const RATE = /rate.?limit|too many requests|(requests|tokens) per (second|minute|hour|day)|\b[rt]p[md]\b/i;
const CREDIT = /insufficient (account )?(balance|credit|funds|quota)|exceeded your current quota/i;
/** There is no common code for it. */
const OVERFLOW = [
  /context[ _](length|window|size)/i,
  /maximum (context|model|prompt|input) length/i,
  /(prompt|input|conversation|messages?|request) (is|are|was) too (long|large)/i,
  /prompt too long/i,
  /too (long|many tokens) for (the|this) model/i,
  /exceed\w* (the |this )?(model('s)? )?(max\w* )?(model )?(token limit|number of tokens|length|tokens)/i,
  /(token|context) (limit|overflow)/i,
  /prompt exceeds max/i,
  /reduce the length of/i,
  /(input|prompt) tokens? .*(exceed|greater than|larger than|must be)/i,
  /context the overflows/i,
];

/** There is no common code for it either; the word stands beside the name of the model, or for it. */
const NO_MODEL = [
  /not a valid model\b/i,
  /\b(invalid|unknown|unrecogni[sz]ed) model\b(?! (output|response|reply|parameter|setting|input))/i,
  /\bmodel\b[^.;]{0,200}?\b(does not exist|doesn't exist|do not exist|not found|could not be found|was not found|is not known|is unknown)/i,
  /no such model\b|\bmodel (id|name) is (invalid|unknown)/i,
];

/** The code by the host's own words for its error; null where its status says as much. Texts count where there is nothing else. */
export function codeOfRefusal(facts: RefusalFacts): ProviderErrorCode | null {
  const { status, code, type, message } = facts;
  const named = CODES[code] ?? CODES[type] ?? null;
  // More than a minute's share in one request: no pause makes it pass.
  if (status === 413 && (named === "rate_limited" || RATE.test(message))) return "quota_exhausted";
  if (named !== null && !(named === "server_error" && status >= 400)) return named; // of a failure the status says more
  if (status === 429) return CREDIT.test(message) ? "out_of_credit" : null;
  if (status === 401 || status === 402 || status === 403 || status === 404) return null;
  if (RATE.test(message)) return status >= 400 ? null : "rate_limited";
  if (isOverflow(message)) return "context_overflow";
  if (status < 500 && NO_MODEL.some((pattern) => pattern.test(message))) return "model_not_found";
  if (status >= 400) return null;
  return /invalid|bad_request|unsupported|unknown_parameter|policy|content_filter/i.test(`${code} ${type}`)
    ? "invalid_request"
    : "server_error";
}

function isOverflow(message: string): boolean {
  if (isAboutOutput(message)) {
    const room = namedRoom(message);
    if (room !== null) return room < LEAST_ROOM;
    if (!/input|prompt|messages/i.test(message)) return false;
  }
  return OVERFLOW.some((pattern) => pattern.test(message));
}

/** Whether the host may take the request in another form: its status, or its code within status 200, says nothing else. */
export function refusesForm(facts: RefusalFacts): boolean {
  const code = codeOfRefusal(facts) ?? codeOfStatus(facts.status);
  return code === "invalid_request" && facts.code !== "nothing_there";
}
