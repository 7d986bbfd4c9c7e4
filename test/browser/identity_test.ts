import { assertEquals, assertMatch, assertNotEquals } from "@std/assert";
import { createHash } from "node:crypto";
import type { Page } from "puppeteer";
import { verify } from "../../client/trust/identity.ts";
import { startBrowser } from "../support/browsers.ts";
import { bundleClient } from "../support/bundle_client.ts";
import { openPage } from "../support/open_page.ts";
import { ownAddress } from "../support/own_address.ts";
import { startSite } from "../support/site.ts";

const WORDS = [1, 2, 3];

/** Makes an identity in a page and signs with it. */
async function signIn(page: Page, lacksEd25519: boolean) {
  const scripts = await bundleClient("client/trust/identity.ts");
  // It loads no others: from a blob they could not be.
  const [code = ""] = scripts.values();
  const made = await page.evaluate(
    async (code, words, lacksEd25519) => {
      const url = URL.createObjectURL(
        new Blob([code], { type: "text/javascript" }),
      );
      const { createIdentity, readIdentity, sign, verify } = await import(
        url
      ) as typeof import("../../client/trust/identity.ts");
      const { subtle } = crypto;
      const older = {
        subtle: {
          generateKey: async (
            how: EcKeyGenParams,
            ...rest: [false, KeyUsage[]]
          ) => {
            if (how.name !== "Ed25519") {
              return await subtle.generateKey(how, ...rest);
            }
            // As a browser without it does.
            return await subtle.generateKey(
              { ...how, name: "Ed25518" },
              ...rest,
            );
          },
          exportKey: subtle.exportKey.bind(subtle),
          digest: subtle.digest.bind(subtle),
        },
      };
      const identity = readIdentity(
        await createIdentity(
          lacksEd25519 ? { crypto: older as unknown as Crypto } : {},
        ),
      );
      const { id, algorithm, publicKey, privateKey } = identity;
      const bytes = Uint8Array.from(words);
      const signature = await sign(subtle, identity, bytes);
      const read = (format: "pkcs8" | "jwk") =>
        subtle.exportKey(format, privateKey).then(
          () => "read",
          (error) => error.name,
        );
      return {
        id,
        algorithm,
        publicKey: [...publicKey],
        signature: [...signature],
        verified: [
          await verify(subtle, identity, signature, bytes),
          await verify(subtle, identity, signature, new Uint8Array(3)),
          await verify(
            subtle,
            { algorithm, publicKey: publicKey.map(() => 255) },
            signature,
            bytes,
          ),
        ],
        extractable: privateKey.extractable,
        read: [await read("pkcs8"), await read("jwk")],
      };
    },
    code,
    WORDS,
    lacksEd25519,
  );
  return {
    ...made,
    publicKey: Uint8Array.from(made.publicKey),
    signature: Uint8Array.from(made.signature),
  };
}

/** Ids of identities that a page loads, all at the same time. */
function load(page: Page, names: readonly (string | undefined)[]) {
  return page.evaluate(
    (names) =>
      Promise.all(names.map(async (name) => {
        const { id } = await webrtc.loadIdentity(name ? { name } : {});
        return id;
      })),
    names,
  );
}

/** What a page is told that loads an identity where something else is kept, and whether that is still there. */
function loadBroken(page: Page) {
  return page.evaluate(async () => {
    const good = await webrtc.createIdentity();
    const other = await webrtc.createIdentity();
    const strange: Record<string, unknown> = {
      text: "an identity",
      nothing: null,
      "public half": { ...good, privateKey: undefined },
      "another id": { ...good, id: other.id },
      "another private key": { ...good, privateKey: other.privateKey },
    };
    const result = <Result>(request: IDBRequest<Result>) =>
      new Promise<Result>((resolve, reject) => {
        request.onsuccess = () => resolve(request.result);
        request.onerror = () => reject(request.error);
      });
    // Makes the store.
    await webrtc.loadIdentity({ name: "good" });
    const database = await result(indexedDB.open("webrtc"));
    const store = () =>
      database.transaction("identities", "readwrite").objectStore("identities");
    const told: unknown[] = [];
    for (const [name, value] of Object.entries(strange)) {
      await result(store().put(value, name));
      const said = await webrtc.loadIdentity({ name }).then(
        () => "loaded",
        (error) => `${error.name}: ${error.message}`,
      );
      const kept = await result(store().get(name));
      told.push([
        name,
        said,
        (kept?.id ?? kept) === (Object(value).id ?? value),
      ]);
    }
    database.close();
    return told;
  });
}

/** Whether a page can delete the database at once: nobody has left it open. */
function deleteDatabase(page: Page) {
  return page.evaluate(() =>
    new Promise((resolve, reject) => {
      const request = indexedDB.deleteDatabase("webrtc");
      request.onblocked = () => resolve("blocked");
      request.onsuccess = () => resolve("deleted");
      request.onerror = () => reject(request.error);
    })
  );
}

Deno.test("createIdentity and loadIdentity keep a key that no page can read", async (t) => {
  await using site = await startSite();

  for (const name of ["chrome", "firefox"] as const) {
    await using started = await startBrowser(name);
    const { browser } = started;
    await using first = await openPage(browser, site.url);
    await using second = await openPage(browser, site.url);

    for (
      const [algorithm, number, length] of [
        ["Ed25519", 1, 32],
        ["ECDSA", 2, 65],
      ] as const
    ) {
      await t.step(
        `${name}: createIdentity signs with ${algorithm} when WebCrypto has ${
          number === 1 ? "all" : "no Ed25519"
        }`,
        async () => {
          const made = await signIn(first.page, algorithm === "ECDSA");
          const { publicKey, signature, ...rest } = made;
          const id = createHash("sha256").update("webrtc identity v1")
            .update(Uint8Array.of(number)).update(publicKey)
            .digest("base64url");
          assertEquals(rest, {
            id,
            algorithm,
            verified: [true, false, false],
            extractable: false,
            read: ["InvalidAccessError", "InvalidAccessError"],
          });
          assertEquals([publicKey.length, signature.length], [length, 64]);
          const { subtle } = crypto;
          assertEquals(
            await verify(subtle, made, signature, Uint8Array.from(WORDS)),
            true,
          );
        },
      );
    }

    await t.step(
      `${name}: loadIdentity makes one when two tabs ask for it at once`,
      async () => {
        const names = Array.from({ length: 4 }, () => undefined);
        const ids = await Promise.all([
          load(first.page, names),
          load(second.page, names),
        ]);
        const [[id = ""] = []] = ids;
        assertMatch(id, /^[\w-]{43}$/);
        assertEquals(ids, [Array(4).fill(id), Array(4).fill(id)]);
        await first.page.reload();
        await first.page.waitForFunction("globalThis.webrtc !== undefined", {
          polling: 20,
        });
        const [again, byName, other] = await load(first.page, [
          undefined,
          "default",
          "other",
        ]);
        assertEquals([again, byName], [id, id]);
        assertNotEquals(other, id);
        assertEquals(await load(second.page, ["other"]), [other]);
      },
    );

    await t.step(
      `${name}: loadIdentity keeps a key that can sign but not be read`,
      async () => {
        const kept = await first.page.evaluate(async () => {
          const { privateKey } = await webrtc.loadIdentity();
          const how = privateKey.algorithm.name;
          const signature = await crypto.subtle.sign(
            how,
            privateKey,
            new Uint8Array(1),
          );
          const read = await crypto.subtle.exportKey("pkcs8", privateKey).then(
            () => "read",
            (error) => error.name,
          );
          return [signature.byteLength, privateKey.extractable, read];
        });
        assertEquals(kept, [64, false, "InvalidAccessError"]);
      },
    );

    await t.step(
      `${name}: loadIdentity rejects and replaces nothing when something else is kept`,
      async () => {
        const told = [
          "text",
          "nothing",
          "public half",
          "another id",
          "another private key",
        ].map((name) => [
          name,
          `DataError: Cannot load identity: what IndexedDB keeps as "${name}" in "identities" of "webrtc" is no identity`,
          true,
        ]);
        assertEquals(await loadBroken(first.page), told);
      },
    );

    await t.step(`${name}: loadIdentity leaves no database open`, async () => {
      assertEquals(await deleteDatabase(second.page), "deleted");
    });

    assertEquals([first.complaints, second.complaints], [[], []]);
  }
});

const address = ownAddress();

Deno.test({
  name:
    "createIdentity and loadIdentity reject in a page of an insecure context, where createRoomKey works",
  ignore: address === undefined,
  async fn(t) {
    await using site = await startSite({}, address);
    for (const name of ["chrome", "firefox"] as const) {
      await t.step(name, async () => {
        await using started = await startBrowser(name);
        await using opened = await openPage(started.browser, site.url);
        const told = await opened.page.evaluate(async () => {
          const refusal = (promise: Promise<unknown>) =>
            promise.then(() => "made", (error) => `${error.name}: ${error}`);
          const key = webrtc.createRoomKey();
          const link = webrtc.roomLink(location.href, key);
          return {
            isSecureContext,
            create: await refusal(webrtc.createIdentity()),
            load: await refusal(webrtc.loadIdentity()),
            bytes: key.length,
            read: webrtc.roomKeyFromLink(link)?.join() === key.join(),
          };
        });
        const why =
          "there is no WebCrypto; a page has it only in a secure context (HTTPS, or localhost)";
        assertEquals(told, {
          isSecureContext: false,
          create:
            `NotSupportedError: NotSupportedError: Cannot create identity: ${why}`,
          load:
            `NotSupportedError: NotSupportedError: Cannot load identity: ${why}`,
          bytes: 32,
          read: true,
        });
      });
    }
  },
});
