// A user's first minute by the client that openapi-ts made: `node session.js URL`. The compiler checks it against the
// client, so that the types of what it answers are held too.
import { createChat, getChanges, getMe, logIn, register, sendMessage } from "./hey";
import { createClient } from "./hey/client";
import type { ChatInput, Message } from "./hey";

declare const process: { argv: string[] };

const PASSWORD = "correct horse battery";

async function main(baseUrl: string): Promise<void> {
  const stranger = createClient({ baseUrl });
  const registered = await register({ client: stranger, body: { username: "ivan", password: PASSWORD } });
  const wrong = await logIn({ client: stranger, body: { username: "ivan", password: "wrong" } });
  same(wrong.error?.code, "wrong_credentials");
  const admitted = await logIn({ client: stranger, body: { username: "ivan", password: PASSWORD } });

  const ivan = createClient({ baseUrl, auth: () => admitted.data?.accessToken });
  const me = await getMe({ client: ivan, throwOnError: true });
  same(me.data.id, registered.data?.user.id);
  const notes: ChatInput = { type: "group", participantIds: [], name: "Notes to myself" };
  const chat = await createChat({ client: ivan, body: notes, throwOnError: true });
  const before = await getChanges({ client: ivan, throwOnError: true });
  const sent = await sendMessage({ client: ivan, body: { chatId: chat.data.id, content: "Привет!" } });
  const changes = await getChanges({ client: ivan, query: { cursor: before.data.nextCursor }, throwOnError: true });
  const heard: Message[] = [];
  for (const event of changes.data.events) if (event.type === "message:new") heard.push(event.data);
  same(heard.map(({ id, content }) => [id, content]), [[sent.data?.id, "Привет!"]]);
}

function same(one: unknown, other: unknown): void {
  if (JSON.stringify(one) !== JSON.stringify(other)) throw new Error(`${JSON.stringify(one)} is not ${JSON.stringify(other)}`);
}

void main(process.argv[2]);
