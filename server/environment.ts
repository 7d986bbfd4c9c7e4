/** The environment variables that the program reads. */
export const ENVIRONMENT = [
  "PORT",
  "HOST",
  "ICE_SERVERS",
  "TURN_URLS",
  "TURN_SECRET",
  "CF_TURN_TOKEN_ID",
  "CF_TURN_APP_ID",
  "CF_TURN_API_TOKEN",
  "TWILIO_ACCOUNT_SID",
  "TWILIO_AUTH_TOKEN",
  "METERED_APP",
  "METERED_API_KEY",
  "TURN_TTL",
  "SESSION_SECRET",
  "REDIS_URL",
  "NATS_URL",
  "BACKPLANE_PREFIX",
  "AUTH_SECRET",
  "AUTH_JWKS_URL",
  "AUTH_AUDIENCE",
  "AUTH_ISSUER",
  "ALLOWED_ORIGINS",
  "TRUST_PROXY",
  "LIMITS",
  "LOG_LEVEL",
] as const;

/** Name of an environment variable that the program reads. */
export type Variable = typeof ENVIRONMENT[number];

/** Tells what a variable is set to. */
export type Environment = (name: Variable) => string | undefined;

/** The same environment, where a variable that is set to nothing counts as not set, and spaces around a value as none. */
export function trimmed(env: Environment): Environment {
  return (name) => {
    const value = env(name)?.trim();
    return value === "" ? undefined : value;
  };
}
