/** An address of this machine that is not its loopback: a page from there over plain HTTP is in no secure context (W3C Secure Contexts §3.1). */
export function ownAddress(): string | undefined {
  return Deno.networkInterfaces().find(({ family, address }) =>
    family === "IPv4" && !address.startsWith("127.")
  )?.address;
}
