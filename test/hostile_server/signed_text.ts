import { fromBase64url, toBase64url } from "../../client/trust/base64url.ts";
import { joinBytes, utf8 } from "../../client/trust/bytes.ts";
import {
  HEAD_BYTES,
  SIGNATURE_BYTES,
} from "../../client/trust/sealed_frame.ts";
import type { Text } from "./attacks/alter_text.ts";

const PREFIX = "signed.";
const TEXT_AT = HEAD_BYTES + SIGNATURE_BYTES;

/** What is signed and not sealed: the server reads it, and can put other text below an old signature. */
export const SIGNED_TEXT: Text = {
  read(data) {
    const bytes = bytesOf(data);
    return bytes && new TextDecoder().decode(bytes.subarray(TEXT_AT));
  },
  replace(data, text) {
    const bytes = bytesOf(data) ?? new Uint8Array();
    const altered = joinBytes(bytes.subarray(0, TEXT_AT), utf8(text));
    return PREFIX + toBase64url(altered);
  },
};

function bytesOf(data: string): Uint8Array<ArrayBuffer> | undefined {
  if (data.startsWith(PREFIX)) return fromBase64url(data.slice(PREFIX.length));
}
