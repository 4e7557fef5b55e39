/** How many events are remembered, so that one that is delivered twice is heard once. */
const REMEMBERED = 100;

/**
 * The connection to the device of one other participant, by perfect negotiation: either side may change what it sends
 * at any time, and where both do at once, the polite one gives way.
 */
export class Peer {
  /** The sender of the picture, once there was one. @type {RTCRtpSender | null} */
  #video = null;
  #offering = false;
  #ignoring = false;
  #offers = false;
  /** Candidates that came before the description that they belong to. @type {RTCIceCandidateInit[]} */
  #early = [];
  /** Signals go out one after the other, and are heard so too. */
  #saying = Promise.resolve();
  #hearing = Promise.resolve();
  /** @type {string[]} */
  #heard = [];

  /**
   * @param {object} options
   * @param {RTCPeerConnection} options.connection
   * @param {boolean} options.polite one of the two is
   * @param {(action: string, data: any) => Promise<void>} options.say sends a signal to the other device
   * @param {(track: MediaStreamTrack) => void} options.ontrack
   * @param {() => void} options.onstate
   */
  constructor({ connection, polite, say, ontrack, onstate }) {
    this.connection = connection;
    this.polite = polite;
    this.say = say;
    connection.ontrack = ({ track }) => ontrack(track);
    connection.onconnectionstatechange = () => {
      if (connection.connectionState === "failed") this.restart();
      onstate();
    };
    connection.onnegotiationneeded = () => void this.#offer();
    connection.onicecandidate = ({ candidate }) => {
      // An empty one only says that this round of candidates is complete.
      if (candidate?.candidate !== "") this.#send("call:ice", () => ({ candidate: candidate && candidate.toJSON() }));
    };
  }

  /** Sends what this device records. Whoever joined later begins. @param {MediaStream} local */
  begin(local) {
    if (this.#offers) return;
    this.#offers = true;
    for (const track of local.getTracks()) {
      const sender = this.connection.addTrack(track, local);
      if (track.kind === "video") this.#video = sender;
    }
  }

  /** Changes the picture, or takes it away. @param {MediaStreamTrack | null} track @param {MediaStream} local */
  async show(track, local) {
    if (!this.#offers) return;
    if (this.#video) await this.#video.replaceTrack(track);
    else if (track) this.#video = this.connection.addTrack(track, local);
  }

  /** Looks for a way anew, after a network was lost. */
  restart() {
    if (this.#offers) this.connection.restartIce();
  }

  /** Hears a signal of the other device. @param {any} event @param {MediaStream} local */
  hear({ type, eventId, data }, local) {
    if (this.#heard.includes(eventId)) return;
    this.#heard = [...this.#heard.slice(1 - REMEMBERED), eventId];
    this.#hearing = this.#hearing
      .then(() => (type === "call:ice" ? this.#candidate(data.candidate) : this.#describe(type, data.sdp, local)))
      .catch(() => undefined); // a signal that does not fit any more: a later one puts it right
  }

  close() {
    this.connection.close();
  }

  async #offer() {
    this.#offering = true;
    try {
      await this.connection.setLocalDescription();
      this.#send("call:offer", () => ({ sdp: this.connection.localDescription?.sdp }));
    } finally {
      this.#offering = false;
    }
  }

  /** @param {string} type @param {string} sdp @param {MediaStream} local */
  async #describe(type, sdp, local) {
    const isOffer = type === "call:offer";
    const collides = isOffer && (this.#offering || this.connection.signalingState !== "stable");
    this.#ignoring = collides && !this.polite;
    if (this.#ignoring) return;
    await this.connection.setRemoteDescription({ type: isOffer ? "offer" : "answer", sdp });
    for (const candidate of this.#early.splice(0)) await this.connection.addIceCandidate(candidate);
    if (!isOffer) return;
    this.begin(local);
    await this.connection.setLocalDescription();
    this.#send("call:answer", () => ({ sdp: this.connection.localDescription?.sdp }));
  }

  /** @param {RTCIceCandidateInit | null} candidate */
  async #candidate(candidate) {
    if (!candidate || this.#ignoring) return;
    if (this.connection.remoteDescription) await this.connection.addIceCandidate(candidate);
    else this.#early.push(candidate);
  }

  /** What is lost with the socket is said anew by `restart`. @param {string} action @param {() => any} data */
  #send(action, data) {
    this.#saying = this.#saying.then(() => this.say(action, data())).catch(() => undefined);
  }
}
