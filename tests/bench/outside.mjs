// Stand-ins for whom a shop is connected to outside: a bank that is asked by signed messages (docs/payments.md), and a mail server.
// They outlive the server that asks them. Now and then they are slow, do as they were asked and break off before they say so,
// or break off before they do anything.

import { createHmac, randomBytes } from "node:crypto";
import { createServer as createWebServer } from "node:http";
import { createServer } from "node:net";

import { dice, sleep } from "./lib.mjs";

/** Of a hundred that ask for the first time, so many. Who asks again is answered at once. */
const SLOW_PERCENT = 6;
const SILENT_PERCENT = 3;
const LOST_PERCENT = 2;
const SLOW_MS_MIN = 20;
/** Far less than anybody waits for an answer. */
const SLOW_MS_MAX = 400;
const SECRET_BYTES = 32;
const SIGNED_S_MAX = 300;

/** What was heard, by the names under which it was asked, and who had reason to ask again. */
class Heard {
  constructor(seed) {
    this.roll = dice(seed);
    /** By name: in which life of the server it came last, whether it was answered, how often it came. */
    this.names = new Map();
    /** Came again after the server was killed, and after it was not answered. */
    this.again = { killed: 0, unanswered: 0 };
    /** Came again from a server that had its answer, or was still to get it. */
    this.needless = [];
  }

  /** How somebody is treated who asks under this name. */
  fate(name) {
    if (this.names.has(name)) return "prompt";
    const one = this.roll(100);
    if (one < SLOW_PERCENT) return "slow";
    if (one < SLOW_PERCENT + SILENT_PERCENT) return "silent";
    return one < SLOW_PERCENT + SILENT_PERCENT + LOST_PERCENT ? "lost" : "prompt";
  }

  note(name, life, fate) {
    const before = this.names.get(name);
    if (before && before.life !== life) this.again.killed += 1;
    else if (before?.fate === "silent") this.again.unanswered += 1;
    else if (before) this.needless.push(`${name} twice from start ${life}`);
    this.names.set(name, { life, fate, times: (before?.times ?? 0) + 1 });
  }

  pause() {
    return sleep(SLOW_MS_MIN + this.roll(SLOW_MS_MAX - SLOW_MS_MIN));
  }

  /** How often it came under the same name, and why. */
  get told() {
    const times = [...this.names.values()].map((each) => each.times);
    const more = (than) => times.filter((count) => than < count).length;
    const { killed, unanswered } = this.again;
    return `${times.length} names, ${more(1)} more than once (${killed} times after a kill, ${unanswered} without an answer), ${more(2)} more than twice, at most ${Math.max(0, ...times)} times`;
  }
}

/** The merchant's own payment system: what shoppers agreed to, and what was taken of it. */
export class Bank {
  static async open(seed) {
    const bank = new Bank(seed);
    bank.server = createWebServer((request, response) => bank.asked(request, response).catch((error) => bank.wrong.push(`the bank broke: ${error.stack}`)));
    await new Promise((resolve) => bank.server.listen(0, "127.0.0.1", resolve));
    return bank;
  }

  constructor(seed) {
    this.heard = new Heard(seed);
    this.key = randomBytes(SECRET_BYTES);
    /** By its reference: the order, how much it may cost, what was taken for which parcel, and what was let go. */
    this.agreements = new Map();
    /** Parcels that somebody has asked the server to hand over: of no other may anything be taken. */
    this.leaving = new Set();
    /** What was asked and answered under each name. */
    this.done = new Map();
    this.wrong = [];
  }

  get url() {
    return `http://127.0.0.1:${this.server.address().port}`;
  }

  get secret() {
    return `whsec_${this.key.toString("base64")}`;
  }

  /** A shopper agrees to pay so much for an order. */
  agree(reference, order, amount) {
    if (!this.agreements.has(reference)) this.agreements.set(reference, { order, amount, captures: [], released: 0, releases: 0 });
  }

  async asked(request, response) {
    const chunks = [];
    try {
      for await (const chunk of request) chunks.push(chunk);
    } catch {
      // It was killed while it asked.
      return;
    }
    const body = Buffer.concat(chunks).toString();
    const { "webhook-id": id, "webhook-timestamp": timestamp, "webhook-signature": signature } = request.headers;
    const signed = createHmac("sha256", this.key).update(`${id}.${timestamp}.${body}`).digest("base64");
    if (signature !== `v1,${signed}` || SIGNED_S_MAX < Math.abs(Date.now() / 1000 - Number(timestamp))) {
      this.wrong.push(`${id} was not signed by the shop`);
      return response.writeHead(401).end();
    }
    const fate = this.heard.fate(id);
    if (fate === "lost") return request.socket.destroy();
    this.heard.note(id, request.url, fate);
    const answer = this.once(id, body);
    if (fate === "silent") return request.socket.destroy();
    if (fate === "slow") await this.heard.pause();
    response.writeHead(200, { "content-type": "application/json" }).end(JSON.stringify(answer));
  }

  /** The same name is the same request: it is done once, and answered as it was. */
  once(id, body) {
    const before = this.done.get(id);
    if (before && before.body !== body) this.wrong.push(`${id} was asked with ${before.body}, and then with ${body}`);
    if (before) return before.answer;
    const answer = this.act(JSON.parse(body));
    this.done.set(id, { body, answer });
    return answer;
  }

  act({ type, order, shipment, amount, reference }) {
    const agreed = this.agreements.get(reference);
    if (agreed?.order !== order || (amount && amount.currency !== "USD")) {
      this.wrong.push(`nobody agreed to ${type} for ${order} by ${reference}`);
      return { status: "declined", code: "unknown" };
    }
    if (type === "payment.capture") {
      if (!this.leaving.has(shipment)) this.wrong.push(`${shipment} was captured before it left`);
      agreed.captures.push({ shipment, amount: amount.amount });
      return { status: "captured", ...(this.heard.roll(2) ? { reference: `taken-${shipment}` } : {}) };
    }
    if (type === "payment.release") {
      agreed.releases += 1;
      agreed.released = agreed.amount - agreed.captures.reduce((sum, capture) => sum + capture.amount, 0);
      return { status: "released" };
    }
    this.wrong.push(`${type} for ${order}, which asks for nothing of the kind`);
    return { status: "declined", code: "unknown" };
  }

  close() {
    this.server.closeAllConnections();
    this.server.close();
  }
}

/** A mail server that keeps of each letter whose it is and what it is called. */
export class MailServer {
  static async open(seed) {
    const mail = new MailServer(seed);
    mail.server = createServer((socket) => mail.talk(socket));
    await new Promise((resolve) => mail.server.listen(0, "127.0.0.1", resolve));
    return mail;
  }

  constructor(seed) {
    this.heard = new Heard(seed);
    this.sockets = new Set();
    /** By recipient: the subject of each letter by its Message-ID. */
    this.boxes = new Map();
    this.wrong = [];
  }

  get url() {
    return `smtp://127.0.0.1:${this.server.address().port}`;
  }

  talk(socket) {
    let [text, isLetter, to] = ["", false, undefined];
    const say = (line) => socket.writable && socket.write(`${line}\r\n`);
    const step = () => {
      const ends = text.indexOf(isLetter ? "\r\n.\r\n" : "\r\n");
      if (ends < 0) return false;
      const said = text.slice(0, ends);
      text = text.slice(ends + (isLetter ? 5 : 2));
      if (isLetter) {
        isLetter = false;
        void this.take(socket, to, said, say);
        return true;
      }
      const word = said.slice(0, 4).toUpperCase();
      if (word === "RCPT") to = /<([^>]*)>/.exec(said)?.[1];
      isLetter = word === "DATA";
      say(isLetter ? "354 go on" : word === "QUIT" ? "221 goodbye" : "250 yes");
      if (word === "QUIT") socket.end();
      return true;
    };
    this.sockets.add(socket);
    socket.on("close", () => this.sockets.delete(socket));
    // It was killed while it wrote: what was not said to the end is no letter.
    socket.on("error", () => {});
    socket.on("data", (bytes) => {
      text += bytes.toString("latin1");
      while (step());
    });
    say("220 mail.example");
  }

  async take(socket, to, text, say) {
    const head = text.slice(0, text.indexOf("\r\n\r\n")).replace(/\r\n[ \t]+/g, " ");
    const header = (name) => new RegExp(`^${name}: *(.*)$`, "im").exec(head)?.[1].trim();
    const name = header("Message-ID");
    const fate = this.heard.fate(name);
    if (fate === "lost") return socket.destroy();
    this.heard.note(name, header("Reply-To"), fate);
    const box = this.boxes.get(to) ?? this.boxes.set(to, new Map()).get(to);
    if (!name || header("To") !== to) this.wrong.push(`a letter to ${to} is called ${name} and is for ${header("To")}`);
    box.set(name, header("Subject"));
    if (fate === "silent") return socket.destroy();
    if (fate === "slow") await this.heard.pause();
    say("250 taken");
  }

  close() {
    for (const socket of this.sockets) socket.destroy();
    this.server.close();
  }
}
