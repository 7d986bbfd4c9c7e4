import { fromBase64url } from "../../client/trust/base64url.ts";

/** Something that a recording may show. */
interface Sought {
  readonly what: string;
  readonly pattern: RegExp;
  /** Too short to be looked for in random bytes, where it would turn up now and then. */
  readonly short?: boolean;
}

/** Addresses, but those of the link alone, by which other machines reach this one. */
export const OWN_ADDRESSES: readonly string[] = Deno.networkInterfaces()
  .map(({ address }) => address)
  .filter((address) => !/^(127\.|::1|fe80)/.test(address));

const SOUGHT: readonly Sought[] = [
  { what: "an IPv4 address", pattern: /\b\d{1,3}(\.\d{1,3}){3}\b/ },
  {
    what: "an IPv6 address",
    // Not a fingerprint, which is longer.
    pattern:
      /(?<![\da-f:])[\da-f]{1,4}:[\da-f]{0,4}:[\da-f:]{1,30}(?![\da-f:])/i,
    short: true,
  },
  ...OWN_ADDRESSES.map((address) => ({
    what: "an address of this machine",
    pattern: new RegExp(address.replaceAll(".", "\\.")),
  })),
  { what: "an mDNS name", pattern: /[\da-f]{12}\.local/i },
  { what: "a fingerprint", pattern: /([\da-f]{2}:){6}|sha-256/i },
  { what: "a name", pattern: /Lovelace/ },
  { what: "a presence", pattern: /countess|"title"/ },
  {
    what: "SDP",
    pattern: /candidate|ufrag|a=|v=0|IN IP/,
    short: true,
  },
  {
    what: "SDP",
    pattern: /candidate:|ice-ufrag|usernameFragment|a=mid|v=0\\?\r|setup:act/,
  },
];

/** Kinds of things that somebody can find in frames: in their text, and in whatever of it can be decoded from base64url. */
export function findIn(frames: readonly string[]): string[] {
  const found = new Set<string>();
  for (const frame of frames) {
    for (const { what, pattern } of SOUGHT) {
      if (pattern.test(frame)) found.add(what);
    }
    for (const bytes of decodedIn(frame)) {
      // Every byte is one character.
      const text = new TextDecoder("latin1").decode(bytes);
      for (const { what, pattern, short } of SOUGHT) {
        if (!short && pattern.test(text)) found.add(what);
      }
    }
  }
  return [...found].sort();
}

/** What every piece of a text decodes to that may be base64url. */
function decodedIn(text: string): Uint8Array[] {
  return (text.match(/[\w-]{16,}/g) ?? []).flatMap((piece) => {
    // The last bits may be to spare.
    const bytes = [0, 1].map((cut) =>
      fromBase64url(piece.slice(0, piece.length - cut))
    );
    return bytes.filter((each) => each !== undefined);
  });
}
