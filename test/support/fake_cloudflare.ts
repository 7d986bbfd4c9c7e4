/** What a fake of Cloudflare's API was asked. */
export interface Asked {
  readonly method: string;
  readonly path: string;
  readonly authorization: string | null;
  readonly body: unknown;
}

/** A fake of Cloudflare's TURN API, on this machine. */
export interface FakeCloudflare extends AsyncDisposable {
  /** Use it as `apiUrl`. */
  readonly url: string;
  /** All requests so far. */
  readonly asked: readonly Asked[];
}

/** Starts a fake of Cloudflare's TURN API, which can only be had with an account; `answer` plays its part. */
export function startFakeCloudflare(
  answer: (path: string) => Response | Promise<Response>,
): FakeCloudflare {
  const asked: Asked[] = [];
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", onListen() {} },
    async (request) => {
      const path = new URL(request.url).pathname;
      const { method, headers } = request;
      const text = await request.text();
      asked.push({
        method,
        path,
        authorization: headers.get("authorization"),
        body: text === "" ? undefined : JSON.parse(text),
      });
      return answer(path);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    [Symbol.asyncDispose]: () => server.shutdown(),
  };
}

/** The documented answer of `generate-ice-servers`. */
export function iceServersAnswer(): Response {
  return Response.json({
    iceServers: [
      {
        urls: ["stun:stun.cloudflare.com:3478", "stun:stun.cloudflare.com:53"],
      },
      {
        urls: [
          "turn:turn.cloudflare.com:3478?transport=udp",
          "turn:turn.cloudflare.com:53?transport=udp",
          "turn:turn.cloudflare.com:3478?transport=tcp",
          "turn:turn.cloudflare.com:80?transport=tcp",
          "turns:turn.cloudflare.com:5349?transport=tcp",
          "turns:turn.cloudflare.com:443?transport=tcp",
        ],
        username: "user",
        credential: "password",
      },
    ],
  }, { status: 201 });
}

/** The documented answer of the older `generate`. */
export function generateAnswer(): Response {
  return Response.json({
    iceServers: {
      urls: [
        "stun:stun.cloudflare.com:3478",
        "turn:turn.cloudflare.com:3478?transport=udp",
        "turns:turn.cloudflare.com:5349?transport=tcp",
      ],
      username: "user",
      credential: "password",
    },
  }, { status: 201 });
}
