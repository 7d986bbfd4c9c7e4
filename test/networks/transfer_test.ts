import { assert, assertEquals } from "@std/assert";
import type { BrowserName } from "../support/browsers.ts";
import { whyNoCoturn } from "../support/coturn.ts";
import { type JoinedPage, openJoinedPages } from "../support/joined_pages.ts";
import { whyNoNetworks } from "../support/network.ts";
import { untilKept } from "../support/until_kept.ts";
import { makeLab } from "./lab.ts";

declare global {
  /** A transfer, as one side of it sees it. */
  var transfer: {
    /** Resolves when that many bytes are confirmed. */
    until(bytes: number): Promise<void>;
    onProgress(progress: { confirmedBytes: number }): void;
    /** How often there was less confirmed than before. */
    setbacks: number;
    /** What was handed to channels, in bytes. */
    channelBytes: number;
    /** How many connections were made anew. */
    rebuilt: number;
  };
}

const skip = await whyNoNetworks() !== undefined ||
  await whyNoCoturn() !== undefined;

/** A large file and a long cut, with every browser, instead of the same in short. */
const WHOLE = Deno.args.includes("--whole");

const MIB = 2 ** 20;
const BYTES = (WHOLE ? 300 : 32) * MIB;
const CUT_SECONDS = WHOLE ? 20 : 8;

/** What one more connection may cost: a window that was on its way is sent again. */
const WINDOW_BYTES = 5 * MIB;

const BROWSERS: readonly (readonly [BrowserName, BrowserName])[] = [
  ["chrome", "chrome"],
  ...(WHOLE ? [["firefox", "chrome"], ["chrome", "firefox"]] as const : []),
];

/** Defines `transfer` in a page, and closes its connection in the middle of one: when `closeAt` bytes are confirmed. */
function follow(closeAt: number): void {
  const channelSend = RTCDataChannel.prototype.send as (
    this: RTCDataChannel,
    data: ArrayBufferView,
  ) => void;
  RTCDataChannel.prototype.send = function (
    this: RTCDataChannel,
    data: unknown,
  ) {
    const view = data as ArrayBufferView<ArrayBuffer>;
    transfer.channelBytes += view.byteLength;
    channelSend.call(this, view);
  };
  connection.on("peer", () => void transfer.rebuilt++);
  let confirmed = 0;
  const waiters = new Map<number, () => void>();
  globalThis.transfer = {
    until: (bytes) =>
      new Promise((resolve) => {
        if (confirmed >= bytes) resolve();
        else waiters.set(bytes, resolve);
      }),
    onProgress({ confirmedBytes }) {
      if (confirmedBytes < confirmed) transfer.setbacks++;
      confirmed = confirmedBytes;
      for (const [bytes, resolve] of waiters) {
        if (confirmed >= bytes) resolve();
      }
    },
    setbacks: 0,
    channelBytes: 0,
    rebuilt: 0,
  };
  void transfer.until(closeAt).then(() => {
    for (const { pc } of connection.peers.values()) pc?.close();
  });
}

/** Sends a file. Runs in the page. */
function send(byteLength: number): void {
  const pieceBytes = 4 * 2 ** 20;
  const pieces: Blob[] = [];
  for (let at = 0; at < byteLength; at += pieceBytes) {
    pieces.push(new Blob([content.bytes(at, pieceBytes)]));
  }
  const { onProgress } = transfer;
  globalThis.kept = connection.sendFile(new Blob(pieces), { onProgress });
}

/** Takes a file. Runs in the page. */
function receive(): void {
  globalThis.kept = next(connection, "file").then(async (file) => {
    let receivedBytes = 0;
    const { onProgress } = transfer;
    file.accept({ onProgress });
    for await (const chunk of file as AsyncIterable<Uint8Array>) {
      const place = content.difference(chunk, receivedBytes);
      if (place >= 0) throw new Error(`wrong at ${receivedBytes + place}`);
      receivedBytes += chunk.length;
    }
    return receivedBytes;
  });
}

/** The length of a cut is a part of it. */
function seconds(count: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, count * 1000));
}

for (const [sending, receiving] of BROWSERS) {
  Deno.test({
    name:
      `a file from ${sending} to ${receiving} goes on where it was when the network is gone for ${CUT_SECONDS} s, and when its connection is made anew`,
    ignore: skip,
    async fn() {
      await using lab = await makeLab();
      await lab.site();
      const hosts = await Promise.all(
        ["cone", "cone"].map(async () =>
          await lab.host(await lab.network("cone"))
        ),
      );
      const browsers = await Promise.all(
        hosts.map((host, index) =>
          lab.browser(host, index === 0 ? sending : receiving)
        ),
      );
      const [sender, receiver] = await openJoinedPages(
        browsers.map(({ browser }) => browser),
        lab.origin,
      ) as [JoinedPage, JoinedPage];
      await sender.page.evaluate(follow, BYTES / 2);
      await receiver.page.evaluate(follow, 3 * BYTES / 4);
      await receiver.page.evaluate(receive);
      const received = untilKept(receiver.page);
      await sender.page.evaluate(send, BYTES);
      const sent = untilKept(sender.page);

      const startedAt = performance.now();
      await sender.page.evaluate((bytes) => transfer.until(bytes), BYTES / 8);
      await hosts[0]?.unplug();
      await seconds(CUT_SECONDS);
      await hosts[0]?.plug();
      assertEquals(await received, BYTES);
      assertEquals(await sent, 1);
      const tookMs = performance.now() - startedAt;

      const [{ setbacks, rebuilt, channelBytes }, other] = await Promise.all(
        [sender, receiver].map(({ page }) =>
          page.evaluate(() => {
            const { setbacks, rebuilt, channelBytes } = transfer;
            return { setbacks, rebuilt, channelBytes };
          })
        ),
      ) as [typeof transfer, typeof transfer];
      assertEquals(other.setbacks, 0);
      assertEquals(setbacks, 0);
      assert(rebuilt >= 2, `${rebuilt} connections were made anew`);
      const more = channelBytes - BYTES;
      console.log(
        `  took ${Math.round(tookMs)} ms, ${rebuilt} connections anew, ${
          (more / MIB).toFixed(1)
        } MiB more than the file`,
      );
      assert(more < BYTES / 1000 + rebuilt * WINDOW_BYTES, `${more} more`);
    },
  });
}
