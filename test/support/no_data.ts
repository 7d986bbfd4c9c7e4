import type { DataPlane } from "../../client/data/data_plane.ts";

/** The data plane of a pair in whose messages nobody is interested. */
export const NO_DATA: Pick<
  DataPlane,
  "attach" | "detach" | "start" | "adopt" | "end"
> = {
  attach(_line, onNamed) {
    onNamed?.();
  },
  detach() {},
  start() {},
  adopt() {},
  end() {},
};
