/** Loads the secrets of the configuration, and nothing else of it. */
import { ConfigError } from "../../core/errors.js";
import type { Secret } from "../../core/redact.js";
import type { Paths } from "../files/paths.js";
import { loadConfig } from "../load-config.js";
import { providerSecrets } from "./secrets.js";

/** The secrets of the configuration; only the providers' keys where the configuration cannot be used. */
export async function knownSecrets(paths: Paths): Promise<readonly Secret[]> {
  try {
    return (await loadConfig(paths)).secrets;
  } catch (error) {
    if (error instanceof ConfigError) return providerSecrets(paths.env);
    throw error;
  }
}
