import type { Within } from "./namespace.ts";

/** A port of this machine that leads to the same one of another network. */
export interface PortInto extends AsyncDisposable {
  /** Its number, on the loopbacks of both. */
  readonly port: number;
}

/**
 * Opens a port on the loopback of this machine that leads to the loopback of a
 * network, with no link between them that anybody there could see: bytes pass
 * through the pipes of a process.
 */
export async function openPortInto(network: Within): Promise<PortInto> {
  const deno = await network.wrap(Deno.execPath());
  const listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  const { port } = listener.addr as Deno.NetAddr;
  const passing = new Set<Promise<unknown>>();

  async function pass(connection: Deno.Conn): Promise<void> {
    const program = new URL("pipe_program.ts", import.meta.url).pathname;
    const process = new Deno.Command(deno, {
      args: ["run", "--quiet", "--no-check", "--allow-net", program, `${port}`],
      // It must ask nobody outside for anything.
      env: { DENO_NO_UPDATE_CHECK: "1" },
      stdin: "piped",
      stdout: "piped",
    }).spawn();
    // Either side may be the first to hang up, in whatever way.
    await Promise.allSettled([
      connection.readable.pipeTo(process.stdin),
      process.stdout.pipeTo(connection.writable),
      process.status,
    ]);
  }

  async function accept(): Promise<void> {
    for await (const connection of listener) passing.add(pass(connection));
  }

  const accepting = accept();
  return {
    port,
    async [Symbol.asyncDispose]() {
      listener.close();
      await accepting;
      await Promise.all(passing);
    },
  };
}
