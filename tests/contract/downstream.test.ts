import { pids, poolOf, useSandbox } from "../support/downstream-sandbox.js";
import { type DownstreamImplementation, describeDownstream } from "./suites/downstream.js";

const DOWNSTREAMS: readonly DownstreamImplementation[] = [
  {
    name: "as a pool of processes",
    setSandbox(scope) {
      useSandbox(scope);
      return { open: (servers, broken = []) => poolOf(servers, broken), pids: () => pids };
    },
  },
];

for (const implementation of DOWNSTREAMS) describeDownstream(implementation);
