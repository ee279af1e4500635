/** A provider: the vendor behind it, and how the user has set it up. */
import { sha256 } from "../../lib/hash.js";
import type { WindowList } from "../run/context-window.js";
import type { PriceList } from "../run/cost.js";
import type { Wire } from "../run/message.js";

/** The facts about a vendor that the configuration needs. */
export interface Vendor {
  /** The name of the provider that needs no entry in the configuration, and what other entries are `like`. */
  readonly name: string;
  readonly title: string;
  /** The environment variable that holds its key. */
  readonly keyVariable: string;
  readonly baseUrlVariable: string;
  /** Its own address. */
  readonly baseUrl: string;
  /** The paths that requests add to an address, the longest first: people write addresses with them and without. */
  readonly addedPaths: readonly string[];
  /** The page where a key is made. */
  readonly keyPage: string;
  /** The wires that an entry may choose among; empty where there is no choice. */
  readonly wires: readonly Wire[];
  /** The hosts of its wire whose tolerances are known, for `host` in an entry. */
  readonly hosts: readonly string[];
  /** Whether an entry like it may say that its address takes the vendor's betas. */
  readonly hasBetas?: true;
  /** Short names of its models, such as opus, by what they stand for now. */
  readonly aliases: Readonly<Record<string, string>>;
  /** The price of input that is written to its cache, as a part of that of other input. */
  readonly cacheWriteRatio: number;
  /** The reason why this is no model of the vendor, or null. */
  modelIdFault(model: string): string | null;
}

/** A provider as the configuration sets it up. */
export interface ProviderSetup {
  readonly name: string;
  /** The name of its vendor. */
  readonly like: string;
  /** Null where it has none. */
  readonly apiKey: string | null;
  /** The variable that its key comes from; null where it needs none. */
  readonly keyVariable: string | null;
  /** As `normalBaseUrl` gives it. */
  readonly baseUrl: string;
  /** The model where nobody names one; null for that of the vendor. */
  readonly model: string | null;
  /** Where its address is set, for a sentence that says what to change. */
  readonly baseUrlPlace: string;
  /** Null for the wire that suits its address. */
  readonly wire: Wire | null;
  /** The name of the host whose tolerances it needs; null to find that out. */
  readonly host: string | null;
  /** Whether it takes the vendor's betas although it is not the vendor. */
  readonly betas: boolean;
  readonly prices: PriceList;
  /** The context windows that the user gives. */
  readonly windows: WindowList;
  /** Why it cannot be used; null where it can. Another provider still may be. */
  readonly fault: string | null;
}

/** Whether an address is this machine, which needs no key and no encryption. */
export function isLoopback(baseUrl: string): boolean {
  const { hostname } = new URL(baseUrl);
  return (
    hostname === "localhost" ||
    hostname.endsWith(".localhost") ||
    hostname === "[::1]" ||
    /^127(\.\d+){3}$/.test(hostname)
  );
}

/** An address as stored replies name it: without a query, which may hold a key. */
export function storedOrigin(baseUrl: string): string {
  const [address = "", query] = baseUrl.split("?");
  return query === undefined ? address : `${address}?${sha256(query).slice(0, 16)}`;
}

/** The address without what requests add to it, and without slashes at its end. */
export function normalBaseUrl(baseUrl: string, addedPaths: readonly string[] = []): string {
  const [, host = "", path = "", query = ""] = /^([^/?]*\/\/[^/?]*)?([^?]*)(.*)$/s.exec(baseUrl) ?? [];
  const bare = withoutSlashes(path);
  const added = addedPaths.find((end) => bare.endsWith(end)) ?? "";
  return `${host}${withoutSlashes(bare.slice(0, bare.length - added.length))}${query}`;
}

function withoutSlashes(path: string): string {
  return path.replace(/\/+$/, "");
}

/** Why an address cannot be used, to follow its name; null where it can. */
export function baseUrlFault(baseUrl: string): string | null {
  if (!URL.canParse(baseUrl)) return "is no URL: write one such as https://example.com";
  const { protocol, username, password, hash } = new URL(baseUrl);
  if (protocol !== "https:" && !(protocol === "http:" && isLoopback(baseUrl)))
    return "sends the key in the clear: write https:// (http:// is for this machine alone)";
  if (username !== "" || password !== "") return "holds a password: put the key into its variable";
  if (hash !== "") return "has a part behind #: leave it out";
  return null;
}
