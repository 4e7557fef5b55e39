import { createHash, randomBytes } from "node:crypto";
import { request as requestPlain } from "node:http";
import { request as requestSecure } from "node:https";

const GUID = "258EAFA5-E914-47DA-95CA-C5AB0DC85B11";
const TEXT = 1;
const CLOSE = 8;
const PING = 9;
const PONG = 10;
const CLOSE_MILLISECONDS = 5000;
const NO_STATUS = 1005;
const ABNORMAL = 1006;
const TOO_LARGE = 1009;
const MOST_BYTES = 16 * 1024 * 1024;

/**
 * A WebSocket (RFC 6455) over `node:http`, for the versions of Node that have none. As much of the browsers' interface
 * as this library uses: text frames, `onopen`, `onmessage`, `onclose` and `onerror`.
 */
export class NodeWebSocket {
  readyState = 0;
  /** @type {(() => void) | null} */
  onopen = null;
  /** @type {((event: {data: string}) => void) | null} */
  onmessage = null;
  /** @type {((event: {code: number, reason: string}) => void) | null} */
  onclose = null;
  /** @type {((event: {message: string}) => void) | null} */
  onerror = null;

  /** @type {import("node:http").ClientRequest} */
  #request;
  /** @type {import("node:stream").Duplex | null} */
  #stream = null;
  /** @type {Buffer} */
  #unread = Buffer.alloc(0);
  /** @type {Buffer[]} the frames of a message whose last one has not come */
  #fragments = [];
  #code = ABNORMAL;
  #reason = "";

  /**
   * @param {string | URL} address `ws:` or `wss:`
   * @param {string[]} [protocols] of which the service chooses one
   */
  constructor(address, protocols = []) {
    const url = new URL(address);
    const secure = url.protocol === "wss:";
    url.protocol = secure ? "https:" : "http:";
    const key = randomBytes(16).toString("base64");
    /** @type {Record<string, string>} */
    const headers = {
      Connection: "Upgrade",
      Upgrade: "websocket",
      "Sec-WebSocket-Key": key,
      "Sec-WebSocket-Version": "13",
    };
    if (protocols.length) headers["Sec-WebSocket-Protocol"] = protocols.join(", ");
    this.#request = (secure ? requestSecure : requestPlain)(url, { headers });
    this.#request.on("upgrade", (answer, stream, head) => this.#opened(answer, stream, head, key));
    this.#request.on("response", (answer) => {
      answer.resume();
      this.#failed(`The handshake was refused with status ${answer.statusCode}`);
    });
    this.#request.on("error", (error) => this.#failed(error.message));
    this.#request.end();
  }

  /** @param {string} text */
  send(text) {
    if (this.readyState !== 1) throw new Error("The WebSocket is not open");
    this.#write(TEXT, Buffer.from(text));
  }

  /** @param {number} [code] @param {string} [reason] */
  close(code = 1000, reason = "") {
    if (this.readyState >= 2) return;
    if (!this.#stream) {
      this.#failed("closed before it was open");
      return;
    }
    this.readyState = 2;
    const payload = Buffer.alloc(2 + Buffer.byteLength(reason));
    payload.writeUInt16BE(code);
    payload.write(reason, 2);
    this.#write(CLOSE, payload);
    setTimeout(() => this.#stream?.destroy(), CLOSE_MILLISECONDS).unref();
  }

  /**
   * @param {import("node:http").IncomingMessage} answer
   * @param {import("node:stream").Duplex} stream
   * @param {Buffer} head
   * @param {string} key
   */
  #opened(answer, stream, head, key) {
    const accept = createHash("sha1").update(key + GUID).digest("base64");
    if (this.readyState !== 0 || answer.headers["sec-websocket-accept"] !== accept) {
      stream.destroy();
      this.#failed("The handshake has a wrong answer");
      return;
    }
    this.#stream = stream;
    this.readyState = 1;
    stream.on("data", (bytes) => this.#read(bytes));
    stream.on("error", () => undefined); // `close` follows
    stream.on("close", () => this.#ended());
    this.onopen?.();
    if (head.length) this.#read(head);
  }

  /** @param {string} message */
  #failed(message) {
    if (this.readyState === 3) return;
    this.#request.destroy();
    this.readyState = 3;
    this.onerror?.({ message });
    this.onclose?.({ code: ABNORMAL, reason: "" });
  }

  #ended() {
    if (this.readyState === 3) return;
    this.readyState = 3;
    this.onclose?.({ code: this.#code, reason: this.#reason });
  }

  /** @param {Buffer} bytes */
  #read(bytes) {
    this.#unread = this.#unread.length ? Buffer.concat([this.#unread, bytes]) : bytes;
    for (let frame = this.#frame(); frame; frame = this.#frame()) this.#take(frame);
  }

  /** The next whole frame of what has arrived. */
  #frame() {
    const bytes = this.#unread;
    if (bytes.length < 2) return null;
    let length = bytes[1] & 0x7f;
    let start = 2;
    if (length === 126) {
      if (bytes.length < 4) return null;
      length = bytes.readUInt16BE(2);
      start = 4;
    } else if (length === 127) {
      if (bytes.length < 10) return null;
      length = Number(bytes.readBigUInt64BE(2));
      start = 10;
    }
    if (length > MOST_BYTES) {
      this.close(TOO_LARGE);
      this.#stream?.destroy();
      return null;
    }
    if (bytes.length < start + length) return null;
    this.#unread = bytes.subarray(start + length);
    return { last: Boolean(bytes[0] & 0x80), kind: bytes[0] & 0x0f, payload: bytes.subarray(start, start + length) };
  }

  /** @param {{last: boolean, kind: number, payload: Buffer}} frame */
  #take({ last, kind, payload }) {
    if (kind === PING) {
      this.#write(PONG, payload);
    } else if (kind === CLOSE) {
      this.#code = payload.length >= 2 ? payload.readUInt16BE() : NO_STATUS;
      this.#reason = payload.subarray(2).toString();
      this.close(this.#code === NO_STATUS ? 1000 : this.#code);
      this.#stream?.end();
    } else if (kind <= 2) {
      this.#fragments.push(payload);
      if (!last) return;
      const data = Buffer.concat(this.#fragments).toString();
      this.#fragments = [];
      this.onmessage?.({ data });
    }
  }

  /** @param {number} kind @param {Buffer} payload */
  #write(kind, payload) {
    if (!this.#stream?.writable) return;
    const { length } = payload;
    const head = Buffer.alloc(length < 126 ? 2 : length < 65_536 ? 4 : 10);
    head[0] = 0x80 | kind;
    if (head.length === 2) head[1] = length;
    else if (head.length === 4) {
      head[1] = 126;
      head.writeUInt16BE(length, 2);
    } else {
      head[1] = 127;
      head.writeBigUInt64BE(BigInt(length), 2);
    }
    head[1] |= 0x80; // what clients send is masked
    const mask = randomBytes(4);
    const masked = Buffer.from(payload);
    for (let index = 0; index < length; index++) masked[index] ^= mask[index & 3];
    this.#stream.write(Buffer.concat([head, mask, masked]));
  }
}
