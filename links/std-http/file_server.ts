/**
 * Static files: stand-in for the part of `@std/http/file-server` that this project uses.
 *
 * @module
 */
export { serveDir, type ServeDirOptions } from "./serve_dir.ts";
