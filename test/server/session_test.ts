import { assert, assertEquals, assertNotEquals } from "@std/assert";
import { CLOSE, LIMITS, type ServerMessage } from "../../protocol.ts";
import type { ServerOptions, Serving } from "../../server/mod.ts";
import { serve } from "../../server/mod.ts";
import { knock } from "../support/knock.ts";
import { openByHand } from "../support/open_by_hand.ts";
import { RawPeer } from "../support/raw_peer.ts";
import { startServer } from "../support/start_server.ts";

const SECRET = "a secret that outlives the server";

/** A room with a witness and a peer that has confirmed its token. */
async function roomOfTwo(server: Serving, stack: AsyncDisposableStack) {
  const witness = stack.use(await RawPeer.join(server.url, "r", "witness"));
  const peer = stack.use(await RawPeer.join(server.url, "r", "peer"));
  await witness.next("join");
  await peer.settled();
  return { witness, peer };
}

/** Loses the socket of a peer, as seen from the server: it closes without a goodbye. */
function lose(peer: RawPeer): void {
  peer.socket.close(CLOSE.reconnecting);
}

/** The data of the signals among messages. */
function dataOf(messages: readonly ServerMessage[]): string[] {
  return messages.flatMap((message) =>
    message.type === "signal" ? [message.data] : []
  );
}

/** The news of members among messages. */
function newsOf(messages: readonly ServerMessage[]): string[] {
  return messages.map(({ type }) => type).filter((type) =>
    ["join", "leave", "away", "back"].includes(type)
  );
}

Deno.test("Session is away without a socket, keeps what is for it in order, and is back when it is resumed", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  lose(peer);
  assertEquals(await witness.next("away"), { type: "away", id: "peer" });
  for (const data of ["1", "2", "3"]) {
    witness.send({ type: "signal", to: "peer", data });
  }
  witness.send({ type: "presence", presence: "new" });
  await witness.settled();
  const { joinedAt, resume } = peer.welcome;
  const again = stack.use(
    await RawPeer.join(server.url, "r", "peer", { resume, seen: 0 }),
  );
  const { welcome } = again;
  assertEquals(welcome.session, "resumed");
  assertEquals(welcome.joinedAt, joinedAt);
  assertNotEquals(welcome.resume, resume);
  assertEquals(welcome.peers, [{
    id: "witness",
    joinedAt: witness.welcome.joinedAt,
    presence: "new",
    away: false,
  }]);
  assertEquals(await witness.next("back"), { type: "back", id: "peer" });
  await again.settled();
  assertEquals(dataOf(again.heard()), ["1", "2", "3"]);
});

for (
  const [seen, replayed] of [
    [0, ["1", "2", "3", "4"]],
    [undefined, ["1", "2", "3", "4"]],
    [2, ["3", "4"]],
    [4, []],
    [99, []],
  ] as const
) {
  Deno.test(`Session sends ${replayed.length} of 4 signals again when the client has seen ${seen} of those that a dead socket took`, async () => {
    await using server = startServer();
    await using stack = new AsyncDisposableStack();
    const { witness, peer } = await roomOfTwo(server, stack);
    for (const data of ["1", "2", "3", "4"]) {
      witness.send({ type: "signal", to: "peer", data });
    }
    await witness.settled();
    lose(peer);
    await witness.next("away");
    const again = stack.use(
      await RawPeer.join(server.url, "r", "peer", {
        resume: peer.welcome.resume,
        ...(seen !== undefined && { seen }),
      }),
    );
    await again.settled();
    assertEquals(dataOf(again.heard()), [...replayed]);
  });
}

Deno.test("Session tells how many signals it has taken, and keeps none that the client has seen", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  peer.send({ type: "signal", to: "witness", data: "x" });
  peer.send({ type: "signal", to: "nobody", data: "x" });
  witness.send({ type: "signal", to: "peer", data: "1" });
  await witness.settled();
  await peer.settled(1);
  lose(peer);
  await witness.next("away");
  const { resume } = peer.welcome;
  const again = stack.use(
    await RawPeer.join(server.url, "r", "peer", { resume, seen: 1 }),
  );
  assertEquals(again.welcome.seen, 2);
  await again.settled(1);
  assertEquals(dataOf(again.heard()), []);
});

Deno.test("Session refuses signals as peer-busy when more wait than it keeps, and loses none that it took", async () => {
  await using server = startServer({ limits: { queueFrames: 3 } });
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  lose(peer);
  await witness.next("away");
  for (const data of ["1", "2", "3", "4", "5"]) {
    witness.send({ type: "signal", to: "peer", data });
  }
  for (let refused = 0; refused < 2; refused++) {
    const { code, to } = await witness.next("error");
    assertEquals({ code, to }, { code: "peer-busy", to: "peer" });
  }
  const { resume } = peer.welcome;
  const again = stack.use(
    await RawPeer.join(server.url, "r", "peer", { resume, seen: 0 }),
  );
  await again.settled();
  assertEquals(dataOf(again.heard()), ["1", "2", "3"]);
});

Deno.test("Session leaves as lost when the grace time is over, and its token begins another membership", async () => {
  await using server = startServer({ limits: { graceMs: 30 } });
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  lose(peer);
  assertEquals(await witness.next("leave"), {
    type: "leave",
    id: "peer",
    reason: "lost",
  });
  const { resume, joinedAt } = peer.welcome;
  const again = stack.use(
    await RawPeer.join(server.url, "r", "peer", { resume, seen: 9 }),
  );
  assertEquals(again.welcome.session, "new");
  assert(again.welcome.joinedAt > joinedAt);
});

for (const code of [1000, undefined]) {
  Deno.test(`Session leaves at once when its client closes with ${code ?? "no code"}`, async () => {
    await using server = startServer();
    await using stack = new AsyncDisposableStack();
    const { witness, peer } = await roomOfTwo(server, stack);
    peer.socket.close(code);
    assertEquals(await witness.next("leave"), {
      type: "leave",
      id: "peer",
      reason: "goodbye",
    });
  });
}

Deno.test("Session leaves at once, though it is away, when it says goodbye after it is back", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  lose(peer);
  await witness.next("away");
  const { resume } = peer.welcome;
  await using again = await RawPeer.join(server.url, "r", "peer", { resume });
  again.socket.close(1000);
  const { reason } = await witness.next("leave");
  assertEquals(reason, "goodbye");
});

Deno.test("Session stays away when the socket that resumed it closes before it has said a word: a handshake was given up", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  lose(peer);
  await witness.next("away");
  const { resume } = peer.welcome;
  await using again = await RawPeer.join(server.url, "r", "peer", { resume });
  await witness.next("back");
  again.socket.close();
  assertEquals(await witness.next("away"), { type: "away", id: "peer" });
});

Deno.test("Session of a peer that never spoke ends with its socket, as nobody can have its token", async () => {
  await using server = startServer();
  await using witness = await RawPeer.join(server.url, "r", "witness");
  const conn = await openByHand(server.url, "r", "mute");
  await witness.next("join");
  conn.close();
  assertEquals((await witness.next("leave")).reason, "lost");
});

Deno.test("Session of a peer that never spoke goes to the next one who asks, if its socket is silent", async () => {
  await using server = startServer();
  await using witness = await RawPeer.join(server.url, "r", "witness");
  // Its welcome never arrived, and the client tries again under the same name.
  using _silent = await openByHand(server.url, "r", "peer");
  const { peer: { joinedAt } } = await witness.next("join");
  await using again = await RawPeer.join(server.url, "r", "peer");
  assertEquals(again.welcome.session, "new");
  assertEquals((await witness.next("leave")).id, "peer");
  assert((await witness.next("join")).peer.joinedAt > joinedAt);
});

Deno.test("Session of a peer that never spoke stays with it, if its socket answers", async () => {
  await using server = startServer();
  await using peer = await RawPeer.join(server.url, "r", "peer");
  assertEquals(await knock(server.url, { room: "r", id: "peer" }), {
    status: 409,
    code: "id-taken",
  });
  await peer.settled();
});

/** What happens to the old socket and the new one, in which order. */
const ORDERS: readonly (readonly [
  when: string,
  run: (
    old: RawPeer & { welcome: { resume: string } },
    resume: () => Promise<RawPeer>,
  ) => Promise<RawPeer>,
])[] = [
  ["the old one closes first", async (old, resume) => {
    lose(old);
    await old.closed;
    return await resume();
  }],
  ["both happen at once", async (old, resume) => {
    const resumed = resume();
    lose(old);
    return await resumed;
  }],
  ["the old one closes after the new one is let in", async (old, resume) => {
    const resumed = await resume();
    lose(old);
    await old.closed;
    return resumed;
  }],
  ["the old one closes after the new one is in use", async (old, resume) => {
    const resumed = await resume();
    await resumed.settled();
    lose(old);
    await old.closed;
    return resumed;
  }],
  ["the old one says goodbye after the new one is let in", async (
    old,
    resume,
  ) => {
    const resumed = await resume();
    old.socket.close(1000);
    await old.closed;
    return resumed;
  }],
  ["the old one never closes by itself", async (old, resume) => {
    const resumed = await resume();
    assertEquals((await old.closed).code, CLOSE.replaced);
    return resumed;
  }],
];

for (const [when, run] of ORDERS) {
  Deno.test(`Session stays with its new socket when ${when}`, async () => {
    await using server = startServer();
    await using stack = new AsyncDisposableStack();
    const { witness, peer } = await roomOfTwo(server, stack);
    // As good as dead: it does not answer.
    peer.answers = false;
    const { resume } = peer.welcome;
    const resumed = await run(
      peer,
      () => RawPeer.join(server.url, "r", "peer", { resume }),
    );
    stack.use(resumed);
    await resumed.settled();
    witness.send({ type: "signal", to: "peer", data: "are you there" });
    assertEquals((await resumed.next("signal")).data, "are you there");
    await witness.settled();
    const news = newsOf(witness.heard());
    assertEquals(news.includes("leave"), false, String(news));
    assertEquals(news.at(-1) === "away", false, String(news));
  });
}

Deno.test("Session stays with a socket that answers when somebody else shows its token", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  const answer = await knock(server.url, {
    room: "r",
    id: "peer",
    protocols: ["webrtc.v1", `resume.${peer.welcome.resume}`],
  });
  assertEquals(answer, { status: 409, code: "id-taken" });
  await peer.settled();
  await witness.settled();
  assertEquals(newsOf(witness.heard()), []);
});

Deno.test("Session takes the token before the last when the welcome with the last one got lost", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  lose(peer);
  await witness.next("away");
  const { resume } = peer.welcome;
  for (let lost = 0; lost < 2; lost++) {
    // Is let in, and vanishes before it could read that.
    const conn = await openByHand(server.url, "r", "peer", [
      "webrtc.v1",
      `resume.${resume}`,
    ]);
    await witness.next("back");
    conn.close();
    await witness.next("away");
  }
  const again = stack.use(
    await RawPeer.join(server.url, "r", "peer", { resume }),
  );
  assertEquals(again.welcome.session, "resumed");
  await again.settled();
  lose(again);
  await witness.next("back");
  await witness.next("away");
  const { status } = await knock(server.url, {
    room: "r",
    id: "peer",
    protocols: ["webrtc.v1", `resume.${resume}`],
  });
  assertEquals(status, 409, "the token of the lost welcome is confirmed");
});

/** A server that is stopped, which its clients leave at once, and another one in its place. */
async function restarted(
  before: ServerOptions,
  after: ServerOptions,
  meanwhile: (url: string, stack: AsyncDisposableStack) => Promise<void>,
  then: (url: string, stack: AsyncDisposableStack) => Promise<void>,
): Promise<void> {
  const first = startServer(before);
  const { port } = first.addr;
  await using clients = new AsyncDisposableStack();
  await meanwhile(first.url, clients);
  const stopping = first.close();
  // It forgets them, and tells nobody that they go.
  await clients.disposeAsync();
  await stopping;
  await using second = serve({ ...after, port, hostname: "127.0.0.1" });
  await using stack = new AsyncDisposableStack();
  await then(second.url, stack);
}

for (
  const [which, before, after] of [
    ["the same secret", SECRET, SECRET],
    ["another secret", SECRET, "another secret, not the same"],
    ["no secret", undefined, undefined],
  ] as const
) {
  Deno.test(`Session is restored under its id, with its role, when the server comes back with ${which}`, async () => {
    const tokens: { id: string; resume: string; joinedAt: number }[] = [];
    const secret = (sessionSecret: string | undefined) => (
      sessionSecret === undefined ? {} : { sessionSecret }
    );
    await restarted(secret(before), secret(after), async (url, stack) => {
      for (const id of ["a", "b"]) {
        const peer = stack.use(await RawPeer.join(url, "r", id));
        tokens.push({ ...peer.welcome });
      }
    }, async (url, stack) => {
      const newcomer = stack.use(await RawPeer.join(url, "r", "newcomer"));
      for (const { id, resume, joinedAt } of tokens) {
        const peer = stack.use(
          await RawPeer.join(url, "r", id, { resume, seen: 5 }),
        );
        const { session, seen } = peer.welcome;
        assertEquals({ session, seen }, { session: "restored", seen: 0 });
        assertEquals(peer.welcome.joinedAt, joinedAt);
        const told = await newcomer.next("join");
        assertEquals(told.peer.joinedAt, joinedAt);
        // Nothing was lost with the count of signals that another server kept.
        newcomer.send({ type: "signal", to: id, data: "x" });
        assertEquals((await peer.next("signal")).data, "x");
      }
    });
  });
}

Deno.test("Session is restored as such again when the first welcome of it got lost", async () => {
  let resume = "";
  const options = { sessionSecret: SECRET };
  await restarted(options, options, async (url, stack) => {
    const peer = stack.use(await RawPeer.join(url, "r", "peer"));
    resume = peer.welcome.resume;
  }, async (url, stack) => {
    const witness = stack.use(await RawPeer.join(url, "r", "witness"));
    const conn = await openByHand(url, "r", "peer", [
      "webrtc.v1",
      `resume.${resume}`,
    ]);
    await witness.next("join");
    conn.close();
    await witness.next("away");
    const peer = stack.use(await RawPeer.join(url, "r", "peer", { resume }));
    assertEquals(peer.welcome.session, "restored");
  });
});

Deno.test("Session is taken back by its peer when a rotated token came first after a restart", async () => {
  const tokens: string[] = [];
  const options = { sessionSecret: SECRET };
  await restarted(options, options, async (url, stack) => {
    const peer = stack.use(await RawPeer.join(url, "r", "peer"));
    await peer.settled();
    lose(peer);
    await peer.closed;
    const { resume } = peer.welcome;
    const again = stack.use(
      await RawPeer.join(url, "r", "peer", { resume }),
    );
    tokens.push(resume, again.welcome.resume);
  }, async (url, stack) => {
    const [old, last] = tokens as [string, string];
    const thief = stack.use(
      await RawPeer.join(url, "r", "peer", { resume: old }),
    );
    await thief.settled();
    const peer = stack.use(
      await RawPeer.join(url, "r", "peer", { resume: last }),
    );
    assertEquals(peer.welcome.session, "restored");
    assertEquals((await thief.closed).code, CLOSE.replaced);
    const { status } = await knock(url, {
      room: "r",
      id: "peer",
      protocols: ["webrtc.v1", `resume.${thief.welcome.resume}`],
    });
    assertEquals(status, 409);
    await peer.settled();
  });
});

for (
  const [when, lateMs, status] of [
    ["right after a restart", 0, 101],
    ["when its owner had time to come back", 2 * LIMITS.graceMs, 409],
  ] as const
) {
  Deno.test(`Session under an id that has been taken meanwhile is answered with ${status} when its proof is shown ${when}`, async () => {
    let resume = "";
    let now = Date.now();
    const options = { sessionSecret: SECRET, now: () => now };
    await restarted(options, options, async (url, stack) => {
      resume = stack.use(await RawPeer.join(url, "r", "peer")).welcome.resume;
      now += 1_000;
    }, async (url, stack) => {
      const squatter = stack.use(await RawPeer.join(url, "r", "peer"));
      await squatter.settled();
      now += lateMs;
      const answer = await knock(url, {
        room: "r",
        id: "peer",
        protocols: ["webrtc.v1", `resume.${resume}`],
      });
      assertEquals(answer.status, status);
      if (status === 101) {
        assertEquals((await squatter.closed).code, CLOSE.replaced);
      } else await squatter.settled();
    });
  });
}

Deno.test("Session counts on from its own token when a forged one came first after a restart", async () => {
  const options = { sessionSecret: SECRET };
  let proof = "";
  await restarted(options, options, async (url, stack) => {
    proof = stack.use(await RawPeer.join(url, "r", "peer")).welcome.resume;
  }, async (url, stack) => {
    const forged = proof.replace(/\.\d+\./, ".999999999999999.")
      .replace(/.$/, (last) => last === "A" ? "B" : "A");
    stack.use(await RawPeer.join(url, "r", "peer", { resume: forged }));
    const peer = stack.use(
      await RawPeer.join(url, "r", "peer", { resume: proof }),
    );
    await peer.settled();
    lose(peer);
    await peer.closed;
    const { resume } = peer.welcome;
    const again = stack.use(
      await RawPeer.join(url, "r", "peer", { resume }),
    );
    assertEquals(again.welcome.session, "resumed");
  });
});

Deno.test("Session says drain, then closes so that the client comes back, and takes nobody in, when the server stops", async () => {
  await using server = startServer();
  await using stack = new AsyncDisposableStack();
  const { witness, peer } = await roomOfTwo(server, stack);
  const closing = server.close();
  await Promise.all([witness.next("drain"), peer.next("drain")]);
  assertEquals(
    await knock(server.url, { room: "r", id: "late" }),
    { status: 503, code: "stopping" },
  );
  // Those who are still there hear each other, and not that somebody has moved.
  lose(peer);
  await peer.closed;
  await witness.settled();
  assertEquals(newsOf(witness.heard()), []);
  assertEquals((await witness.closed).code, CLOSE.restarting);
  await closing;
});
