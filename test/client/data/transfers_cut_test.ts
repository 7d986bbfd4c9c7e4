import { assert, assertEquals } from "@std/assert";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";
import { TRANSFER } from "../../../client/data/transfer_frame.ts";
import type { JoinedChannel } from "../../support/joined_channels.ts";
import {
  assertContent,
  contentOf,
  JoinedTransfers,
  streamOf,
} from "../../support/joined_transfers.ts";

const SIZE = 1_000_000;

/** Two sides whose connection is lost at some frames, and joined again. */
class CutTransfers extends JoinedTransfers {
  /** How many frames both have sent, over all connections. */
  frames = 0;
  /** How many bytes of content were handed to channels. */
  sentBytes = 0;
  /** How often the connection was lost. */
  cuts = 0;
  readonly #isLast: (frame: number) => boolean;

  /** `isLast` says which frames are the last ones of their connection. */
  constructor(isLast: (frame: number) => boolean) {
    super();
    this.#isLast = isLast;
  }

  override join(): this {
    super.join({ flows: false });
    this.#flow(this.channel);
    this.#flow(this.channel.other);
    return this;
  }

  /** What an end sends arrives, one frame after the other. */
  #flow(end: JoinedChannel): void {
    let due = false;
    const flowOn = () => {
      if (due || end.pending === 0) return;
      due = true;
      queueMicrotask(() => {
        due = false;
        end.leave(1);
        end.arrive(1);
        flowOn();
      });
    };
    const send = end.send.bind(end);
    end.send = (frame) => {
      if (this.#isLast(++this.frames)) queueMicrotask(() => this.#lose(end));
      if (typeof frame !== "string" && frame[0] === TRANSFER.data) {
        this.sentBytes += frame.byteLength;
      }
      send(frame);
      flowOn();
    };
    flowOn();
  }

  /** The connection is lost when some of what was sent has left, and less has arrived. */
  #lose(end: JoinedChannel): void {
    if (end.readyState !== "open") return;
    this.cuts++;
    end.leave(this.cuts % 3);
    end.arrive(this.cuts % 2);
    this.cut();
    this.join();
  }
}

/** Sends a file, and tells how often the connection was lost meanwhile. */
async function cutsOf(
  source: Blob | ReadableStream,
  isLast: (frame: number) => boolean,
): Promise<number> {
  await using test = new CutTransfers(isLast);
  test.join();
  const progress: number[] = [];
  const offered = test.b.file();
  const sent = test.a.send(source, {
    onProgress: ({ confirmedBytes }) => void progress.push(confirmedBytes),
  });
  const blob = await (await offered).blob();
  await sent;
  assertContent(new Uint8Array(await blob.arrayBuffer()), SIZE);
  assertEquals(test.b.offered.length, 1);
  assertEquals([...test.a.events, ...test.b.events], []);
  assertEquals(progress, progress.toSorted((one, other) => one - other));
  assertEquals(progress.at(-1), SIZE);
  // Only what the browser had taken and the other side had not.
  assert(test.sentBytes <= SIZE + 1000 + test.cuts * 3 * FRAME_BYTES);
  return test.cuts;
}

for (const kind of ["Blob", "stream"]) {
  const source = () =>
    kind === "Blob"
      ? new Blob([contentOf(SIZE)])
      : streamOf(contentOf(SIZE), 30_011);

  Deno.test(`Transfers give a ${kind} once and whole when the connection is lost at any one frame`, async () => {
    let frame = 0;
    let cuts = 1;
    while (cuts === 1) {
      const last = ++frame;
      cuts = await cutsOf(source(), (each) => each === last);
    }
    // The one that was not reached any more.
    assert(frame > 12);
  });

  for (const every of [5, 6, 7, 11]) {
    Deno.test(`Transfers give a ${kind} once and whole when the connection is lost at every ${every}th frame`, async () => {
      const cuts = await cutsOf(source(), (each) => each % every === 0);
      assert(cuts > 1);
    });
  }
}

Deno.test("Transfers go on with what was stopped while there was no connection", async () => {
  await using test = new JoinedTransfers().join();
  const aborting = new AbortController();
  const { signal } = aborting;
  const blob = new Blob([contentOf(3)]);
  const stopped = test.a.send(blob, { signal }).catch((error) => error);
  const refused = test.a.send(blob).catch((error) => error);
  test.channel.flush();
  const [first, second] = test.b.offered;
  test.cut();
  aborting.abort("enough");
  second?.reject("full");
  const offered = test.b.file();
  const next = test.a.send(blob);
  test.join();
  assertContent(
    new Uint8Array(await (await (await offered).blob()).arrayBuffer()),
    3,
  );
  await next;
  assertEquals(await stopped, "enough");
  assertEquals((await refused).message, "full");
  assertEquals(first?.signal.reason.code, "cancelled");
});
