/**
 * The client: joins a room and talks to everybody in it, peer to peer. Runs in
 * a browser, and anywhere with an `RTCPeerConnection` to inject.
 *
 * | I want to change …                      | go to …                              | its test                      |
 * | --------------------------------------- | ------------------------------------ | ----------------------------- |
 * | the options of `connect`                | `options.ts`, `address.ts`           | `test/client/connect_test.ts`, `address_test.ts` |
 * | how joining succeeds or fails           | `connect.ts`, `why_down.ts`, `ask_room.ts` | `test/client/connect_test.ts` |
 * | the public API and its events           | `connection.ts`, `events.ts`         | `test/browser/connection_test.ts` |
 * | which pairs there are, and who hears of them | `mesh.ts`                       | `test/browser/connection_test.ts` |
 * | when a pair is repaired or made anew    | `pair.ts`, `pair_state.ts`           | `test/client/pair_test.ts`, `pair_repair_test.ts`, `pair_state_test.ts` |
 * | why a pair is not connected             | `pair_reason.ts`                     | `test/client/pair_reason_test.ts` |
 * | one RTCPeerConnection: channels, route  | `link.ts`, `path.ts`                 | `test/client/path_test.ts`, `test/browser/connection_test.ts` |
 * | offers, answers, candidates             | `negotiation.ts`, `pair_signal.ts`   | `test/browser/glare_test.ts`, `lost_offer_test.ts` |
 * | frames, lanes, and what is replayed     | `data/lane.ts`, `data/lane_frame.ts` | `test/client/data/lane_test.ts`, `lane_history_test.ts` |
 * | messages, and all that a pair says      | `data/exchange.ts`, `data/data_plane.ts`, `data/message_stream.ts` | `test/client/data/data_plane_test.ts`, `exchange_test.ts`, `test/data/` |
 * | files and streams                       | `data/transfers.ts`, `data/incoming_file.ts`, `data/outgoing_file.ts` | `test/client/data/transfers_test.ts`, `test/data/` |
 * | requests                                | `data/requests.ts`                   | `test/client/data/requests_test.ts` |
 * | channels by name                        | `data/channels.ts`, `data/channel.ts` | `test/client/data/channels_test.ts`, `test/browser/channel_test.ts` |
 * | what protects a room: keys, identities  | `trust/guard.ts`, `trust/peer_sessions.ts`, `trust/guarded_signaling.ts`, `trust/room_secret.ts`, `trust/identity.ts`, `identities.ts` | `test/client/trust/`, `test/hostile_server/` |
 * | what a protected signal looks like      | `trust/sealed_frame.ts`              | `test/client/trust/sealed_frame_test.ts` |
 * | the numbers and emoji that people compare | `trust/safety_number.ts`, `trust/safety_emoji.ts` | `test/client/trust/safety_number_test.ts`, `safety_emoji_test.ts` |
 * | who is in the room                      | `presence.ts`                        | `test/client/presence_test.ts` |
 * | the socket, its pace and its retries    | `signaling.ts`, `outbox.ts`, `backoff.ts`, `heartbeat.ts` | `test/client/signaling_test.ts`, `outbox_test.ts`, `backoff_test.ts`, `heartbeat_test.ts` |
 * | why a page does not connect, `@x/webrtc/diagnose` | `diagnose/`                    | `test/client/diagnose/`, `test/browser/diagnose_test.ts` |
 *
 * @module
 */
export { connect } from "./connect.ts";
export { ConvergeError, type MissingPeer } from "./converge_error.ts";
export { ConnectError, type ConnectErrorReason } from "./connect_error.ts";
export {
  Connection,
  type ConnectToPeerOptions,
  type ConvergedOptions,
  type MessagesOptions,
  type Peer,
  type RequestOptions,
  type SafetyEmojiOptions,
  type SendFileOptions,
  type SendOptions,
} from "./connection.ts";
export {
  Channel,
  type ChannelEvents,
  type ChannelMismatch,
  type ChannelSendOptions,
} from "./data/channel.ts";
export type {
  ChannelOptions,
  ChannelPriority,
  ChannelSettings,
} from "./data/channel_options.ts";
export { RequestError, type RequestErrorCode } from "./data/request_error.ts";
export { type AcceptOptions, ReceivedFile } from "./data/received_file.ts";
export {
  TransferError,
  type TransferErrorCode,
} from "./data/transfer_error.ts";
export type { TransferProgress } from "./data/transfer_progress.ts";
export { SendError } from "./data/send_error.ts";
export type { Sendable } from "./data/payload.ts";
export type { Request, RequestHandler } from "./data/requests.ts";
export type {
  AwayChange,
  ConnectionEvents,
  ConnectionState,
  Message,
  PeerStateChange,
  PeerTrack,
  PresenceChange,
  StateChange,
  Undelivered,
  Untrusted,
} from "./events.ts";
export type {
  MessageOf,
  PresenceOf,
  RoomTypes,
  SendableAs,
} from "./room_types.ts";
export type { ConnectOptions } from "./options.ts";
export type { NoPathReason, PairReason, TrustReason } from "./pair_reason.ts";
export type { PairState } from "./pair_state.ts";
export type { Path } from "./path.ts";
export type { RoomSocket, RoomSocketOptions } from "./room_socket.ts";
export type { SafetyEmoji } from "./trust/emoji.ts";
export { createIdentity, loadIdentity } from "./identities.ts";
export type {
  CryptoOptions,
  Identity,
  PeerIdentity,
} from "./trust/identity.ts";
export type { LoadIdentityOptions } from "./trust/load_identity.ts";
export { createRoomKey, roomKeyFromLink, roomLink } from "./trust/room_link.ts";
export type { UntrustedCode } from "./untrusted.ts";
export type { RefusalCode } from "../protocol.ts";
