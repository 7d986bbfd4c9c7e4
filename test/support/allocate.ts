import { Buffer } from "node:buffer";
import { createHash, createHmac, randomBytes } from "node:crypto";

/** Numbers of RFC 8489 §18 and RFC 8656 §17, §18. */
const ALLOCATE = 0x0003;
const ALLOCATED = 0x0103;
const USERNAME = 0x0006;
const MESSAGE_INTEGRITY = 0x0008;
const ERROR_CODE = 0x0009;
const REALM = 0x0014;
const NONCE = 0x0015;
const REQUESTED_TRANSPORT = 0x0019;
const MAGIC_COOKIE = 0x2112a442;
const HEADER_BYTES = 20;
const INTEGRITY_BYTES = 20;
/** UDP, as a number of IPv4, and three reserved bytes. */
const UDP = Buffer.from([17, 0, 0, 0]);

/** A TURN server, and the credential to try there. */
export interface AllocateOptions {
  /** Port of TCP. */
  readonly port: number;
  /** Address. @default {"127.0.0.1"} */
  readonly hostname?: string;
  /** User name of the credential. */
  readonly username: string;
  /** Its password. */
  readonly credential: string;
}

/**
 * Asks a TURN server for a relayed address over TCP (RFC 8656 §7) with a
 * long-term credential (RFC 8489 §9.2). Resolves with the code of the error,
 * `undefined` if it was granted; what was granted goes with the connection.
 */
export async function allocate(
  { port, hostname = "127.0.0.1", username, credential }: AllocateOptions,
): Promise<number | undefined> {
  using connection = await Deno.connect({ port, hostname });
  const transport = attribute(REQUESTED_TRANSPORT, UDP);
  // The first answer is always 401: it tells realm and nonce.
  const challenge = await ask(connection, message([transport]));
  const [realm, nonce] = [challenge.get(REALM), challenge.get(NONCE)];
  if (!realm || !nonce) throw new Error("The server wants no credential");
  const key = createHash("md5")
    .update(`${username}:${realm}:${credential}`).digest();
  const unsigned = [
    transport,
    attribute(USERNAME, Buffer.from(username)),
    attribute(REALM, realm),
    attribute(NONCE, nonce),
  ];
  const answer = await ask(connection, signed(unsigned, key));
  return errorCode(answer);
}

type Answer = ReadonlyMap<number, Buffer>;

/** Attributes are padded to four bytes (RFC 8489 §14). */
function padded(bytes: number): number {
  return Math.ceil(bytes / 4) * 4;
}

function attribute(type: number, value: Buffer): Buffer {
  const bytes = Buffer.alloc(4 + padded(value.length));
  bytes.writeUInt16BE(type, 0);
  bytes.writeUInt16BE(value.length, 2);
  value.copy(bytes, 4);
  return bytes;
}

/** A message of these attributes, as if `more` bytes would follow. */
function message(attributes: readonly Buffer[], more = 0): Buffer {
  const body = Buffer.concat([...attributes]);
  const header = Buffer.alloc(HEADER_BYTES);
  header.writeUInt16BE(ALLOCATE, 0);
  header.writeUInt16BE(body.length + more, 2);
  header.writeUInt32BE(MAGIC_COOKIE, 4);
  randomBytes(12).copy(header, 8);
  return Buffer.concat([header, body]);
}

/** The HMAC covers the length with itself in it (RFC 8489 §14.5). */
function signed(attributes: readonly Buffer[], key: Buffer): Buffer {
  const unsigned = message(attributes, 4 + INTEGRITY_BYTES);
  const mac = createHmac("sha1", key).update(unsigned).digest();
  return Buffer.concat([unsigned, attribute(MESSAGE_INTEGRITY, mac)]);
}

async function ask(connection: Deno.Conn, request: Buffer): Promise<Answer> {
  const writer = connection.writable.getWriter();
  await writer.write(new Uint8Array(request));
  writer.releaseLock();
  const header = await read(connection, HEADER_BYTES);
  const body = await read(connection, header.readUInt16BE(2));
  const attributes = new Map<number, Buffer>();
  for (let at = 0; at < body.length;) {
    const length = body.readUInt16BE(at + 2);
    const value = body.subarray(at + 4, at + 4 + length);
    attributes.set(body.readUInt16BE(at), value);
    at += 4 + padded(length);
  }
  const granted = header.readUInt16BE(0) === ALLOCATED;
  if (granted === attributes.has(ERROR_CODE)) {
    throw new Error("The server answered neither with an error nor without");
  }
  return attributes;
}

async function read(connection: Deno.Conn, bytes: number): Promise<Buffer> {
  const buffer = Buffer.alloc(bytes);
  for (let at = 0; at < bytes;) {
    const count = await connection.read(buffer.subarray(at));
    if (count === null) throw new Error("The server closed the connection");
    at += count;
  }
  return buffer;
}

/** RFC 8489 §14.8: the class, then the number. */
function errorCode(answer: Answer): number | undefined {
  const value = answer.get(ERROR_CODE);
  return value && value.readUInt8(2) * 100 + value.readUInt8(3);
}
