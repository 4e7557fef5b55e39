import { Emitter } from "../emitter.js";
import { Peer } from "./peer.js";

/** So long a device tries to reach the others before it says that no connection came about. */
const PATIENCE_MILLISECONDS = 30_000;

/**
 * The call that this device is in: what it sends, and what it gets from the others.
 *
 * Events: `changed` with any change of what is below, `ended` when it is over for this device.
 *
 * @extends {Emitter<{changed: {}, ended: {}}>}
 */
export class Call extends Emitter {
  /** What each other participant sends. @type {Map<number, MediaStream>} */
  streams = new Map();
  muted = false;
  /** @type {"camera" | "screen" | null} what this device's picture shows */
  picture = null;
  ended = false;
  /** @type {Map<number, Peer>} */
  #peers = new Map();
  /** @type {ReturnType<typeof setTimeout> | undefined} */
  #giveUp;
  #number = 0;

  /**
   * @param {import("./calls.js").Calls} calls
   * @param {import("../types/api.js").Call} data
   * @param {MediaStream} local
   * @param {RTCIceServer[]} iceServers
   */
  constructor(calls, data, local, iceServers) {
    super();
    this.calls = calls;
    this.data = data;
    this.local = local;
    this.iceServers = iceServers;
    if (local.getVideoTracks().length) this.picture = "camera";
    this.take(data);
  }

  /** @returns {number} of the call */
  get id() {
    return this.data.id;
  }

  /** @returns {import("../types/api.js").CallParticipant[]} all but the user */
  get others() {
    return this.data.participants.filter((one) => one.userId !== this.calls.me.id);
  }

  /** @returns {boolean} whether anybody is heard */
  get connected() {
    return [...this.#peers.values()].some(({ connection }) => connection.connectionState === "connected");
  }

  /** Silences this device, or not. @param {boolean} muted @returns {Promise<void>} */
  async mute(muted) {
    this.muted = muted;
    for (const track of this.local.getAudioTracks()) track.enabled = !muted;
    await this.tell();
  }

  /** Shows the camera, or no picture. @param {boolean} on @returns {Promise<void>} */
  async setCamera(on) {
    const recorded = on && (await this.calls.mediaDevices.getUserMedia({ video: true }));
    await this.#show(recorded ? recorded.getVideoTracks()[0] : null, on ? "camera" : null);
  }

  /** Shows a screen that the user chooses, or no picture. @param {boolean} on @returns {Promise<void>} */
  async setScreen(on) {
    const recorded = on && (await this.calls.mediaDevices.getDisplayMedia({ video: true }));
    await this.#show(recorded ? recorded.getVideoTracks()[0] : null, on ? "screen" : null);
  }

  /** Calls others into it. @param {number[]} userIds @returns {Promise<void>} */
  async ring(userIds) {
    this.calls.take(await this.calls.me.http.post(`/calls/${this.id}/ring`, { userIds }));
  }

  /** Leaves it. @param {"ended" | "failed"} [reason] @returns {Promise<void>} */
  async end(reason = "ended") {
    this.close();
    this.calls.take(await this.calls.me.http.post(`/calls/${this.id}/end`, { reason }));
  }

  /** A state of the call: connects to those who are in it now. @param {import("../types/api.js").Call} data */
  take(data) {
    this.data = data;
    const own = data.participants.find((one) => one.userId === this.calls.me.id);
    if (own?.state !== "joined" || data.endedAt) return this.close();
    const joined = this.others.filter((one) => one.state === "joined");
    for (const one of joined) {
      const peer = this.#peer(one.userId);
      // Who joined later offers; at the same time, whoever's id is higher.
      const theirs = [one.joinedAt ?? "", one.userId];
      const mine = [own.joinedAt ?? "", own.userId];
      if (mine[0] === theirs[0] ? mine[1] > theirs[1] : mine[0] > theirs[0]) peer.begin(this.local);
    }
    for (const userId of this.#peers.keys()) if (!joined.some((one) => one.userId === userId)) this.#drop(userId);
    this.emit("changed", {});
  }

  /** A signal of another participant's device. @param {any} event */
  hear(event) {
    this.#peer(event.data.userId).hear(event, this.local);
  }

  /** The socket is there again: the network may be another one. */
  reconnect() {
    for (const peer of this.#peers.values()) peer.restart();
  }

  /** Stops recording and lets go of the others. */
  close() {
    if (this.ended) return;
    this.ended = true;
    clearTimeout(this.#giveUp);
    for (const userId of [...this.#peers.keys()]) this.#drop(userId);
    for (const track of this.local.getTracks()) track.stop();
    this.emit("ended", {});
  }

  /** @param {number} userId */
  #peer(userId) {
    const known = this.#peers.get(userId);
    if (known) return known;
    const peer = new Peer({
      connection: new this.calls.RTCPeerConnection({ iceServers: this.iceServers }),
      polite: this.calls.me.id < userId,
      say: async (action, data) => {
        await this.calls.me.socket.request(action, { ...data, callId: this.id, to: userId, number: (this.#number += 1) });
      },
      ontrack: (track) => {
        const stream = this.streams.get(userId) ?? new MediaStream();
        stream.addTrack(track);
        this.streams.set(userId, stream);
        this.emit("changed", {});
      },
      onstate: () => this.emit("changed", {}),
    });
    this.#peers.set(userId, peer);
    this.#giveUp ??= setTimeout(() => {
      if (!this.connected) this.end("failed").catch(() => undefined); // it is over here, and soon for the others
    }, PATIENCE_MILLISECONDS);
    return peer;
  }

  /** @param {number} userId */
  #drop(userId) {
    this.#peers.get(userId)?.close();
    this.#peers.delete(userId);
    this.streams.delete(userId);
  }

  /** @param {MediaStreamTrack | null} track @param {"camera" | "screen" | null} picture */
  async #show(track, picture) {
    for (const old of this.local.getVideoTracks()) {
      this.local.removeTrack(old);
      old.stop();
    }
    if (track) {
      this.local.addTrack(track);
      // The browser has a button of its own that ends sharing.
      track.onended = () => void this.#show(null, null).catch(() => undefined);
    }
    this.picture = picture;
    for (const peer of this.#peers.values()) await peer.show(track, this.local);
    await this.tell();
  }

  /** Tells the others what this device does. @returns {Promise<void>} */
  async tell() {
    if (this.ended) return;
    this.emit("changed", {});
    const states = { muted: this.muted, camera: this.picture === "camera", screen: this.picture === "screen" };
    this.calls.take(await this.calls.me.http.patch(`/calls/${this.id}/state`, states));
  }
}
