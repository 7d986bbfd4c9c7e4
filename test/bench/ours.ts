import { ourContender } from "./our_contender.ts";

globalThis.contender = ourContender();
