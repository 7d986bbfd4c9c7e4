import { DataPlane } from "../../client/data/data_plane.ts";
import { Payload } from "../../client/data/payload.ts";
import type { ReceivedFile } from "../../client/data/received_file.ts";
import type { RequestHandler } from "../../client/data/requests.ts";
import { JoinedChannel } from "./joined_channels.ts";
import { connectionThatTakes } from "./joined_lanes.ts";

/** One of two data planes, and what it told. */
export class HeardPlane {
  readonly plane: DataPlane;
  /** Messages that came. */
  readonly heard: (string | ArrayBuffer)[] = [];
  /** What else it told. */
  readonly events: string[] = [];
  /** Called at each message. */
  onHeard: (data: string | ArrayBuffer) => void = () => {};
  /** Called when messages are lost. */
  onUndelivered: () => void = () => {};
  /** Called at each file; nobody listens if it is undefined. */
  onFile: ((file: ReceivedFile) => void) | undefined;
  /** Who answers requests. */
  handler: RequestHandler<string | ArrayBuffer> | undefined;

  /** Knows its peer, unless it is not `met` yet. */
  constructor(
    peer: string,
    { maxMessageBytes = 2 ** 22, met = true } = {},
  ) {
    this.plane = new DataPlane({
      peer,
      polite: peer === "a",
      maxMessageBytes,
      onMessage: (data) => {
        this.heard.push(data);
        this.onHeard(data);
      },
      onUndelivered: (messages) => {
        this.events.push(`undelivered ${messages}`);
        this.onUndelivered();
      },
      onFile: (file) => {
        this.onFile?.(file);
        return this.onFile !== undefined;
      },
      channels: () => [],
      requestHandler: () => this.handler,
      onViolation: () => void this.events.push("violation"),
    });
    if (met) this.plane.start();
  }

  /** Sends a message; resolves when all of it has left. */
  send(data: string | BufferSource | Blob): Promise<void> {
    return new Promise((resolve, reject) => {
      const payload = new Payload("send", data);
      this.plane.push(payload, resolve, reject);
      payload.keep();
    });
  }

  /** Resolves with the next message. */
  next(): Promise<string | ArrayBuffer> {
    return new Promise((resolve) => this.onHeard = resolve);
  }
}

/** An end of each channel of a connection. */
type Ends = Readonly<Record<"messages" | "requests" | "files", JoinedChannel>>;

/** Two data planes and the connections that join them. */
export class JoinedPlanes implements Disposable {
  readonly a: HeardPlane;
  readonly b: HeardPlane;
  #ends: Ends | undefined;

  /** Not joined yet. */
  constructor(
    { a = new HeardPlane("b"), b = new HeardPlane("a") } = {},
  ) {
    this.a = a;
    this.b = b;
  }

  /** What `a` says, by channel. */
  get ends(): Ends {
    if (!this.#ends) throw new Error("They are not joined");
    return this.#ends;
  }

  /** What `a` says on the channel of messages. */
  get channel(): JoinedChannel {
    return this.ends.messages;
  }

  /** Joins them with a fresh connection, which `opens`, and on which what is sent arrives by itself if it `flows`. */
  join({ flows = false, opens = true } = {}): void {
    const [messages, messages2] = JoinedChannel.pair();
    const [requests, requests2] = JoinedChannel.pair();
    const [files, files2] = JoinedChannel.pair();
    this.#ends = { messages, requests, files };
    const all = [messages, requests, files, messages2, requests2, files2];
    for (const end of all) end.flows = flows;
    const pc = connectionThatTakes();
    const channel = files.real;
    this.a.plane.attach({
      pc,
      channel,
      messages: messages.real,
      requests: requests.real,
      files: files.real,
    });
    this.b.plane.attach({
      pc,
      channel,
      messages: messages2.real,
      requests: requests2.real,
      files: files2.real,
    });
    if (!opens) return;
    for (const end of Object.values(this.#ends)) end.open();
  }

  /** Everything that was said arrives. */
  flush(): void {
    for (const end of Object.values(this.#ends ?? {})) end.flush();
  }

  /** The connection is lost, with all that is on its way. */
  cut(): void {
    for (const end of Object.values(this.#ends ?? {})) end.die();
    for (const { plane } of [this.a, this.b]) plane.detach();
  }

  /** Ends both. */
  [Symbol.dispose](): void {
    for (const { plane } of [this.a, this.b]) plane.end();
  }
}
