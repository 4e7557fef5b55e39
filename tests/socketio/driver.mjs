// One socket.io-client, of the package that the argument names, driven by lines of JSON: commands come by stdin, answers and events leave by stdout.
import { createInterface } from "node:readline";
import { commandsOf } from "./commands.mjs";

const library = await import(process.argv[2]);
const io = library.io ?? library.default;
const commands = commandsOf(io, (message) => process.stdout.write(`${JSON.stringify(message)}\n`));

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  commands[command.do](command);
}
process.exit(0);
