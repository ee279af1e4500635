/** The common part of the stand-ins for vendors: a server on a loopback port, and the requests that it got. */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo } from "node:net";

export interface VendorServer {
  /** Such as "http://127.0.0.1:34567". */
  readonly origin: string;
  /** Ends its connections too. */
  close(): Promise<void>;
}

export interface Recorder<R> {
  readonly requests: readonly R[];
  record(request: R): void;
  /** The nth request (from 1), as soon as it is there. */
  arrived(n: number): Promise<R>;
}

/** Starts a server; whoever starts it closes it. `fail` answers where `serve` throws. */
export async function startVendorServer(
  serve: (request: IncomingMessage, response: ServerResponse) => Promise<void>,
  fail: (response: ServerResponse, fault: string) => void,
): Promise<VendorServer> {
  const server = createServer((request, response) => {
    serve(request, response).catch((error) => {
      fail(response, `the stand-in failed: ${error instanceof Error ? error.stack : error}`);
    });
  });
  server.keepAliveTimeout = 60_000; // a connection closed while idle would look like a fault of the caller
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as AddressInfo;
  return {
    origin: `http://127.0.0.1:${port}`,
    close() {
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      server.closeAllConnections();
      return closed;
    },
  };
}

export function createRecorder<R>(): Recorder<R> {
  const requests: R[] = [];
  const waiting = new Map<number, (request: R) => void>();
  return {
    requests,
    record(request) {
      requests.push(request);
      waiting.get(requests.length)?.(request);
    },
    arrived(n) {
      const known = requests[n - 1];
      return known ? Promise.resolve(known) : new Promise((resolve) => waiting.set(n, resolve));
    },
  };
}

export async function textOf(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk);
  return Buffer.concat(chunks).toString("utf8");
}

/** Resolves when the connection is lost before the answer is complete. */
export function lossOf(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    response.once("close", () => {
      if (!response.writableFinished) resolve();
    });
  });
}
