import { SignJWT } from "jose";

/** A JSON Web Token (RFC 7519) signed with a secret, good for a minute unless it says otherwise. */
export function sign(
  secret: string,
  claims: Record<string, unknown> = {},
): Promise<string> {
  const exp = Math.floor(Date.now() / 1000) + 60;
  return new SignJWT({ exp, ...claims })
    .setProtectedHeader({ alg: "HS256" })
    .sign(new TextEncoder().encode(secret));
}
