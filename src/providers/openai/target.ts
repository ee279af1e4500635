/** Where a request goes. */

/** The model and the address of a request; `origin` is undefined for the vendor's own address. */
export interface Target {
  readonly model: string;
  readonly origin: string | undefined;
}

export function isSameTarget(one: Target, other: Target): boolean {
  return one.model === other.model && one.origin === other.origin;
}
