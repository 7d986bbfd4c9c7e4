/** Cloudflare's documented answer of `generate-ice-servers`. */
export function cloudflareAnswer(username = "user"): Response {
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
        username,
        credential: "password",
      },
    ],
  }, { status: 201 });
}

/** Cloudflare's documented answer of the older `generate`. */
export function olderCloudflareAnswer(): Response {
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

/** Twilio's documented answer of `Tokens.json`, for a token that lives for `ttl` seconds. */
export function twilioAnswer(ttl: string): Response {
  const credentials = { username: "dc2d2894d5a9", credential: "tE2DajzSJwns" };
  const turn = (url: string) => ({ url, urls: url, ...credentials });
  const stun = "stun:global.stun.twilio.com:3478";
  return Response.json({
    account_sid: `AC${"a".repeat(32)}`,
    date_created: "Fri, 01 May 2020 01:42:57 +0000",
    date_updated: "Fri, 01 May 2020 01:42:57 +0000",
    ice_servers: [
      { url: stun, urls: stun },
      turn("turn:global.turn.twilio.com:3478?transport=udp"),
      turn("turn:global.turn.twilio.com:3478?transport=tcp"),
      turn("turn:global.turn.twilio.com:443?transport=tcp"),
    ],
    password: credentials.credential,
    ttl,
    username: credentials.username,
  }, { status: 201 });
}

/** Metered's documented answer of `turn/credentials`. */
export function meteredAnswer(): Response {
  const credentials = { username: "user", credential: "password" };
  return Response.json([
    { urls: "stun:stun.relay.metered.ca:80" },
    { urls: "turn:standard.relay.metered.ca:80", ...credentials },
    { urls: "turn:standard.relay.metered.ca:80?transport=tcp", ...credentials },
    { urls: "turn:standard.relay.metered.ca:443", ...credentials },
    {
      urls: "turns:standard.relay.metered.ca:443?transport=tcp",
      ...credentials,
    },
  ]);
}
