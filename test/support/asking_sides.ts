import { Emitter } from "../../client/emitter.ts";
import type { ChannelParts } from "../../client/data/channel.ts";
import {
  type ChannelOptions,
  readChannelOptions,
} from "../../client/data/channel_options.ts";
import { Channels } from "../../client/data/channels.ts";
import type { Kind } from "../../client/data/item_frame.ts";
import { Payload } from "../../client/data/payload.ts";
import { JoinedChannel } from "./joined_channels.ts";

/** What is joined in a test of channels: a name, and which askings it answers. */
export class NamedChannel {
  readonly end: JoinedChannel;

  /** Closed already where nobody wants it. */
  constructor(end: JoinedChannel, label: string, protocol: string) {
    this.end = Object.assign(end, { label, protocol });
  }

  /** Tells of the end what a browser tells. */
  open(): void {
    this.end.readyState = "open";
    this.end.onopen?.();
    this.end.dispatchEvent(new Event("open"));
  }
}

/** One of two sides that ask for channels; what it says waits until it is delivered. */
export class AskingSide {
  readonly channels: Channels;
  readonly events: string[] = [];
  /** What it has said and the other side has not heard. */
  readonly said: [kind: Kind, text: string][] = [];
  /** RTCDataChannels that it has made, and the other side has not been given. */
  readonly made: [mine: NamedChannel, theirs: NamedChannel][] = [];

  constructor(readonly polite: boolean) {
    this.channels = new Channels({
      peer: "peer",
      polite,
      say: (kind, text) => void this.said.push([kind, text]),
      onViolation: () => void this.events.push("violation"),
    });
  }

  /** A connection, which is used from now on. */
  connect(): void {
    this.channels.attach({
      sctp: null,
      createDataChannel: (
        label: string,
        { protocol }: { protocol: string },
      ) => {
        const [mine, theirs] = JoinedChannel.pair().map((end) =>
          new NamedChannel(end, label, protocol)
        ) as [NamedChannel, NamedChannel];
        mine.end.flows = theirs.end.flows = true;
        this.made.push([mine, theirs]);
        return mine.end.real;
      },
    } as unknown as RTCPeerConnection);
  }

  /** Asks for a channel, and takes down what it tells. */
  ask(name: string, options: ChannelOptions = {}): ChannelParts {
    const parts: ChannelParts = {
      name,
      settings: readChannelOptions(name, options),
      maxMessageBytes: 2 ** 20,
      events: new Emitter(),
      lines: new Map(),
      onClose: () => this.channels.unask(parts),
    };
    for (const event of ["open", "close"] as const) {
      parts.events.on(event, () => void this.events.push(`${event} ${name}`));
    }
    parts.events.on(
      "message",
      ({ data }) => void this.events.push(`message ${data}`),
    );
    parts.events.on("error", ({ code }) => void this.events.push(code));
    this.channels.ask(parts);
    return parts;
  }

  /** Hears the next things that the other side has said; tells whether it takes them. */
  hear(other: AskingSide, count = Infinity): boolean {
    let taken = true;
    for (const [kind, text] of other.said.splice(0, count)) {
      const bytes = new TextEncoder().encode(text);
      taken = this.channels.receive(kind, bytes) && taken;
    }
    return taken;
  }

  /** The RTCDataChannels that it has made open, here and on the other side. */
  open(other: AskingSide): void {
    for (const [mine, theirs] of this.made.splice(0)) {
      if (mine.end.readyState !== "connecting") continue;
      mine.open();
      theirs.end.readyState = "open";
      other.channels.adopt(theirs.end.real);
    }
  }
}

/** Sends a text by a channel; tells for how many peers it has left. */
export function sendBy({ lines }: ChannelParts, text: string): number {
  let left = 0;
  for (const line of lines.values()) {
    line.push(
      new Payload("send", text),
      (peers = 1) => left += peers,
      () => {},
    );
  }
  return left;
}
