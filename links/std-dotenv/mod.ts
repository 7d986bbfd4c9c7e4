/**
 * Stand-in for the part of `@std/dotenv` that this project uses.
 *
 * @module
 */
export { parse } from "./parse.ts";
