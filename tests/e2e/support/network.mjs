// The way between a shopper and the API, which can be watched, cut and made worse than it is. All answers are the real server's.

import { once } from "node:events";
import { createServer, request as ask } from "node:http";

/**
 * Starts it in front of `api`.
 *
 * `fault(request)` may say `"cut"` (the connection breaks), `"hang"` (no answer comes) or a number (that status, at once).
 * `alter(request, body)` may return other bytes than the server's. `hold(request)` may return a promise: the request goes on when it
 * is kept.
 */
export async function startNetwork(api) {
  const { hostname, port } = new URL(api);
  const network = {
    /** Requests in the order of their arrival: `{method, path, query, body}`. */
    requests: [],
    /** Streams that are open now. */
    streams: new Set(),
    fault: undefined,
    alter: undefined,
    hold: undefined,

    /** Requests whose path begins so. */
    to: (path) => network.requests.filter((each) => each.path.startsWith(path)),

    /**
     * Breaks all connections, forgets what was, and goes on at another address: a browser may send what a page had begun to ask
     * some 30 ms after the page was closed, and that is no request of the next test.
     */
    async reset() {
      network.fault = network.alter = network.hold = undefined;
      await network.stop();
      network.requests.length = 0;
      network.streams.clear();
      await begin();
    },

    /** Breaks the connections that are open, as a server does that goes away. */
    cut: () => server.closeAllConnections(),

    async stop() {
      server.closeAllConnections();
      server.close();
      await once(server, "close");
    },
  };

  let server;
  async function begin() {
    server = createServer(pass).listen(0, "127.0.0.1");
    await once(server, "listening");
    network.api = `http://127.0.0.1:${server.address().port}`;
  }

  async function pass(request, response) {
    const { method, headers } = request;
    const url = new URL(request.url, api);
    const chunks = [];
    request.on("error", () => response.destroy());
    for await (const chunk of request) chunks.push(chunk);
    // The end of one test may have broken it off: it is no request of the next one.
    if (response.destroyed) return;
    const body = Buffer.concat(chunks);
    const entry = { method, path: url.pathname, query: url.searchParams, body: body.toString() };
    network.requests.push(entry);

    await network.hold?.(entry);
    if (response.destroyed) return;

    // A browser's preflight is not the request yet.
    const preflight = method === "OPTIONS";
    const fault = preflight ? undefined : network.fault?.(entry);
    if (fault === "cut") return request.socket.destroy();
    if (fault === "hang") return;
    if (typeof fault === "number") {
      const problem = { type: "about:blank", title: "Trouble", status: fault, code: "trouble", detail: "Made by the test." };
      const cors = { "access-control-allow-origin": headers.origin ?? "*" };
      return response.writeHead(fault, { "content-type": "application/problem+json", ...cors }).end(JSON.stringify(problem));
    }

    const onward = { ...headers, host: `${hostname}:${port}` };
    if (network.alter && !preflight) {
      // What is altered must not come compressed, nor out of a cache.
      for (const name of ["accept-encoding", "if-none-match", "if-modified-since"]) delete onward[name];
    }
    // Who has asked may have gone before the answer comes.
    response.on("close", () => {
      network.streams.delete(entry);
      forwarded.destroy();
    });
    const forwarded = ask({ hostname, port, method, path: request.url, headers: onward, agent: false }, async (answer) => {
      const stream = answer.headers["content-type"]?.startsWith("text/event-stream");
      if (response.destroyed) return answer.destroy();
      if (stream) network.streams.add(entry);
      answer.on("error", () => response.destroy());
      if (stream || preflight || !network.alter) {
        response.writeHead(answer.statusCode, answer.headers);
        response.flushHeaders();
        return answer.pipe(response);
      }
      const parts = [];
      for await (const part of answer) parts.push(part);
      const original = Buffer.concat(parts);
      const altered = Buffer.from(network.alter?.(entry, original) || original);
      const { "content-length": _length, "transfer-encoding": _encoding, ...rest } = answer.headers;
      response.writeHead(answer.statusCode, { ...rest, "content-length": altered.length }).end(altered);
    });
    forwarded.on("error", () => response.destroy());
    forwarded.end(body);
  }

  await begin();
  return network;
}
