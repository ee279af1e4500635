/** All that legwork keeps, in one database file. */
import type { CatalogStore, PinStore } from "../../core/ports/catalog-store.js";
import type { Clock } from "../../core/ports/clock-and-log.js";
import type { PaceStore } from "../../core/ports/pace-store.js";
import type { RunStore } from "../../core/ports/run-store.js";
import { connect } from "./connection/connection.js";
import { type Owners, processOwners } from "./connection/owner.js";
import { createCatalogStore } from "./runs/catalog-store.js";
import { createPaceStore } from "./runs/pace-store.js";
import { createPinStore } from "./runs/pin-store.js";
import { createRunStore } from "./runs/run-store.js";

export interface Store {
  /** Its `close` closes the one connection that all four share. */
  readonly runs: RunStore;
  readonly catalogs: CatalogStore;
  readonly pins: PinStore;
  readonly paces: PaceStore;
}

/** Opens the file, creating folder and tables where they are missing. The caller closes it. Throws StoreError. */
export function openStore(file: string, clock: Clock, owners: Owners = processOwners()): Store {
  const connection = connect(file);
  return {
    runs: createRunStore(connection, clock, owners),
    catalogs: createCatalogStore(connection, clock),
    pins: createPinStore(connection, clock),
    paces: createPaceStore(connection),
  };
}
