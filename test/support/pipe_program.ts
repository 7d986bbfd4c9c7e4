/**
 * Ties its standard input and output to a port of the network in which it runs.
 *
 * @module
 */
const [port] = Deno.args;
await using connection = await Deno.connect({ port: Number(port) });
await Promise.race([
  Deno.stdin.readable.pipeTo(connection.writable, { preventClose: true }),
  connection.readable.pipeTo(Deno.stdout.writable),
]);
Deno.exit();
