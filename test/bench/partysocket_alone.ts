/** The part of the client that is not ours. */
export { PartySocket } from "partysocket";
