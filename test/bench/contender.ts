/** What a page can do, written with our client (`our_contender.ts`) and by hand (`hand_written.ts`). */
export interface Contender {
  /**
   * Waits in a room for two and greets who comes. Resolves when it is in the room.
   *
   * @param iceServers For the one that does not get them from its relay.
   */
  wait(
    relay: string,
    room: string,
    iceServers?: RTCIceServer[],
  ): Promise<void>;
  /** Goes where somebody waits. Resolves when the greeting has arrived. */
  visit(
    relay: string,
    room: string,
    iceServers?: RTCIceServer[],
  ): Promise<void>;
  /**
   * Joins a room and greets everybody. Resolves when `others` peers have greeted.
   *
   * @param id Two characters.
   */
  meet(relay: string, room: string, id: string, others: number): Promise<void>;
}

declare global {
  /** The contender of this page. */
  var contender: Contender;
}
