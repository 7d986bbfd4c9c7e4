import type { Page } from "puppeteer";
import { interleaved, type Measurement, type Side } from "../measurement.ts";
import { type Other, OTHERS, startDataArena } from "./data_arena.ts";
import type { Form } from "./data_contender.ts";
import { MESSAGE_BYTES } from "./pieces.ts";

/** A sample takes some three seconds, most of them when the channel has got up to speed. */
const BULK_BYTES = 1_600 * MESSAGE_BYTES;

const LARGE_BYTES = 64 * 1024 * 1024;

/** How a bench is run. */
interface Options {
  readonly quick: boolean;
}

/** Many messages, each sent when the library says that the one before has been. */
export function sendTime({ quick }: Options): Promise<Measurement> {
  return transferTime(
    { name: "send_time", form: "messages", byteLength: BULK_BYTES },
    // 0.97 of the throughput.
    { quick, aim: { ratio: 1.03 } },
  );
}

/** A file of the same size. */
export function fileTime({ quick }: Options): Promise<Measurement> {
  return transferTime(
    { name: "file_time", form: "file", byteLength: BULK_BYTES },
    { quick, aim: { ratio: 1.03 } },
  );
}

/** One message that is too large for a channel. */
export function largeMessageTime({ quick }: Options): Promise<Measurement> {
  return transferTime(
    { name: "large_message_time", form: "message", byteLength: LARGE_BYTES },
    { quick, aim: { ratio: 1.05 } },
  );
}

/** What is sent. */
interface Transfer {
  readonly name: string;
  readonly form: Form;
  readonly byteLength: number;
}

/** From the call in one page until all bytes are in the other one. The floor sends the same bytes in its own way whatever their form. */
async function transferTime(
  { name, form, byteLength }: Transfer,
  { quick, aim }: Options & Pick<Measurement, "aim">,
): Promise<Measurement> {
  await using arena = await startDataArena();

  const measure = (side: Side | Other) =>
    arena.between(side, async (sender, receiver) => {
      const sent = side === "floor" ? "messages" : form;
      const { took, pieces } = await transfer(
        { sender, receiver },
        { form: sent, byteLength },
      );
      if (sent === "message" && pieces !== 1) {
        throw new Error(`one message came as ${pieces}`);
      }
      return took;
    });

  await interleaved(1, measure, OTHERS);
  return {
    name: `${name} ${Math.round(byteLength / 1e6)} MB`,
    unit: "ms",
    floorName: "hand-tuned loop",
    samples: await interleaved(quick ? 2 : 6, measure, OTHERS),
    aim,
  };
}

async function transfer(
  { sender, receiver }: { sender: Page; receiver: Page },
  { form, byteLength }: Omit<Transfer, "name">,
): Promise<{ took: number; pieces: number }> {
  await receiver.evaluate(
    (byteLength) => dataContender.expect(byteLength),
    byteLength,
  );
  // The pages share the clock of the machine.
  const [calledAt, { at, pieces }] = await Promise.all([
    sender.evaluate(
      (form, byteLength) => dataContender.send(form, byteLength),
      form,
      byteLength,
    ),
    receiver.evaluate(() => dataContender.arrival()),
  ]);
  return { took: at - calledAt, pieces };
}
