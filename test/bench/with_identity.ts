import { createIdentity } from "../../mod.ts";
import { ourContender } from "./our_contender.ts";

// A page has it from its last visit.
globalThis.contender = ourContender({ identity: await createIdentity() });
