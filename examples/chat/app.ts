/**
 * The page: asks for a name and a room, stays there, and asks again.
 *
 * | I want to change …             | go to …                            |
 * | ------------------------------ | ---------------------------------- |
 * | the form to join with          | `join_form.ts`                     |
 * | what happens in a room         | `room.ts`                          |
 * | who is here, how connected     | `people_view.ts`, `describe_peer.ts` |
 * | the messages on the page       | `log_view.ts`                      |
 * | writing a message              | `composer.ts`                      |
 * | what browsers say to each other | `chat_message.ts`, `person.ts`    |
 * | the words of a failure         | `explain_failure.ts`               |
 *
 * @module
 */
import { connect } from "@x/webrtc";
import { explainFailure } from "./explain_failure.ts";
import { JoinForm } from "./join_form.ts";
import { stayInRoom } from "./room.ts";

const form = new JoinForm();
let failure = "";

while (true) {
  const { name, room, signal } = await form.ask(failure);
  try {
    const connection = await connect({
      host: location.host,
      room,
      presence: { name, typing: false },
      signal,
    });
    form.hide();
    failure = await stayInRoom(connection, { name, room });
  } catch (error) {
    failure = explainFailure(error);
  }
}
