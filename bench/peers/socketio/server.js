// Socket.IO over WebSocket alone: what is POSTed to /pub goes to every client.
//   node server.js PORT
"use strict";
const { createServer } = require("node:http");
const { Server } = require("socket.io");

const server = createServer((request, response) => {
  if (request.method !== "POST" || request.url !== "/pub") return; // /socket.io/ is the library's
  let text = "";
  request.on("data", (part) => (text += part));
  request.on("end", () => {
    io.emit("bench", JSON.parse(text));
    response.writeHead(204, { "Content-Length": "0" }).end();
  });
});
const io = new Server(server, {
  transports: ["websocket"],
  perMessageDeflate: false,
  serveClient: false,
  pingInterval: 3_600_000, // the benchmark's clients do not answer pings
});
server.listen({ port: Number(process.argv[2]), host: "127.0.0.1", backlog: 4096 });
