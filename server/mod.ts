/**
 * The signaling server as a library.
 *
 * ```ts
 * import { serve } from "@x/webrtc/server";
 *
 * await using server = serve({ port: 0 });
 * ```
 *
 * | I want to change …                     | go to …                                   | its test                       |
 * | -------------------------------------- | ----------------------------------------- | ------------------------------ |
 * | which URL does what                    | `route.ts`, `server.ts`                   | `test/server/route_test.ts`, `server_test.ts` |
 * | who may join                           | `authorize.ts`, `jwt_authorizer.ts`, `origins.ts`, `refusal.ts` | `test/server/admission_test.ts` |
 * | who gets which seat                    | `lobby.ts`, `resumption.ts`, `resume_token.ts` | `test/server/takeover_test.ts`, `resumption_test.ts` |
 * | who is in a room and who hears what    | `room.ts`                                 | `test/server/room_test.ts`, `history_test.ts` |
 * | how several nodes are one server       | `cluster/cluster.ts`; who has a seat among them `cluster/seats.ts`, who is in a room `cluster/shared_rooms.ts`, what gets there in order `cluster/neighbour.ts` | `test/server/cluster/`, `test/cluster/` |
 * | how a membership outlives its socket   | `session.ts`, `mailbox.ts`                | `test/server/session_test.ts`, `mailbox_test.ts` |
 * | what one socket may do                 | `peer_socket.ts`, `rate_limit.ts`         | `test/server/hostile_test.ts`  |
 * | what is logged and counted             | `log_record.ts`, `log_writer.ts`, `tally.ts`, `status.ts` | `test/server/log_writer_test.ts`, `tally_test.ts` |
 * | where metrics and spans go             | `exposition.ts`, `open_telemetry.ts`      | `test/server/exposition_test.ts`, `open_telemetry_test.ts` |
 * | what carries frames between nodes      | `backplane/backplane.ts`, and `backplane/redis_backplane.ts` or another one like it | `test/server/backplane/backplane_conformance.ts`, `redis_backplane_test.ts` |
 * | where TURN credentials come from       | `turn_provider.ts`, and `coturn.ts` or another one like it | `test/server/turn_provider_conformance.ts`, `coturn_test.ts` |
 * | which addresses of STUN and TURN pass  | `ice_servers.ts`                          | `test/server/static_ice_servers_test.ts` |
 * | what happens when TURN fails           | `watched_provider.ts`, `ice_source.ts`, `stun_probe.ts` | `test/server/watched_provider_test.ts`, `ice_source_test.ts`, `stun_probe_test.ts` |
 * | who gets TURN credentials, and when they are renewed | `ice_lease.ts`, `rate_limits.ts` | `test/server/ice_lease_test.ts`, `live_turn_test.ts` |
 * | flags and environment of the program   | `main.ts`, `config.ts`, `environment.ts`, `turn_config.ts` | `test/server/main_test.ts`, `config_test.ts`, `turn_config_test.ts` |
 *
 * @module
 */
export { Server, Server as default, type ServerOptions } from "./server.ts";
export { serve, type ServeOptions, type Serving } from "./serve.ts";
export { runProgram } from "./program.ts";
export type { Asked, Authorize, Claims } from "./authorize.ts";
export { jwtAuthorizer, type JwtAuthorizerOptions } from "./jwt_authorizer.ts";
export { bearerToken } from "./offered.ts";
export { refusal } from "./refusal.ts";
export { defaultHeaders } from "./default_headers.ts";
export { publicStun } from "./public_stun.ts";
export {
  cloudflareTurn,
  type CloudflareTurnOptions,
} from "./cloudflare_turn.ts";
export { coturn, type CoturnOptions } from "./coturn.ts";
export { metered, type MeteredOptions } from "./metered.ts";
export { twilio, type TwilioOptions } from "./twilio.ts";
export {
  type StaticIceServer,
  staticIceServers,
} from "./static_ice_servers.ts";
export {
  type IceConfig,
  type IceProvider,
  type StunProvider,
  TurnError,
  type TurnProvider,
  type TurnRequest,
} from "./turn_provider.ts";
export type { Backplane, Link, LinkOptions } from "./backplane/backplane.ts";
export {
  type MemoryBackplane,
  memoryBackplane,
  type MemoryBackplaneOptions,
} from "./backplane/memory_backplane.ts";
export {
  natsBackplane,
  type NatsBackplaneOptions,
} from "./backplane/nats_backplane.ts";
export {
  redisBackplane,
  type RedisBackplaneOptions,
} from "./backplane/redis_backplane.ts";
export type { Log, LogRecord } from "./log_record.ts";
export { openTelemetry } from "./open_telemetry.ts";
export type { Telemetry } from "./telemetry.ts";
export type { Distribution, Metric, Sample } from "./metric.ts";
export type {
  IceServer,
  LeaveReason,
  Limits,
  RefusalCode,
} from "../protocol.ts";
