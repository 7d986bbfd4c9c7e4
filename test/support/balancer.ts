/** Where a balancer sends connections to. */
export interface Target {
  /** Address at which it listens. */
  readonly hostname: string;
  /** Its TCP port. */
  readonly port: number;
}

/**
 * Spreads connections over nodes, byte by byte, as a load balancer before a
 * cluster does: each goes to the next node that takes it. Gone at the end of
 * its block, with all connections through it.
 */
export interface Balancer extends AsyncDisposable {
  /**
   * Opens another door to all nodes: the first connection through it goes to
   * that one if it lives, and every further one to the next.
   *
   * @returns What `connect` takes as `host`.
   */
  door(first: number): string;
  /** From now on a node gets no new connection, or gets some again. */
  skip(index: number, skipped?: boolean): void;
  /** Cuts all connections to a node, on both sides. */
  cut(index: number): void;
  /** How many connections to a node there are. */
  count(index: number): number;
}

/** Starts a balancer before some nodes, with its doors at an address of this machine. */
export function startBalancer(
  targets: readonly Target[],
  hostname = "127.0.0.1",
): Balancer {
  const listeners: Deno.Listener[] = [];
  const passing = new Set<Promise<void>>();
  const open = targets.map(() => new Set<readonly Deno.TcpConn[]>());
  const skipped = new Set<number>();

  /** Connects with the first node from `next` on that lives. */
  async function reach(
    next: number,
  ): Promise<{ index: number; inner: Deno.TcpConn } | undefined> {
    for (let step = 0; step < targets.length; step++) {
      const index = (next + step) % targets.length;
      const target = targets[index];
      if (!target || skipped.has(index)) continue;
      try {
        return { index, inner: await Deno.connect({ ...target }) };
      } catch {
        // It does not listen.
      }
    }
  }

  async function pass(outer: Deno.TcpConn, next: number): Promise<void> {
    const reached = await reach(next);
    if (!reached) return close(outer);
    const { index, inner } = reached;
    inner.setNoDelay(true);
    outer.setNoDelay(true);
    const pair = [outer, inner];
    open[index]?.add(pair);
    await Promise.all([carry(outer, inner), carry(inner, outer)]);
    open[index]?.delete(pair);
    for (const end of pair) close(end);
  }

  async function accept(
    listener: Deno.TcpListener,
    first: number,
  ): Promise<void> {
    let next = first;
    for await (const outer of listener) {
      const passed = pass(outer, next++).finally(() => passing.delete(passed));
      passing.add(passed);
    }
  }

  const accepting: Promise<void>[] = [];

  function cut(index: number): void {
    for (const pair of open[index] ?? []) for (const end of pair) close(end);
  }

  return {
    door(first) {
      const listener = Deno.listen({ hostname, port: 0 });
      listeners.push(listener);
      accepting.push(accept(listener, first));
      return `http://${hostname}:${listener.addr.port}`;
    },
    skip(index, skip = true) {
      if (skip) skipped.add(index);
      else skipped.delete(index);
    },
    cut,
    count: (index) => open[index]?.size ?? 0,
    async [Symbol.asyncDispose]() {
      for (const listener of listeners) listener.close();
      await Promise.all(accepting);
      for (const index of targets.keys()) cut(index);
      await Promise.all(passing);
    },
  };
}

/** Carries bytes until either side ends; then the other is told in the same way. */
async function carry(from: Deno.TcpConn, to: Deno.TcpConn): Promise<void> {
  const buffer = new Uint8Array(16 * 1024);
  try {
    for (;;) {
      const read = await from.read(buffer);
      if (read === null) return await to.closeWrite();
      for (let at = 0; at < read;) {
        at += await to.write(buffer.subarray(at, read));
      }
    }
  } catch {
    // Whoever was reset leaves nothing to wait for.
    close(from);
    close(to);
  }
}

function close(end: Deno.TcpConn): void {
  try {
    end.close();
  } catch {
    // It was closed before.
  }
}
