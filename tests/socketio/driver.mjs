// One socket.io-client, driven by lines of JSON: commands come by stdin, answers and events leave by stdout.
import { createInterface } from "node:readline";
import { io } from "socket.io-client";

let socket;

const say = (message) => process.stdout.write(`${JSON.stringify(message)}\n`);

const commands = {
  connect({ url, options }) {
    socket = io(url, options);
    socket.on("connect", () => say({ event: "connect", args: [{ sid: socket.id }] }));
    socket.on("connect_error", (error) =>
      say({ event: "connect_error", args: [{ message: error.message, data: error.data ?? null }] }),
    );
    socket.on("disconnect", (reason) => say({ event: "disconnect", args: [{ reason }] }));
    socket.onAny((event, ...args) => say({ event, args }));
  },
  emit({ id, name, args }) {
    if (id === undefined) socket.emit(name, ...args);
    else socket.emit(name, ...args, (...answer) => say({ id, answer }));
  },
  emitBytes({ name }) {
    socket.emit(name, Buffer.from("{binary"));
  },
  disconnect() {
    socket.disconnect();
  },
};

for await (const line of createInterface({ input: process.stdin })) {
  const command = JSON.parse(line);
  commands[command.do](command);
}
process.exit(0);
