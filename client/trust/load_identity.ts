import {
  createIdentity,
  type CryptoOptions,
  type Identity,
  identityId,
  isIdentity,
  sign,
  verify,
} from "./identity.ts";
import { requireCrypto } from "./require_crypto.ts";

/** Settings of {@linkcode loadIdentity}. */
export interface LoadIdentityOptions extends CryptoOptions {
  /** Which of the identities of this origin. @default {"default"} */
  readonly name?: string;
}

const DATABASE = "webrtc";
const STORE = "identities";

/** {@linkcode loadIdentity} of `identities.ts`. */
export async function loadIdentity(
  options: LoadIdentityOptions = {},
): Promise<Identity> {
  const { name = "default" } = options;
  if (typeof name !== "string" || name === "") {
    throw new TypeError(
      'Cannot load identity: "name" must be a string that is not empty',
    );
  }
  const crypto = requireCrypto(options.crypto, "load identity");
  // Undefined outside of browsers, whatever its type says.
  const factory: IDBFactory | undefined = globalThis.indexedDB;
  if (!factory) {
    throw new DOMException(
      "Cannot load identity: there is no IndexedDB to keep it in; createIdentity() makes one for this visit",
      "NotSupportedError",
    );
  }
  const database = await open(factory);
  try {
    const kept = await find(database, name) ??
      await keep(database, name, await createIdentity({ crypto }));
    if (isIdentity(kept) && await isWhole(crypto.subtle, kept)) return kept;
  } finally {
    database.close();
  }
  throw new DOMException(
    `Cannot load identity: what IndexedDB keeps as "${name}" in "${STORE}" of "${DATABASE}" is no identity`,
    "DataError",
  );
}

function open(factory: IDBFactory): Promise<IDBDatabase> {
  const request = factory.open(DATABASE, 1);
  request.onupgradeneeded = () => request.result.createObjectStore(STORE);
  return resultOf(request);
}

function find(database: IDBDatabase, name: string): Promise<unknown> {
  return resultOf(database.transaction(STORE).objectStore(STORE).get(name));
}

/** Keeps an identity, unless another page was faster; resolves with what is kept then. */
function keep(
  database: IDBDatabase,
  name: string,
  identity: Identity,
): Promise<unknown> {
  const transaction = database.transaction(STORE, "readwrite");
  const store = transaction.objectStore(STORE);
  const adding = store.add(identity, name);
  adding.onerror = (event) => {
    // There is one already. Any other error ends the transaction.
    if (adding.error?.name === "ConstraintError") event.preventDefault();
  };
  const kept = store.get(name);
  return new Promise((resolve, reject) => {
    // Only now it is sure to be there tomorrow.
    transaction.oncomplete = () => resolve(kept.result);
    transaction.onabort = () => reject(transaction.error);
  });
}

/** Whether the parts of an identity belong together. */
async function isWhole(
  subtle: SubtleCrypto,
  kept: Identity,
): Promise<boolean> {
  if (kept.id !== await identityId(subtle, kept)) return false;
  const bytes = new Uint8Array(1);
  return await verify(subtle, kept, await sign(subtle, kept, bytes), bytes);
}

function resultOf<Result>(request: IDBRequest<Result>): Promise<Result> {
  return new Promise((resolve, reject) => {
    request.onsuccess = () => resolve(request.result);
    request.onerror = () => reject(request.error);
  });
}
