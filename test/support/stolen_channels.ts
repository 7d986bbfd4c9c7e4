import type { Page } from "puppeteer";
import "./page_globals.ts";

/** The library's own channels, by what they carry. */
export type Stolen = "messages" | "requests" | "files";

declare global {
  /** Channels of the attack that is going on, of which the library hears no more. */
  var stolen: Record<Stolen, RTCDataChannel>;
  /** Sends frames on one of them. */
  var strike: (channel: Stolen, frames: (string | number[])[]) => void;
  /** Resolves when so many frames of a type have come on one of them; with `false` if it closed before. */
  var answered: (
    channel: Stolen,
    type: number,
    count: number,
  ) => Promise<boolean>;
  /** Makes a connection in the place of `connection`, connects with a peer, and steals the channels. */
  var attack: (
    options: { host: string; room: string; id: string },
    victim: string,
  ) => Promise<void>;
}

/** Defines `attack` in a page, which can join as often as it likes. */
export async function defineAttack(page: Page): Promise<void> {
  await page.evaluate(define);
}

/** Runs in the page. */
function define(): void {
  const made = new WeakMap<RTCPeerConnection, Map<string, RTCDataChannel>>();
  const create = RTCPeerConnection.prototype.createDataChannel;
  RTCPeerConnection.prototype.createDataChannel = function (label, options) {
    const channel = create.call(this, label, options);
    const channels = made.get(this) ?? new Map();
    made.set(this, channels.set(label, channel));
    return channel;
  };
  const steal = async (pc: RTCPeerConnection | null, label: string) => {
    const channel = pc && made.get(pc)?.get(label);
    if (!channel) throw new Error(`there is no channel "${label}"`);
    while (channel.readyState !== "open") {
      await new Promise((resolve) =>
        channel.addEventListener("open", resolve, { once: true })
      );
    }
    // It has greeted; whatever comes now is neither read nor acknowledged.
    channel.onmessage = channel.onclose = null;
    return channel;
  };
  const count = (channel: RTCDataChannel) => {
    const counts = new Map<number, number>();
    channel.addEventListener("message", ({ data }) => {
      const [type = -1] = new Uint8Array(data);
      counts.set(type, (counts.get(type) ?? 0) + 1);
    });
    return counts;
  };
  let answers: Record<Stolen, Map<number, number>>;
  globalThis.attack = async (options, victim) => {
    const connection = globalThis.connection = await webrtc.connect({
      ...options,
      autoConnect: false,
    });
    await connection.connectToPeer(victim);
    const { pc = null } = connection.peers.get(victim) ?? {};
    globalThis.stolen = {
      messages: await steal(pc, "webrtc-messages"),
      requests: await steal(pc, "webrtc-requests"),
      files: await steal(pc, "webrtc-files"),
    };
    answers = {
      messages: count(stolen.messages),
      requests: count(stolen.requests),
      files: count(stolen.files),
    };
  };
  globalThis.answered = async (channel, type, count) => {
    while ((answers[channel].get(type) ?? 0) < count) {
      if (stolen[channel].readyState !== "open") return false;
      await new Promise((resolve) => {
        for (const event of ["message", "close"]) {
          stolen[channel].addEventListener(event, resolve, { once: true });
        }
      });
    }
    return true;
  };
  globalThis.strike = (channel, frames) => {
    for (const frame of frames) {
      if (typeof frame === "string") stolen[channel].send(frame);
      else stolen[channel].send(Uint8Array.from(frame));
    }
  };
}
