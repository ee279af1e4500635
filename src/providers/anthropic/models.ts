/** The abilities of the models on Anthropic's wire, by their names: gateways serve others on it too. */

/** The parts of a request that a model takes. */
export interface ModelTraits {
  /** Whether it takes `thinking: { type: "adaptive" }`. */
  readonly thinks: boolean;
  /** Whether it takes `output_config.effort`, as far as is known. */
  readonly takesEffort: boolean;
  /** Whether the vendor itself takes changes of its tools within the messages, and thinking that is bound to a conversation. */
  readonly takesToolChanges: boolean;
  /** The most tokens of a reply that it is sure to allow. */
  readonly mostOutputTokens: number;
  /** Whether it may allow more than that. */
  readonly mayAllowMore: boolean;
}

const SAFE_OUTPUT = 32_000; // tokens that every model since Claude 3.7 allows
const CLAUDE = /claude-(?:(opus|sonnet|haiku|fable|mythos)-)?(\d{1,2})(?:[-.](\d{1,2}))?(?!\d)/;

/** The first version of each family that takes changes of its tools within the messages, as documented. */
const FIRST_WITH_CHANGES: Readonly<Record<string, number>> = {
  opus: versionOf(4, 8),
  sonnet: versionOf(5, 5),
  haiku: versionOf(5, 5),
  fable: versionOf(5, 0),
  mythos: versionOf(5, 0),
};

/** Unknown models count as newer than the known ones where they are Claude's, and as able to do little where they are not. */
export function traitsOf(model: string): ModelTraits {
  const [, family, major, minor = "0"] = CLAUDE.exec(model) ?? [];
  if (major === undefined) {
    const isClaude = /claude/.test(model);
    const output = { mostOutputTokens: SAFE_OUTPUT, mayAllowMore: true };
    return { thinks: isClaude, takesEffort: true, takesToolChanges: isClaude, ...output };
  }
  const version = versionOf(Number(major), Number(minor));
  return {
    thinks: version >= versionOf(4, 6),
    takesEffort: version >= versionOf(4, 6),
    takesToolChanges: version >= (FIRST_WITH_CHANGES[family ?? ""] ?? versionOf(5, 5)),
    mostOutputTokens: outputOf(version),
    mayAllowMore: version >= versionOf(3, 7) && version < versionOf(5, 0),
  };
}

function outputOf(version: number): number {
  if (version >= versionOf(5, 0)) return 128_000;
  if (version >= versionOf(3, 7)) return SAFE_OUTPUT;
  return version >= versionOf(3, 5) ? 8192 : 4096;
}

/** A number that is larger for a later version: 4.10 comes after 4.8. */
function versionOf(major: number, minor: number): number {
  return major * 100 + minor;
}

/** The reason why this is no model name, or null. It travels in the body, and gateways have names of any form. */
export function modelIdFault(model: string): string | null {
  // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what it looks for
  if (model.trim() !== "" && !/[\u0000-\u001f\u007f]/.test(model)) return null;
  return `${JSON.stringify(model)} is no model name: write one such as "claude-sonnet-5-5"`;
}
