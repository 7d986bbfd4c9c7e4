// A page that is one script, as that of `examples/files`, need not load it when it connects.
import "../../client/trust/protect.ts";
import "./with_room_key.ts";
