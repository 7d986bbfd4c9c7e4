/**
 * A relay of Nostr (NIP-01), by which trystero finds peers unless it is told
 * otherwise: subscriptions by the tag `x`, and events that nobody keeps.
 *
 * @module
 */
interface Filter {
  readonly "#x"?: readonly string[];
}

interface Event {
  readonly id: string;
  readonly tags: readonly (readonly string[])[];
}

const subscriptions = new Map<WebSocket, Map<string, readonly string[]>>();

function receive(socket: WebSocket, text: string): void {
  const mine = subscriptions.get(socket);
  const [type, ...rest] = JSON.parse(text);
  if (type === "REQ") {
    const [id, ...filters]: [string, ...Filter[]] = rest as never;
    mine?.set(id, filters.flatMap((filter) => filter["#x"] ?? []));
    socket.send(JSON.stringify(["EOSE", id]));
  }
  if (type === "CLOSE") mine?.delete(rest[0]);
  if (type === "EVENT") {
    const [event]: [Event] = rest as never;
    socket.send(JSON.stringify(["OK", event.id, true, ""]));
    publish(event);
  }
}

function publish(event: Event): void {
  const topics = event.tags.filter(([tag]) => tag === "x");
  for (const [socket, wanted] of subscriptions) {
    for (const [id, names] of wanted) {
      if (socket.readyState !== WebSocket.OPEN) continue;
      if (topics.some(([, topic = ""]) => names.includes(topic))) {
        socket.send(JSON.stringify(["EVENT", id, event]));
      }
    }
  }
}

const [hostname = "", port] = Deno.args;
Deno.serve({
  hostname,
  port: Number(port),
  onListen: () => console.log("ready"),
}, (request) => {
  const { socket, response } = Deno.upgradeWebSocket(request);
  socket.onopen = () => subscriptions.set(socket, new Map());
  socket.onmessage = ({ data }) => receive(socket, data);
  socket.onclose = () => subscriptions.delete(socket);
  return response;
});
for await (const _ of Deno.stdin.readable);
Deno.exit();
