// One socket.io-client, driven by lines of JSON: commands come by stdin, answers and events leave by stdout.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";
import { commandsOf } from "./commands.mjs";

const commands = commandsOf(io, (message) => process.stdout.write(`${JSON.stringify(message)}\n`));

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  commands[command.do](command);
}
process.exit(0);
