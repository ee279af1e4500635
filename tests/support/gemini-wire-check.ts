/** What Gemini refuses with 400 INVALID_ARGUMENT, as far as an agent's requests can get it wrong. */

export interface WirePart {
  readonly text?: string;
  readonly thought?: boolean;
  readonly thoughtSignature?: string;
  readonly functionCall?: { readonly id?: string; readonly name: string; readonly args?: object };
  readonly inlineData?: { readonly mimeType: string; readonly data: string };
  readonly functionResponse?: { readonly id?: string; readonly name: string; readonly response: object };
}

export interface WireContent {
  readonly role?: string;
  readonly parts: readonly WirePart[];
}

interface WireDeclaration {
  readonly name: string;
  readonly description?: string;
  readonly parameters?: object;
  readonly parametersJsonSchema?: object;
}

/** The body of a generateContent request. */
export interface WireBody {
  readonly contents: readonly WireContent[];
  readonly systemInstruction?: WireContent;
  readonly tools?: readonly { readonly functionDeclarations?: readonly WireDeclaration[] }[];
  readonly toolConfig?: object;
  readonly store?: boolean;
}

interface WireCheck {
  /** Notes the signatures of a content that goes out, for they must come back. */
  remember(model: string, content: WireContent): void;
  /** The first thing wrong with a request, or null. */
  faultIn(model: string, body: WireBody): string | null;
}

/** A check that remembers which thought signatures were handed out. */
export function createWireCheck(): WireCheck {
  const signatures = new Map<string, string>();
  return {
    remember(model, content) {
      for (const { functionCall, thoughtSignature } of content.parts) {
        if (functionCall?.id && thoughtSignature) signatures.set(`${model} ${functionCall.id}`, thoughtSignature);
      }
    },
    faultIn(model, body) {
      return (
        declarationFault(body) ??
        shapeFault(body.contents) ??
        pairingFault(body.contents) ??
        signatureFault(body.contents, (id) => signatures.get(`${model} ${id}`))
      );
    },
  };
}

function declarationFault({ tools = [] }: WireBody): string | null {
  const seen = new Set<string>();
  for (const declaration of tools.flatMap((tool) => tool.functionDeclarations ?? [])) {
    const { name } = declaration;
    if (!/^[A-Za-z_][A-Za-z0-9_.:-]{0,127}$/.test(name)) return `Invalid function name: ${name}`;
    if (seen.has(name)) return `Duplicate function declaration found: ${name}`;
    seen.add(name);
    if (declaration.parameters && declaration.parametersJsonSchema) {
      return `${name}: only one of parameters and parametersJsonSchema may be set`;
    }
  }
  return null;
}

function shapeFault(contents: readonly WireContent[]): string | null {
  if (contents.length === 0) return "contents is not specified";
  for (const { role, parts } of contents) {
    if (role !== "user" && role !== "model") return "Please use a valid role: user, model.";
    if (parts.length === 0) return "contents.parts must not be empty";
    for (const { inlineData } of parts) {
      const fault = inlineData && inlineFault(inlineData, role);
      if (fault) return fault;
    }
  }
  return null;
}

const INLINE_TYPES = new Set(["image/png", "image/jpeg", "image/webp", "image/heic", "image/heif"]);
const FIRST_BYTES: Readonly<Record<string, string>> = { "image/png": "89504e47", "image/jpeg": "ffd8ff" };

function inlineFault({ mimeType, data }: NonNullable<WirePart["inlineData"]>, role: string): string | null {
  if (role !== "user") return "inline data is for the role user";
  if (!INLINE_TYPES.has(mimeType)) return `Unsupported MIME type: ${mimeType}`;
  const bytes = Buffer.from(data, "base64");
  if (data === "" || bytes.toString("base64") !== data) return "inline data is no base64";
  const first = FIRST_BYTES[mimeType] ?? "";
  return bytes.toString("hex", 0, first.length / 2) === first ? null : "Unable to process input image";
}

/** Each model content with calls is followed by exactly one response to each of them. */
function pairingFault(contents: readonly WireContent[]): string | null {
  for (const [index, content] of contents.entries()) {
    const asked = callsOf(contents[index - 1]);
    const answered = content.parts.flatMap((part) => part.functionResponse ?? []);
    if (keys(asked) !== keys(answered)) {
      return `the function responses [${keys(answered)}] do not answer the function calls [${keys(asked)}] one to one`;
    }
  }
  return callsOf(contents.at(-1)).length === 0 ? null : "the last function calls have no function responses";
}

function callsOf(content: WireContent | undefined) {
  return content?.parts.flatMap((part) => part.functionCall ?? []) ?? [];
}

function keys(items: readonly { readonly id?: string; readonly name: string }[]): string {
  return items
    .map(({ id, name }) => `${name}#${id ?? ""}`)
    .sort()
    .join(", ");
}

/** Signatures are checked from the last thing that the user said on. */
function signatureFault(contents: readonly WireContent[], signatureOf: (id: string) => string | undefined) {
  const turnStart = contents.findLastIndex(
    ({ role, parts }) => role === "user" && parts.some((part) => "text" in part),
  );
  for (const { functionCall, thoughtSignature } of contents.slice(turnStart + 1).flatMap(({ parts }) => parts)) {
    const signature = functionCall?.id && signatureOf(functionCall.id);
    if (!signature || signature === thoughtSignature) continue;
    return `Function call ${functionCall.name} has a ${thoughtSignature ? "corrupted" : "missing"} thought_signature`;
  }
  return null;
}
