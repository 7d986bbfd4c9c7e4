import { type ChannelAsk, readChannelAsk } from "./channel_ask.ts";
import { ChannelDatagrams } from "./channel_datagrams.ts";
import type { ChannelParts } from "./channel.ts";
import { isReliable, isSameChannel } from "./channel_options.ts";
import { KIND, type Kind } from "./item_frame.ts";
import { Ends } from "./lane.ts";
import { MessageStream } from "./message_stream.ts";

/** Most channels of a membership, and most that a peer may ask for. */
export const MAX_CHANNELS = 64;

/** The protocol (RFC 8832 §5.1) of their RTCDataChannels: which askings of the impolite and the polite side it answers. */
const PROTOCOL = /^webrtc-channel\.(\d{1,16})\.(\d{1,16})$/;

/** Whether an RTCDataChannel that the other side has made is no raw channel of the app. */
export function isChannel({ protocol }: RTCDataChannel): boolean {
  return PROTOCOL.test(protocol);
}

/** What the channels of a pair need, and whom they tell. */
export interface ChannelsOptions {
  /** Id of the peer. */
  readonly peer: string;
  /** Whether the other side makes the RTCDataChannels. */
  readonly polite: boolean;
  /** Says something to the other side, exactly once and in order. */
  say(kind: Kind, text: string): void;
  /** The peer does what no honest peer does. */
  onViolation(): void;
}

/** All that is known of one name. */
interface Slot {
  readonly name: string;
  /** What our app asks for. */
  mine?: { readonly ask: number; readonly parts: ChannelParts } | undefined;
  /** What the other side asks for. */
  theirs?: Pick<ChannelAsk, "ask" | "settings"> | undefined;
  /** What both have asked for, from the first RTCDataChannel to the last. */
  line?: MessageStream | ChannelDatagrams | undefined;
  /** The present RTCDataChannel. */
  channel?: RTCDataChannel | undefined;
  /** The connection on which one broke alone. */
  broken?: RTCPeerConnection;
}

/**
 * The channels of one pair, over all its connections. Each side says what it
 * asks for; where both ask for the same, the impolite one makes the
 * RTCDataChannel, in every generation. So a name never stands for two, and a
 * channel never for something that one side has given up meanwhile: its
 * protocol names both askings.
 */
export class Channels {
  readonly #options: ChannelsOptions;
  readonly #slots = new Map<string, Slot>();
  #pc: RTCPeerConnection | undefined;
  /** Random at first: an RTCDataChannel for an earlier membership names no asking of this one. */
  #lastAsk: number = Math.floor(Math.random() * 2 ** 32);
  /** The highest asking of the other side that it has told of. */
  #heard = -1;

  /** No channels, and no connection. */
  constructor(options: ChannelsOptions) {
    this.#options = options;
  }

  /** Uses a connection from now on. */
  attach(pc: RTCPeerConnection): void {
    this.#pc = pc;
    for (const slot of this.#slots.values()) this.#make(slot);
  }

  /** The connection is no more. */
  detach(): void {
    this.#pc = undefined;
    for (const slot of [...this.#slots.values()]) {
      slot.line?.detach();
      slot.channel = undefined;
      // Whatever was still on its way is lost.
      if (!slot.theirs) this.#end(slot);
    }
  }

  /** Our app asks for a channel. Asking twice is fine. */
  ask(parts: ChannelParts): void {
    const { name, settings } = parts;
    const slot = this.#slotOf(name);
    if (slot.mine) return;
    const ask = ++this.#lastAsk;
    slot.mine = { ask, parts };
    this.#options.say(KIND.channel, JSON.stringify({ name, ask, ...settings }));
    this.#meet(slot);
  }

  /** Our app does so no more. */
  unask({ name }: ChannelParts): void {
    const slot = this.#slots.get(name);
    if (!slot?.mine) return;
    const { theirs, mine: { ask } } = slot;
    // First: a listener may ask for it again.
    if (theirs) this.#slots.set(name, { name, theirs });
    else this.#slots.delete(name);
    this.#options.say(KIND.channelEnd, JSON.stringify({ name, ask }));
    this.#end(slot);
  }

  /** Takes what the other side says of a channel; `false` if no honest peer says that. */
  receive(kind: Kind, bytes: Uint8Array<ArrayBuffer>): boolean {
    const asked = readChannelAsk(bytes);
    if (!asked) return false;
    const { name, ask } = asked;
    if (kind === KIND.channelEnd) {
      this.#leave(name, ask);
      return true;
    }
    if (ask <= this.#heard) return false;
    this.#heard = ask;
    const before = this.#slotOf(name);
    const known = before.theirs?.ask ?? -1;
    if (known >= ask) return true;
    // What it left before is over at the latest now.
    this.#end(before);
    // A listener may have closed it, or asked for it again.
    const slot = this.#slotOf(name);
    slot.theirs = asked;
    const all = [...this.#slots.values()].filter(({ theirs }) => theirs);
    if (all.length > MAX_CHANNELS) return false;
    this.#meet(slot);
    return true;
  }

  /** Takes an RTCDataChannel that the other side has made; closes it if nobody wants it any more. */
  adopt(channel: RTCDataChannel): void {
    const [, theirs, mine] = PROTOCOL.exec(channel.protocol)?.map(Number) ?? [];
    const slot = this.#slots.get(channel.label);
    if (
      theirs === undefined || !this.#options.polite || !this.#pc ||
      !slot?.mine || slot.mine.ask !== mine
    ) return retire(channel);
    const known = slot.theirs?.ask ?? -1;
    if (known !== theirs) {
      if (theirs <= Math.max(known, this.#heard)) return retire(channel);
      // It comes before the word of what it answers.
      this.#end(slot);
      // A listener may have closed it.
      if (this.#slots.get(slot.name) !== slot) return retire(channel);
      slot.theirs = { ask: theirs, settings: slot.mine.parts.settings };
    }
    this.#use(slot, channel);
  }

  /** The other side has begun anew, and knows of nothing. */
  reset(): void {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    this.#heard = -1;
    // First: a listener may ask for more, or close some.
    for (const { mine } of slots) if (mine) this.ask(mine.parts);
    for (const slot of slots) this.#end(slot);
  }

  /** Ends all of them. */
  end(): void {
    const slots = [...this.#slots.values()];
    this.#slots.clear();
    for (const slot of slots) this.#end(slot);
  }

  #slotOf(name: string): Slot {
    const slot = this.#slots.get(name) ?? { name };
    this.#slots.set(name, slot);
    return slot;
  }

  /** One side asks for it, perhaps both do now. */
  #meet(slot: Slot): void {
    const { mine, theirs } = slot;
    if (!mine || !theirs) return;
    const { parts } = mine;
    const { settings } = theirs;
    if (isSameChannel(parts.settings, settings)) return this.#make(slot);
    const { peer } = this.#options;
    // Whoever asks has no listener yet.
    queueMicrotask(() =>
      parts.events.emit("error", { peer, code: "options-differ", settings })
    );
  }

  /** Makes the RTCDataChannel, if that is up to us. */
  #make(slot: Slot): void {
    const { name, mine, theirs } = slot;
    const pc = this.#pc;
    if (this.#options.polite || !pc || !mine || !theirs) return;
    const { settings } = mine.parts;
    if (!isSameChannel(settings, theirs.settings)) return;
    const { maxRetransmits, maxPacketLifeTime } = settings;
    const init = {
      ...settings,
      maxRetransmits: maxRetransmits ?? undefined,
      maxPacketLifeTime: maxPacketLifeTime ?? undefined,
      protocol: `webrtc-channel.${mine.ask}.${theirs.ask}`,
    } as RTCDataChannelInit;
    try {
      this.#use(slot, pc.createDataChannel(name, init));
    } catch {
      // The app has closed the connection; the next one has it.
    }
  }

  #use(slot: Slot, channel: RTCDataChannel): void {
    const pc = this.#pc;
    const { mine } = slot;
    if (!pc || !mine) return;
    const line = slot.line ??= this.#begin(slot, mine.parts);
    const before = slot.channel;
    slot.channel = channel;
    retire(before);
    line.attach(channel, pc);
    channel.onclose = () => {
      if (slot.channel !== channel) return;
      slot.channel = undefined;
      // Once a connection: who closes each at once gets no other.
      if (!slot.theirs || slot.broken === pc) return this.#end(slot);
      // It broke alone: another one takes its place.
      slot.broken = pc;
      line.detach();
      this.#make(slot);
    };
    whenOpen(channel, () => this.#open(slot, line));
  }

  #begin(
    slot: Slot,
    { settings, maxMessageBytes, events }: ChannelParts,
  ): MessageStream | ChannelDatagrams {
    const { peer, onViolation } = this.#options;
    let line: Slot["line"];
    const options = {
      maxMessageBytes,
      onMessage: (data: string | ArrayBuffer) => {
        this.#open(slot, line);
        // A listener may have ended it.
        if (slot.line === line) events.emit("message", { data, peer });
      },
      onUndelivered: (messages: number) =>
        events.emit("undelivered", { peer, messages }),
      ends: new Ends(),
      // Who asks for the channel anew gets another stream.
      onRenewal: onViolation,
      onViolation,
    };
    if (!isReliable(settings)) return line = new ChannelDatagrams(options);
    const stream = line = new MessageStream(options);
    stream.release();
    return stream;
  }

  /** Tells the app, once. */
  #open(slot: Slot, line: Slot["line"]): void {
    const { parts } = slot.mine ?? {};
    const { peer } = this.#options;
    if (!parts || !line || slot.line !== line || parts.lines.has(peer)) return;
    parts.lines.set(peer, line);
    parts.events.emit("open", peer);
  }

  /** The other side asks no more. */
  #leave(name: string, ask: number): void {
    const slot = this.#slots.get(name);
    // Its RTCDataChannel may have told more already.
    if (slot?.theirs?.ask !== ask) return;
    slot.theirs = undefined;
    // All that it said before comes before the close event.
    if (!slot.channel) this.#end(slot);
    if (!slot.mine) this.#slots.delete(name);
  }

  /** Ends what both had asked for. */
  #end(slot: Slot): void {
    const { line, channel, mine } = slot;
    slot.line = slot.channel = undefined;
    if (!line) return;
    const { peer } = this.#options;
    const told = mine?.parts.lines.delete(peer);
    line.end();
    retire(channel);
    if (told) mine?.parts.events.emit("close", peer);
  }
}

/** Does something as soon as an RTCDataChannel is open. */
function whenOpen(channel: RTCDataChannel, then: () => void): void {
  if (channel.readyState === "open") return then();
  channel.addEventListener("open", then);
}

/**
 * Closes an RTCDataChannel. One that connects opens first: a browser gives its
 * number (RFC 8832 §6) to the next one at once, of which the other side, which
 * still closes the first, loses or never sees what comes.
 */
function retire(channel: RTCDataChannel | undefined): void {
  if (channel) whenOpen(channel, () => channel.close());
}
