import { assertEquals } from "@std/assert";
import { natsServers } from "../../../server/backplane/nats_servers.ts";

const GOOD = [
  ["nats://a.example", { servers: ["a.example"] }],
  ["nats://[::1]:4223", { servers: ["[::1]:4223"] }],
  ["nats://u:p@a:1, nats://b:2", {
    servers: ["a:1", "b:2"],
    user: "u",
    pass: "p",
  }],
  ["nats://a,nats://t0ken@b", { servers: ["a", "b"], token: "t0ken" }],
  ["tls://u%40x:p%3A%2F@a.example:4222", {
    servers: ["a.example:4222"],
    user: "u@x",
    pass: "p:/",
    tls: {},
  }],
] as const;

for (const [url, expected] of GOOD) {
  Deno.test(`natsServers reads ${url}`, () => {
    assertEquals<unknown>(natsServers(url), expected);
  });
}

for (
  const url of [
    "",
    "a.example",
    "http://a",
    "nats://",
    "nats://a,",
    "nats://%FF@a",
  ]
) {
  Deno.test(`natsServers reads nothing from "${url}"`, () => {
    assertEquals(natsServers(url), undefined);
  });
}
