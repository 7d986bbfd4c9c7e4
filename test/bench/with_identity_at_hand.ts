import "../../client/trust/protect.ts";
import "./with_identity.ts";
