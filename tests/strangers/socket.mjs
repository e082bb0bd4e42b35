// Opens a WebSocket with npm's ws: sends each line of its input as a frame, prints each frame and the close as lines.
// node socket.mjs URL HEADERS
import { createInterface } from "node:readline";
import { WebSocket } from "ws";

const [, , url, headers] = process.argv;
const print = (seen) => console.log(JSON.stringify(seen));
const socket = new WebSocket(url, "tiffin.v1", { headers: JSON.parse(headers) });
socket.on("open", () => {
  print({ type: "open", protocol: socket.protocol });
  createInterface({ input: process.stdin }).on("line", (line) => socket.send(line));
});
socket.on("message", (frame) => [JSON.parse(frame)].flat().forEach(print));
socket.on("close", (code, reason) => {
  print({ type: "closed", code, reason: String(reason) });
  process.exit(0);
});
socket.on("error", (error) => print({ type: "failed", message: error.message }));
