/** What a fake of an HTTP API was asked. */
export interface ApiRequest {
  readonly method: string;
  /** With the query. */
  readonly path: string;
  readonly authorization: string | null;
  readonly contentType: string | null;
  readonly body: string;
}

/** A fake of the HTTP API of a vendor, on this machine. */
export interface FakeApi extends AsyncDisposable {
  /** Use it as `apiUrl`. */
  readonly url: string;
  /** All requests so far. */
  readonly asked: readonly ApiRequest[];
}

/** Starts a fake of an HTTP API that can only be had with an account; `answer` plays its part. */
export function startFakeApi(
  answer: (request: ApiRequest) => Response | Promise<Response>,
): FakeApi {
  const asked: ApiRequest[] = [];
  const end = new AbortController();
  const server = Deno.serve(
    { port: 0, hostname: "127.0.0.1", signal: end.signal, onListen() {} },
    async (request) => {
      const { pathname, search } = new URL(request.url);
      const { method, headers } = request;
      const ask: ApiRequest = {
        method,
        path: pathname + search,
        authorization: headers.get("authorization"),
        contentType: headers.get("content-type"),
        body: await request.text(),
      };
      asked.push(ask);
      return answer(ask);
    },
  );
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    asked,
    async [Symbol.asyncDispose]() {
      // Not shutdown: what was never answered would hold it.
      end.abort();
      await server.finished;
    },
  };
}
