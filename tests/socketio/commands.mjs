// What a socket.io-client is told to do, under Node and in browsers alike. `say` takes its answers and what it hears.
const hearAll = (socket, hear) => {
  const heard = socket.onevent;
  socket.onevent = function (packet) {
    heard.call(this, packet);
    hear(...packet.data);
  };
};

export const commandsOf = (io, say) => {
  let socket;
  return {
    connect({ url, options }) {
      socket = io(url, options);
      socket.on("connect", () => say({ event: "connect", args: [{ sid: socket.id }] }));
      socket.on("connect_error", (error) =>
        say({ event: "connect_error", args: [{ message: error.message, data: error.data ?? null }] }),
      );
      socket.on("disconnect", (reason) => say({ event: "disconnect", args: [{ reason }] }));
      // Socket.IO 2 says in another event why it is refused, and has no way to hear every event.
      socket.on("error", (error) => {
        if (!socket.onAny) say({ event: "connect_error", args: [error] });
      });
      if (socket.onAny) socket.onAny((event, ...args) => say({ event, args }));
      else hearAll(socket, (event, ...args) => say({ event, args }));
    },
    emit({ id, name, args }) {
      if (id === undefined) socket.emit(name, ...args);
      else socket.emit(name, ...args, (...answer) => say({ id, answer }));
    },
    emitBytes({ name }) {
      socket.emit(name, new TextEncoder().encode("{binary"));
    },
    disconnect() {
      socket.disconnect();
    },
  };
};
