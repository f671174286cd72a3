// Requests of which the client costs next to nothing: connections that stay open, bytes that are ready before they are sent.

import { connect } from "node:net";

const ANSWER_MS_MAX = 30_000;

/** A connection that asks one thing after the other. */
export class Connection {
  static open(origin) {
    const { hostname, port } = new URL(origin);
    return new Promise((resolve, reject) => {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true });
      socket.once("error", reject);
      socket.once("connect", () => {
        socket.off("error", reject);
        resolve(new Connection(socket));
      });
    });
  }

  constructor(socket) {
    this.socket = socket;
    this.read = [];
    socket.on("data", (chunk) => this.take(chunk));
    socket.on("error", (error) => this.end(error));
    socket.on("close", () => this.end(Error("the connection ended")));
  }

  /** Sends the bytes of a request. Its answer: status, body, and after how many milliseconds it was here. */
  ask(bytes) {
    if (this.waiting) throw Error("one thing after the other");
    return new Promise((resolve, reject) => {
      if (this.ended) return reject(this.ended);
      const slow = setTimeout(() => this.socket.destroy(Error(`no answer in ${ANSWER_MS_MAX} ms`)), ANSWER_MS_MAX);
      this.waiting = { resolve, reject, slow, asked: performance.now() };
      this.socket.write(bytes);
    });
  }

  close() {
    this.socket.destroy();
  }

  take(chunk) {
    this.read.push(chunk);
    const bytes = this.read.length === 1 ? chunk : Buffer.concat(this.read);
    this.read = [bytes];
    const head = bytes.indexOf("\r\n\r\n");
    if (head < 0 || !this.waiting) return;
    const text = bytes.toString("latin1", 0, head);
    const begins = head + 4;
    const length = Number(/^content-length: (\d+)/im.exec(text)?.[1] ?? 0);
    if (bytes.length < begins + length) return;
    const { resolve, slow, asked } = this.waiting;
    this.waiting = undefined;
    this.read = [];
    clearTimeout(slow);
    resolve({ status: Number(text.slice(9, 12)), body: bytes.toString("utf8", begins, begins + length), ms: performance.now() - asked });
  }

  end(error) {
    this.ended ??= error;
    if (!this.waiting) return;
    const { reject, slow } = this.waiting;
    this.waiting = undefined;
    clearTimeout(slow);
    reject(error);
  }
}

/** The bytes of a merchant's request. */
export function request(secret, method, path, body = undefined, key = crypto.randomUUID()) {
  const content = body === undefined ? "" : JSON.stringify(body);
  const head = `${method} ${path} HTTP/1.1\r\nHost: shop\r\nAuthorization: Bearer ${secret}\r\nIdempotency-Key: ${key}\r\n`;
  const about = content && `Content-Type: application/json\r\n`;
  return Buffer.from(`${head}${about}Content-Length: ${Buffer.byteLength(content)}\r\n\r\n${content}`);
}

/** A merchant's client with one connection: sends a request, and reads the answer as JSON. */
export async function client(origin, secret) {
  const connection = await Connection.open(origin);
  const ask = async (method, path, body, key) => {
    const { status, body: text, ms } = await connection.ask(request(secret, method, path, body, key));
    return { status, ms, body: text ? JSON.parse(text) : undefined };
  };
  return { ask, close: () => connection.close() };
}
