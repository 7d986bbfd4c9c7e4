import { assert, assertEquals, assertRejects } from "@std/assert";
import { FRAME_BYTES } from "../../../client/data/lane_frame.ts";
import type { ReceivedFile } from "../../../client/data/received_file.ts";
import { TransferError } from "../../../client/data/transfer_error.ts";
import {
  endFrame,
  grantFrame,
  jsonFrame,
  readGrant,
  readRefusal,
  type Refusal,
  TRANSFER,
  TRANSFER_HEAD_BYTES,
  transferFrame,
} from "../../../client/data/transfer_frame.ts";
import {
  assertContent,
  contentOf,
  SpokenTo,
  streamOf,
} from "../../support/joined_transfers.ts";

const MIB = 2 ** 20;
const CREDIT = 2 * MIB;
const ANY_DIGEST = new Uint8Array(32);

type Frame = Uint8Array<ArrayBuffer>;

function offer(number: number, size: number | null = 3): Frame {
  return jsonFrame(TRANSFER.offer, number, { name: "", type: "", size });
}

function data(byteLength: number, number = 1): Frame {
  return transferFrame(TRANSFER.data, number, new Uint8Array(byteLength));
}

function end(byteLength: number, number = 1): Frame {
  return endFrame(number, { byteLength, digest: ANY_DIGEST });
}

function grant(granted: number, confirmed = 0, number = 1): Frame {
  return grantFrame(number, { granted, confirmed });
}

function done(number = 1): Frame {
  return transferFrame(TRANSFER.done, number);
}

const STOP: Refusal = { code: "cancelled", reason: "" };

function abandon(number = 1, refusal = STOP): Frame {
  return jsonFrame(TRANSFER.abandon, number, refusal);
}

function refuse(number = 1, refusal = STOP): Frame {
  return jsonFrame(TRANSFER.refuse, number, refusal);
}

/** What a refusal says that was written. */
function refusalOf(frame: Uint8Array | undefined): Refusal | undefined {
  return frame && readRefusal(Uint8Array.from(frame).subarray(5));
}

// --- from a sender that is written by hand

/** What goes before is honest; the last frame is not. The file is accepted as soon as it is offered. */
const FROM_SENDER: Readonly<Record<string, readonly Frame[]>> = {
  "an empty frame": [new Uint8Array()],
  "half of a head": [offer(1).subarray(0, 4)],
  "an unknown type": [offer(1), transferFrame(23, 1)],
  "the largest type": [offer(1), transferFrame(255, 1)],
  "an offer that is no JSON": [transferFrame(TRANSFER.offer, 1)],
  "an offer of number 0": [offer(0)],
  "the same offer twice": [offer(1), offer(1)],
  "an offer whose number goes back": [offer(7), offer(6)],
  "an offer whose number was left out": [offer(7), abandon(7), offer(7)],
  "data of no offer": [data(1)],
  "data of a later offer": [offer(1), data(1, 2)],
  "data of no bytes": [offer(1), data(0)],
  "more than was offered": [offer(1, 3), data(4)],
  "more than was offered, in two": [offer(1, 3), data(3), data(1)],
  "data of an empty file": [offer(1, 0), data(1)],
  "more than was granted": [
    offer(1, null),
    ...Array.from({ length: 32 }, () => data(FRAME_BYTES)),
    data(1),
  ],
  "data behind the end": [offer(1, null), data(3), end(3), data(1)],
  "an end of no offer": [end(0)],
  "an end of a later offer": [offer(1), end(0, 2)],
  "an end before all has come": [offer(1, 3), data(1), end(1)],
  "an end of more than has come": [offer(1, null), data(1), end(2)],
  "an end of less than has come": [offer(1, null), data(3), end(2)],
  "two ends": [offer(1, null), data(3), end(3), end(3)],
  "an end without a digest": [
    offer(1, 0),
    end(0).subarray(0, TRANSFER_HEAD_BYTES + 8),
  ],
  "an end with half of a digest": [offer(1, 0), end(0).subarray(0, -16)],
  "an end with more than a digest": [
    offer(1, 0),
    endFrame(1, { byteLength: 0, digest: new Uint8Array(33) }),
  ],
  "an end of NaN bytes": [offer(1, null), end(NaN)],
  "an abandoned file that was not offered": [abandon()],
  "an abandoned file that was not offered yet": [offer(1), abandon(2)],
  "an abandoned file without a reason": [
    offer(1),
    transferFrame(TRANSFER.abandon, 1),
  ],
};

for (const [what, frames] of Object.entries(FROM_SENDER)) {
  Deno.test(`Transfers refuse a sender's ${what}`, async () => {
    await using test = new SpokenTo();
    test.onFile = (file) => file.accept();
    const heard = frames.map((frame) => test.hear(frame));
    assertEquals(heard, frames.map((_, index) => index < frames.length - 1));
  });
}

for (
  const [what, frame] of [
    ["data", data(1)],
    ["an end", end(0)],
  ] as const
) {
  Deno.test(`Transfers refuse ${what} before the app has accepted`, async () => {
    await using test = new SpokenTo();
    assert(test.hear(offer(1, null)));
    assertEquals(test.hear(frame), false);
  });
}

/** How a file can have ended for the receiver while its sender has not heard so. */
const ENDED: Readonly<Record<string, (file: ReceivedFile) => unknown>> = {
  "was rejected": (file) => file.reject(),
  "was cancelled": (file) => file.cancel(),
  "was too large": (file) => file.accept({ maxBytes: 1 }),
  "was aborted": (file) => file.accept({ signal: AbortSignal.abort() }),
};

for (const [what, end_] of Object.entries(ENDED)) {
  Deno.test(`Transfers ignore what comes of a file that ${what}`, async () => {
    await using test = new SpokenTo();
    test.onFile = (file) => void end_(file);
    assert(test.hear(offer(1)));
    // The sender may have been told before that it may send.
    for (const frame of [data(2), data(1), end(3), abandon()]) {
      assert(test.hear(frame));
    }
    assertEquals(test.saidOf(TRANSFER.refuse).length, 1);
    assertEquals(test.offered[0]?.receivedBytes, 0);
  });
}

Deno.test("Transfers ignore an abandoned file that has ended", async () => {
  await using test = new SpokenTo();
  assert(test.hear(offer(1)));
  assert(test.hear(abandon()));
  assert(test.hear(abandon()));
  assertEquals(test.said, []);
});

Deno.test("Transfers tell both sides `corrupt` when the digest is wrong", async () => {
  await using test = new SpokenTo();
  test.hear(offer(1, 3));
  const [file] = test.offered;
  const read = assertRejects(async () => await file?.blob(), TransferError);
  // Reading accepts it in a microtask.
  await test.until(TRANSFER.grant);
  test.hear(data(3));
  test.hear(end(3));
  const { code, peer } = await read;
  assertEquals([code, peer], ["corrupt", "hand"]);
  assertEquals(refusalOf(test.saidOf(TRANSFER.refuse)[0])?.code, "corrupt");
  assertEquals(test.saidOf(TRANSFER.done), []);
});

Deno.test("Transfers tell both sides `corrupt` when an empty file has a wrong digest", async () => {
  await using test = new SpokenTo();
  test.onFile = (file) => file.accept();
  test.hear(offer(1, 0));
  test.hear(end(0));
  assertEquals(refusalOf(await test.until(TRANSFER.refuse))?.code, "corrupt");
  const { reason } = test.offered[0]?.signal ?? {};
  assertEquals(reason.code, "corrupt");
});

Deno.test("Transfers answer `busy` when a sender offers a seventeenth file, and take another when one has ended", async () => {
  await using test = new SpokenTo();
  for (let number = 1; number <= 17; number++) assert(test.hear(offer(number)));
  assertEquals(test.offered.length, 16);
  assertEquals(test.said.length, 1);
  assertEquals(refusalOf(test.saidOf(TRANSFER.refuse, 17)[0])?.code, "busy");
  test.hear(abandon(3));
  assert(test.hear(offer(18)));
  assertEquals(test.offered.length, 17);
});

Deno.test("Transfers refuse a sender that offers 1025 files and does not take the refusals", async () => {
  await using test = new SpokenTo();
  test.listens = false;
  test.onFile = (file) => file.reject();
  for (let number = 1; number <= 1024; number++) {
    assert(test.hear(offer(number)));
  }
  assertEquals(test.hear(offer(1025)), false);
});

Deno.test("Transfers keep nothing of files that were accepted and abandoned while the peer takes no grants", async () => {
  await using test = new SpokenTo();
  test.listens = false;
  test.onFile = (file) => file.accept();
  for (let number = 1; number <= 20_000; number++) {
    assert(test.hear(offer(number)));
    assert(test.hear(abandon(number)));
  }
  assert(test.hear(offer(20_001)));
  test.listens = true;
  test.listen();
  assertEquals(test.said, [grant(CREDIT, 0, 20_001)]);
});

Deno.test("Transfers give what came byte by byte as it was sent, in a few pieces", async () => {
  await using test = new SpokenTo();
  test.onFile = (file) => file.accept();
  const size = 100_000;
  test.hear(offer(1, size));
  const content = contentOf(size);
  for (let at = 0; at < size; at++) {
    const piece = content.subarray(at, at + 1);
    assert(test.hear(transferFrame(TRANSFER.data, 1, piece)));
  }
  const read = new Uint8Array(size);
  let pieces = 0;
  const reader = test.offered[0]?.getReader();
  for (let at = 0; at < size; pieces++) {
    const { value = new Uint8Array() } = await reader?.read() ?? {};
    read.set(value, at);
    at += value.byteLength;
  }
  assertContent(read, size);
  // Each costs some hundred bytes beside its own.
  assert(pieces < 100);
});

// --- from a receiver that is written by hand

/** What goes before is honest; the last frame is not. Three bytes are offered, and were sent if 3 were granted. */
const FROM_RECEIVER: Readonly<Record<string, readonly Frame[]>> = {
  "grant of what was not offered": [grant(1, 0, 2)],
  "short grant": [grant(3).subarray(0, -1)],
  "long grant": [Uint8Array.of(...grant(3), 0)],
  "grant of nothing": [grant(0)],
  "grant of less than nothing": [grant(-1)],
  "grant of NaN": [grant(NaN)],
  "grant that goes back": [grant(3), grant(2)],
  "grant that confirms what was not sent": [grant(3, 1)],
  "grant that confirms more than was sent": [grant(3), grant(3, 4)],
  "grant that confirms less than before": [
    grant(3),
    grant(9, 2),
    grant(9, 1),
  ],
  "word that it has what was not offered": [done(2)],
  "word that it has what it has not accepted": [done()],
  "word that it has what was not sent to its end": [grant(2), done()],
  "refusal of what was not offered": [refuse(2)],
  "refusal without a reason": [transferFrame(TRANSFER.refuse, 1)],
};

for (const [what, frames] of Object.entries(FROM_RECEIVER)) {
  Deno.test(`Transfers refuse a receiver's ${what}`, async () => {
    await using test = new SpokenTo();
    const sent = assertRejects(
      () => test.send(streamOf(contentOf(3), 3), { size: 3 }),
      TransferError,
    );
    for (const frame of frames.slice(0, -1)) {
      assert(test.hear(frame));
      await test.until(TRANSFER.data);
    }
    assertEquals(frames.slice(-1).map((last) => test.hear(last)), [false]);
    // What the lane then does.
    test.transfers.reset();
    assertEquals((await sent).code, "peer-left");
  });
}

Deno.test("Transfers ignore what a receiver says of a file that has ended", async () => {
  await using test = new SpokenTo();
  const sent = assertRejects(() => test.send(new Blob(["abc"])), TransferError);
  assert(test.hear(refuse(1, { code: "rejected", reason: "no" })));
  for (const frame of [grant(3), done(), refuse()]) assert(test.hear(frame));
  assertEquals((await sent).message, "no");
  assertEquals(test.saidOf(TRANSFER.data), []);
});

Deno.test("Transfers send no more than was granted", async () => {
  await using test = new SpokenTo();
  const sent = test.send(streamOf(contentOf(10)), { size: 10 });
  const sizes = () =>
    test.saidOf(TRANSFER.data).map(({ byteLength }) =>
      byteLength - TRANSFER_HEAD_BYTES
    );
  test.hear(grant(4));
  await test.until(TRANSFER.data);
  assertEquals(sizes(), [4]);
  test.hear(grant(5));
  test.hear(grant(5, 3));
  assertEquals(sizes(), [4, 1]);
  test.hear(grant(2 ** 53 - 1, 5));
  assertEquals(sizes(), [4, 1, 5]);
  await test.until(TRANSFER.end);
  test.hear(done());
  await sent;
});

for (const code of ["", "peer-left", "nonsense", "constructor"]) {
  Deno.test(`Transfers take a refusal with the code "${code}" as \`rejected\``, async () => {
    await using test = new SpokenTo();
    const sent = assertRejects(() => test.send(new Blob()), TransferError);
    test.hear(refuse(1, { code, reason: "x" }));
    assertEquals((await sent).code, "rejected");
  });
}

Deno.test("Transfers grant 2 MiB beyond what was read, each time that an eighth of it was", async () => {
  await using test = new SpokenTo();
  test.hear(offer(1, null));
  const reader = test.offered[0]?.getReader();
  const grants = () =>
    test.saidOf(TRANSFER.grant).map((frame) =>
      readGrant(frame.subarray(TRANSFER_HEAD_BYTES))
    );
  const first = reader?.read();
  await test.until(TRANSFER.grant);
  assertEquals(grants(), [{ granted: CREDIT, confirmed: 0 }]);
  const piece = 32_768;
  for (let at = 0; at < CREDIT; at += piece) assert(test.hear(data(piece)));
  await first;
  for (let at = piece; at < CREDIT; at += piece) await reader?.read();
  assertEquals(
    grants(),
    Array.from({ length: 9 }, (_, index) => ({
      granted: CREDIT + index * CREDIT / 8,
      confirmed: index * CREDIT / 8,
    })),
  );
});
