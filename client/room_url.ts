/** Address of a room, as PartySocket has it: below the server's, without the id of a peer. */
export function roomUrl(address: string, party: string, room: string): string {
  return `${address}/parties/${
    [party, room].map(encodeURIComponent).join("/")
  }`;
}
