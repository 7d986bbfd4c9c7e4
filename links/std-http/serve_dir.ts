import { isAbsolute, join, posix, relative, sep } from "node:path";
import { serveFile } from "./serve_file.ts";
import { serveListing } from "./serve_listing.ts";
import { standardResponse } from "./standard_response.ts";
import { STATUS_CODE } from "./status_code.ts";

/** Options of {@linkcode serveDir}. */
export interface ServeDirOptions {
  /**
   * The directory whose files are served.
   *
   * @default {"."}
   */
  fsRoot?: string;
  /** The part of the URL's path, without its first slash, that stands for `fsRoot`. Other paths are not found. */
  urlRoot?: string;
  /**
   * Whether a directory without an index is answered with a list of what is in it.
   *
   * @default {false}
   */
  showDirListing?: boolean;
  /**
   * Whether files and directories that begin with a dot are served.
   *
   * @default {false}
   */
  showDotfiles?: boolean;
  /**
   * Whether a directory is answered with its `index.html`.
   *
   * @default {true}
   */
  showIndex?: boolean;
  /**
   * Whether pages of other origins may read the answers.
   *
   * @default {false}
   */
  enableCors?: boolean;
  /**
   * Whether requests and errors are not logged.
   *
   * @default {false}
   */
  quiet?: boolean;
  /** Headers to add to every answer but a redirect, each as `name: value`. */
  headers?: string[];
}

/**
 * Answers a request with a file of a directory.
 *
 * Knows `GET` and `HEAD`, entity tags and `If-Modified-Since`, and single ranges. A directory's path ends in a slash and
 * a file's does not: the other form is redirected, as is a path that is not normal. Whatever happens, the promise
 * resolves.
 *
 * @example Usage
 * ```ts ignore
 * import { serveDir } from "@std/http/file-server";
 *
 * Deno.serve((request) => serveDir(request, { fsRoot: "public" }));
 * ```
 *
 * @param req The request
 * @param opts Options
 * @returns The answer
 */
export async function serveDir(
  req: Request,
  opts: ServeDirOptions = {},
): Promise<Response> {
  if (req.method !== "GET" && req.method !== "HEAD") {
    return standardResponse(STATUS_CODE.MethodNotAllowed);
  }
  let response: Response;
  try {
    response = await respond(req, opts);
  } catch (error) {
    if (!opts.quiet) console.error(error);
    response = standardResponse(
      error instanceof Deno.errors.NotFound
        ? STATUS_CODE.NotFound
        : STATUS_CODE.InternalServerError,
    );
  }
  if (response.status !== STATUS_CODE.MovedPermanently) {
    if (opts.enableCors) {
      response.headers.append("access-control-allow-origin", "*");
      response.headers.append(
        "access-control-allow-headers",
        "Origin, X-Requested-With, Content-Type, Accept, Range",
      );
    }
    for (const header of opts.headers ?? []) {
      const [name = "", ...value] = header.split(":");
      response.headers.append(name, value.join(":"));
    }
  }
  if (!opts.quiet) {
    const { pathname, search } = new URL(req.url);
    console.debug(
      `[${
        new Date().toISOString()
      }] [${req.method}] ${pathname}${search} ${response.status}`,
    );
  }
  return response;
}

async function respond(
  request: Request,
  {
    fsRoot = ".",
    urlRoot = "",
    showDirListing = false,
    showDotfiles = false,
    showIndex = true,
  }: ServeDirOptions,
): Promise<Response> {
  const url = new URL(request.url);
  const decoded = decodeURIComponent(url.pathname);
  const normal = posix.normalize(decoded);
  // A backslash can only come here encoded, and would be a separator to Windows alone.
  if (!normal.startsWith(`/${urlRoot}`) || normal.includes("\\")) {
    return standardResponse(STATUS_CODE.NotFound);
  }
  // From here on `..` is resolved, also where a slash of it was encoded.
  if (normal !== decoded) return redirect(url, normal);

  const name = `/${normal.slice(1 + urlRoot.length)}`.replace(/\/$/, "");
  const path = join(fsRoot, name);
  if (!showDotfiles && /\/\./.test(name) || !isInside(fsRoot, path)) {
    return standardResponse(STATUS_CODE.NotFound);
  }
  const info = await Deno.stat(path);
  const slashed = url.pathname.endsWith("/");
  if (!info.isDirectory) {
    return info.isFile && slashed
      ? redirect(url, url.pathname.slice(0, -1))
      : await serveFile(request, path, info);
  }
  // Relative links of the page are resolved against its path.
  if (!slashed) return redirect(url, `${url.pathname}/`);
  if (showIndex) {
    const index = join(path, "index.html");
    const indexInfo = await ownInfo(index);
    if (indexInfo?.isFile) return await serveFile(request, index, indexInfo);
  }
  if (!showDirListing) return standardResponse(STATUS_CODE.NotFound);
  return await serveListing(request, path, {
    name: posix.normalize(`${name}/`),
    showDotfiles,
  });
}

function redirect(url: URL, pathname: string): Response {
  const target = new URL(url);
  target.pathname = pathname;
  return Response.redirect(target, STATUS_CODE.MovedPermanently);
}

/** The last defence: `urlRoot` may have been cut off in the middle of a name. */
function isInside(root: string, path: string): boolean {
  const way = relative(root, path);
  return way !== ".." && !way.startsWith(`..${sep}`) && !isAbsolute(way);
}

/** The entry itself rather than what it links to, or nothing if it does not exist. */
async function ownInfo(path: string): Promise<Deno.FileInfo | undefined> {
  try {
    return await Deno.lstat(path);
  } catch (error) {
    if (error instanceof Deno.errors.NotFound) return undefined;
    throw error;
  }
}
