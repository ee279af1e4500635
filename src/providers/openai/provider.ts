/** OpenAI and the hosts that speak its wires, as a provider. The vendor's SDK only sends; legwork builds requests and reads answers. */
import type { ProviderSetup } from "../../core/definitions/provider-setup.js";
import { ProviderError } from "../../core/errors.js";
import type { ModelActivity, ModelReply, ModelRequest, Provider } from "../../core/ports/provider.js";
import { windowIn } from "../../core/run/context-window.js";
import type { ToolDeclaration } from "../../core/run/message.js";
import { createPauses } from "../../lib/pauses.js";
import { beginAttempt, redacted } from "../http/attempt.js";
import { sendGuarded } from "../http/guard-requests.js";
import { onOwnSignal } from "../http/on-own-signal.js";
import { sourceOf, targetOf, titleOf } from "../http/reply-target.js";
import { FREE_OUTPUT, outputWithin, type SmallerOutput } from "../http/smaller-output.js";
import { createChatDialect } from "./chat/dialect.js";
import type { Dialect } from "./dialect.js";
import { hostOf } from "./hosts.js";
import { learnFrom } from "./learn.js";
import { afterRefusal } from "./limit-output.js";
import { isOpenAi, modelIdFault, VENDOR } from "./names.js";
import { createResponsesDialect } from "./responses/dialect.js";
import { type Client, createClient } from "./transport/client.js";
import { Refused, refusesForm } from "./transport/refusal.js";
import { toProviderError } from "./transport/to-provider-error.js";

const IMAGE_TYPES = new Set(["image/png", "image/jpeg", "image/webp", "image/gif"]);
const MOST_LESSONS = 12; // for one model; more than there are to learn
const MOST_NARROWED = 3; // times for one request: a host's counts of it may differ a little
const NO_OUTPUT = { usage: null, askAgain: true } as const;

/** Creates a provider that speaks the wire of its entry, else the one that suits its address. It loads the SDK with the first request. */
export function createOpenAiProvider(setup: ProviderSetup): Provider {
  const host = hostOf(setup);
  const title = titleOf(setup, VENDOR);
  const wire = setup.wire ?? (isOpenAi(setup.baseUrl) ? "responses" : "chat");
  const reply =
    wire === "responses"
      ? createReply(createResponsesDialect(), setup, title)
      : createReply(createChatDialect(host), setup, title);
  return { ...(host.images && { imageTypes: IMAGE_TYPES }), reply };
}

/** The form of requests that a provider has learned for a model. */
interface Learned<Form> {
  form: Form;
  output: SmallerOutput;
  lessons: number;
}

function createReply<Form>(dialect: Dialect<Form>, setup: ProviderSetup, title: string): Provider["reply"] {
  const learned = new Map<string, Learned<Form>>();
  const declared = new WeakMap<readonly ToolDeclaration[], Promise<readonly object[]>>();
  let client: Promise<Client> | null = null;

  function toolsOf(tools: readonly ToolDeclaration[]): Promise<readonly object[]> {
    const known = declared.get(tools) ?? declare(tools, dialect.toTool);
    declared.set(tools, known);
    return known;
  }

  /** Asks, and again at once in another form where the host refuses the first in words. */
  async function ask(request: ModelRequest, signal: AbortSignal): Promise<ModelReply> {
    const { model } = request;
    const tools = await toolsOf(request.tools);
    client ??= createClient(setup);
    const { post } = await client;
    const known = learned.get(model) ?? { form: dialect.form, output: FREE_OUTPUT, lessons: 0 };
    learned.set(model, known);
    const tell = (activity: ModelActivity) => request.onActivity?.(activity);
    const target = targetOf(setup, VENDOR, { wire: dialect.wire, model });
    let room = FREE_OUTPUT; // that this request leaves
    for (let narrowed = 0; ; ) {
      const { form } = known;
      const limited = outputWithin(outputWithin(request, known.output), room);
      const body = dialect.toBody(limited, tools, form, target);
      const attempt = await beginAttempt(title, model, setup, request.onLimits);
      const joined = dialect.join(tell);
      try {
        await sendGuarded(attempt.sent, () => post(dialect.path, body, joined, signal));
        if (!joined.isWhole) throw new Error("the answer ended before the reply did");
        const reply = withOverflow(joined.toReply(sourceOf(setup, target), title), setup, model);
        const warnings = dialect.warningsOf?.(request, reply) ?? [];
        return reply.ok && warnings.length > 0 ? { ...reply, warnings } : reply;
      } catch (error) {
        if (!(error instanceof Refused)) throw toProviderError(error, attempt);
        const { facts } = error;
        if (facts.code === "tool_use_failed") {
          const reason = `${title} could not read the call: ${facts.message}`;
          return { ok: false, code: "malformed_reply", reason, text: facts.written, ...NO_OUTPUT };
        }
        const smaller = narrowed < MOST_NARROWED ? afterRefusal(facts, body) : null;
        const namesNone = smaller === null || smaller.tokens === null;
        if (namesNone && refusesForm(facts) && learn(known, form, facts, body)) continue;
        if (smaller === null) throw toProviderError(error, attempt);
        narrowed += 1;
        if (smaller.of === "request") room = smaller;
        else known.output = smaller;
      }
    }
  }

  /** Whether the request may be sent once more: in a form that this refusal, or that of another request meanwhile, has taught. */
  function learn(known: Learned<Form>, form: Form, facts: Refused["facts"], body: Readonly<Record<string, unknown>>) {
    if (known.form !== form) return true;
    const next = known.lessons < MOST_LESSONS ? learnFrom(facts, dialect.lessons, form, body) : null;
    if (next === null) return false;
    known.form = next;
    known.lessons += 1;
    return true;
  }

  return async (request, signal) => {
    signal.throwIfAborted();
    const fault = modelIdFault(request.model);
    if (fault !== null) throw new ProviderError("model_not_found", fault);
    const reply = await onOwnSignal(signal, (own) => ask(request, own));
    // A host's explanation may repeat the key, and legwork stores reasons.
    return reply.ok ? reply : { ...reply, reason: redacted(reply.reason, setup) };
  };
}

/** Some hosts take a conversation that is longer than the window, and then the model says nothing. */
function withOverflow(reply: ModelReply, { windows }: ProviderSetup, model: string): ModelReply {
  if (reply.ok || reply.code !== "empty_reply") return reply;
  const window = windowIn(windows, model);
  const input = reply.usage?.input ?? 0;
  if (window === null || input <= window) return reply;
  const reason = `${reply.reason}: the conversation has ${input} tokens, and its context window ${window}`;
  return { ...reply, code: "context_overflow", reason, askAgain: false };
}

async function declare(
  tools: readonly ToolDeclaration[],
  toTool: (tool: ToolDeclaration) => object,
): Promise<readonly object[]> {
  const declarations: object[] = [];
  const pause = createPauses(); // there may be hundreds of large schemas
  for (const tool of tools) {
    await pause();
    declarations.push(toTool(tool));
  }
  return declarations;
}
