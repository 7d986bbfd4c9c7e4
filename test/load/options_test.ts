import { assertEquals, assertStringIncludes } from "@std/assert";
import { type Asked, readLoadOptions } from "./options.ts";

function problems(args: string): readonly string[] {
  const asked: Asked = readLoadOptions(args.split(" "));
  return asked.run === "nothing" ? asked.problems : [];
}

Deno.test("readLoadOptions has usual options", () => {
  assertEquals(readLoadOptions([]), {
    run: "load",
    options: {
      urls: [],
      nodes: 1,
      engine: undefined,
      rooms: 10,
      peers: 4,
      seconds: 10,
      joinsPerSecond: 100,
      signalsPerSecond: 1000,
      bytes: 1200,
      processes: 1,
      json: false,
    },
  });
});

for (
  const [args, problem] of [
    [
      "--rooms 10001",
      '--rooms must be an integer from 1 to 10000, got "10001"',
    ],
    ["--peers 1.5", '--peers must be an integer from 1 to 256, got "1.5"'],
    ["--seconds 0", '--seconds must be an integer from 1 to 3600, got "0"'],
    ["--joins-per-second 0", "--joins-per-second must be a number from 0.1"],
    ["--signals-per-second NaN", "--signals-per-second must be a number from"],
    ["--bytes 1e3", '--bytes must be an integer from 64 to 32000, got "1e3"'],
    ["--processes 17", "--processes must be an integer from 1 to 16"],
    ["--rooms 10000 --peers 2", "are 20000 peers; there may be 16000"],
    ["--rooms 1 --peers 2 --signals-per-second 500", "2 peers may say 400"],
    ["--peers 1", "one alone has nobody to signal"],
    ["--rooms 2 --processes 3", "there are fewer rooms"],
    ["--nodes 9", '--nodes must be an integer from 1 to 8, got "9"'],
    ["--nodes 2", "for several there must be --engine, REDIS_URL or NATS_URL"],
    ["--engine kafka", '--engine must be redis or nats, got "kafka"'],
    ["--engine nats --url http://localhost", "with --url they are there"],
    ["--nodes 2 --url http://localhost", "with --url they are there"],
    [
      "--url example.com",
      '--url must be a URL of http or ws, got "example.com"',
    ],
    ["--url ftp://localhost", "--url must be a URL of http or ws"],
    ["--url http://localhost.example.com", "is another machine"],
    ["--url http://127.0.0.1.example.com", "is another machine"],
    ["--url http://notlocalhost", "is another machine"],
    ["--url http://192.168.0.1", "192.168.0.1 is another machine"],
    ["--room 3", "Unknown option '--room'"],
    ["--rooms", "--rooms"],
    ["10", "10"],
  ]
) {
  Deno.test(`readLoadOptions refuses ${args}`, () => {
    const [first = "", ...rest] = problems(args ?? "");
    assertStringIncludes(first, problem ?? "");
    assertEquals(rest, []);
  });
}

for (
  const args of [
    "--url http://localhost:8000 --url ws://127.0.0.1:1 --url http://[::1]:2",
    "--url https://example.com --allow-remote",
    "--nodes 2 --engine redis",
    "--nodes 8 --engine nats",
    "--peers 1 --signals-per-second 0",
    "--joins-per-second 16.7",
  ]
) {
  Deno.test(`readLoadOptions takes ${args}`, () => {
    assertEquals(problems(args), []);
  });
}

Deno.test("readLoadOptions takes several nodes when the environment says where an engine is", () => {
  assertEquals(readLoadOptions(["--nodes", "2"], true).run, "load");
});
