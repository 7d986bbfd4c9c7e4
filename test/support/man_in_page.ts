import type { Page } from "puppeteer";
import { bundleClient } from "./bundle_client.ts";
import "./switchboard.ts";

/** How an offer of the man in the middle lies about who makes it: it names the certificate of the other victim alone, or in a rejected section ahead of the one that names his, or beside his in a line that not everybody reads. */
export type Forgery = "renamed" | "section" | "hidden line";

/** His end of a connection with a victim. */
export interface ManHalf {
  /** Offers to the victim, in the name of the other one. Resolves when the victim has answered; never if it does not. */
  offer(forgery?: Forgery): Promise<void>;
}

/** Somebody between Ada and Bob, in a page that has a switchboard to which both have come. */
export interface ManInPage {
  /** All texts that went through his hands. */
  readonly read: readonly string[];
  /** The emoji that Ada and he have in common, and Bob and he, once they have asked for them. */
  emoji(): Promise<string[]>;
  /** Signals go from one to the other from now on, as they are. */
  pass(): void;
  /** No signal passes any more: he makes a connection of a generation with each, and passes on what is said over them, altered. */
  take(generation: number): readonly [ada: ManHalf, bob: ManHalf];
  /** Closes all his connections. */
  close(): void;
}

declare global {
  /** The man in the middle of a test. */
  var man: ManInPage;
}

/** Makes `man` in a page. */
export async function defineMan(page: Page): Promise<void> {
  const scripts = await bundleClient("client/trust/safety_emoji.ts");
  // It loads no others: from a blob they could not be.
  const [code = ""] = scripts.values();
  await page.evaluate(define, code);
}

async function define(code: string): Promise<void> {
  const url = URL.createObjectURL(
    new Blob([code], { type: "text/javascript" }),
  );
  const { SafetyEmojiExchange } = await import(
    url
  ) as typeof import("../../client/trust/safety_emoji.ts");
  const certificate = await RTCPeerConnection.generateCertificate(
    { name: "ECDSA", namedCurve: "P-256" } as EcKeyGenParams,
  );
  const LINE = /a=fingerprint:(\S+) (\S+)\r\n/g;
  const fingerprints = new Map<string, string>();
  const read: string[] = [];
  const names = ["ada", "bob"] as const;
  type Name = typeof names[number];
  const otherOf = (name: Name) => name === "ada" ? "bob" : "ada";

  const fingerprintIn = (sdp: string) => {
    const [, algorithm = "", bytes = ""] = [...sdp.matchAll(LINE)][0] ?? [];
    return `${algorithm} ${bytes}`;
  };
  const lineOf = (fingerprint = "") => `a=fingerprint:${fingerprint}\r\n`;

  const probe = new RTCPeerConnection({ certificates: [certificate] });
  probe.createDataChannel("");
  const fingerprint = fingerprintIn((await probe.createOffer()).sdp ?? "");
  probe.close();

  /** Says something to a victim in the name of the other one. */
  function say(victim: Name, signal: object): void {
    const from = otherOf(victim);
    const data = JSON.stringify({
      ...signal,
      to: switchboard.line(victim).joinedAt,
      from: switchboard.line(from).joinedAt,
    });
    switchboard.line(victim).say({ type: "signal", from, data });
  }

  /** Hears what the victims say. */
  function listen(
    hear: (victim: Name, signal: {
      readonly generation: number;
      readonly description?: RTCSessionDescriptionInit;
      readonly candidates?: readonly RTCIceCandidateInit[];
    }) => void,
  ): void {
    for (const victim of names) {
      switchboard.line(victim).onSignal((data) => {
        const signal = JSON.parse(data);
        const { sdp } = signal.description ?? {};
        if (sdp) fingerprints.set(victim, fingerprintIn(sdp));
        hear(victim, signal);
      });
    }
  }

  class Half implements ManHalf {
    readonly #pc = new RTCPeerConnection({ certificates: [certificate] });
    readonly #generation: number;
    readonly #victim: Name;
    readonly #channels: readonly RTCDataChannel[];
    readonly #opened: readonly Promise<void>[];
    #work: Promise<void> = Promise.resolve();
    #offers = 0;
    #onAnswer: () => void = () => {};
    /** What came goes on in order. */
    #passing: Promise<void> = Promise.resolve();
    /** Plays the other one in a comparison of emoji. */
    #exchange: InstanceType<typeof SafetyEmojiExchange> | undefined;
    readonly #texts = {
      commit: Promise.withResolvers<string>(),
      reveal: Promise.withResolvers<string>(),
    };
    /** His end of the connection with the other one. */
    other: Half | undefined;

    constructor(victim: Name, generation: number) {
      this.#victim = victim;
      this.#generation = generation;
      this.#channels = [0, 1, 2, 3].map((id) =>
        this.#pc.createDataChannel(`${id}`, { negotiated: true, id })
      );
      this.#opened = this.#channels.map((channel) =>
        new Promise((resolve) => channel.onopen = () => resolve())
      );
      for (const [index, channel] of this.#channels.entries()) {
        channel.binaryType = "arraybuffer";
        channel.onmessage = ({ data }) => {
          this.#passing = this.#passing.then(async () => {
            await this.other?.pass(index, await this.#alter(data));
          });
        };
      }
    }

    async pass(index: number, data: ArrayBuffer): Promise<void> {
      await this.#opened[index];
      const channel = this.#channels[index];
      if (channel?.readyState === "open") channel.send(data);
    }

    /** The emoji that the victim and he have in common. */
    async emoji(): Promise<string> {
      const list = await this.exchange.start();
      return list.map(({ emoji }) => emoji).join(" ");
    }

    get exchange(): InstanceType<typeof SafetyEmojiExchange> {
      if (this.#exchange) return this.#exchange;
      const victim = this.#victim;
      const exchange = this.#exchange = new SafetyEmojiExchange({
        crypto,
        sides: [
          { id: otherOf(victim), fingerprint },
          { id: victim, fingerprint: fingerprints.get(victim) ?? "" },
        ],
        send: (text) =>
          this.#texts[text.startsWith("commit") ? "commit" : "reveal"]
            .resolve(text),
      });
      void exchange.start();
      return exchange;
    }

    /** What the victim is told in a comparison of emoji. */
    say(kind: "commit" | "reveal"): Promise<string> {
      void this.exchange;
      return this.#texts[kind].promise;
    }

    /** Reads what goes over a channel, and changes it. */
    async #alter(data: ArrayBuffer | string): Promise<ArrayBuffer> {
      const bytes = typeof data === "string"
        ? new TextEncoder().encode(data)
        : new Uint8Array(data);
      // Each byte as a character, so that nothing else is changed.
      let text = String.fromCharCode(...bytes);
      read.push(text);
      text = text.replace("by noon", "at nine");
      const [said, kind] = /(commit|reveal)\.[\w-]{43}/.exec(text) ?? [];
      if (said && this.other && (kind === "commit" || kind === "reveal")) {
        this.exchange.receive(said);
        text = text.replace(said, await this.other.say(kind));
      }
      return Uint8Array.from(text, (char) => char.charCodeAt(0)).buffer;
    }

    hear({ description, candidates = [] }: {
      readonly description?: RTCSessionDescriptionInit;
      readonly candidates?: readonly RTCIceCandidateInit[];
    }): void {
      this.#work = this.#work.then(async () => {
        if (this.#pc.signalingState === "closed") return;
        if (description?.type === "answer") {
          await this.#pc.setRemoteDescription(description);
          this.#onAnswer();
        }
        for (const candidate of candidates) {
          // What belongs to an offer of the victim's own is of no use.
          await this.#pc.addIceCandidate(candidate).catch(() => {});
        }
      });
    }

    async offer(forgery?: Forgery): Promise<void> {
      const pc = this.#pc;
      if (forgery === "section") pc.addTransceiver("audio");
      await pc.setLocalDescription(await pc.createOffer());
      const { promise: gathered, resolve } = Promise.withResolvers<void>();
      pc.onicegatheringstatechange = () => {
        if (pc.iceGatheringState === "complete") resolve();
      };
      if (pc.iceGatheringState !== "complete") await gathered;
      const truth = lineOf(fingerprints.get(otherOf(this.#victim)));
      const description = {
        type: "offer",
        sdp: forge(pc.localDescription?.sdp ?? "", truth, forgery),
      };
      const answered = new Promise<void>((resolve) => this.#onAnswer = resolve);
      const generation = this.#generation;
      say(this.#victim, { generation, description, offer: ++this.#offers });
      await answered;
    }

    close(): void {
      this.#pc.close();
    }
  }

  function forge(sdp: string, truth: string, forgery?: Forgery): string {
    const bare = sdp.replaceAll(LINE, "");
    let sections = 0;
    switch (forgery) {
      case "renamed":
        return sdp.replaceAll(LINE, truth);
      case "hidden line":
        return bare.replace(
          "a=setup:",
          `${truth}a=fingerprint: ${fingerprint}\r\na=setup:`,
        );
      case "section":
        return bare.replace(/m=audio \d+/, "m=audio 0")
          .replace(/a=group:BUNDLE.*\r\n/, "")
          .replaceAll("a=setup:", () => {
            const named = sections++ === 0 ? truth : lineOf(fingerprint);
            return `${named}a=setup:`;
          });
      default:
        return sdp;
    }
  }

  const halves: Half[] = [];
  globalThis.man = {
    read,
    emoji: () => Promise.all(halves.slice(-2).map((half) => half.emoji())),
    pass() {
      listen((victim, signal) => say(otherOf(victim), signal));
    },
    take(generation) {
      const ada = new Half("ada", generation);
      const bob = new Half("bob", generation);
      [ada.other, bob.other] = [bob, ada];
      halves.push(ada, bob);
      listen((victim, signal) => {
        const half = victim === "ada" ? ada : bob;
        if (signal.generation === generation) half.hear(signal);
      });
      return [ada, bob];
    },
    close() {
      for (const half of halves) half.close();
    },
  };
}
