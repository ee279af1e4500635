/** The names of OpenAI, of its address and of models. */

export const OPENAI = "openai";

/** The vendor by its names and its own address. */
export const VENDOR = { name: OPENAI, title: "OpenAI", baseUrl: "https://api.openai.com/v1" } as const;

/** Whether an address is OpenAI itself, in any of its regions. */
export function isOpenAi(baseUrl: string): boolean {
  return /(^|\.)api\.openai\.com$/.test(new URL(baseUrl).hostname);
}

/** The reason why this is no model name, or null. Names travel in the body, and those of some hosts have slashes and colons. */
export function modelIdFault(model: string): string | null {
  if (model.trim() === "") return "the name of the model is blank: write one, or leave model out";
  return /\p{Cc}/u.test(model) ? `${JSON.stringify(model)} is no model name: it holds a control character` : null;
}
