import { ourContender } from "./our_contender.ts";

globalThis.contender = ourContender({ roomKey: new Uint8Array(32).fill(7) });
