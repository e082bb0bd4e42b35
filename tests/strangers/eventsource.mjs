// Follows an event stream with npm's eventsource, as its README says, and prints what it sees as JSON lines.
// node eventsource.mjs URL TOKEN TYPE[,TYPE…]
import { EventSource } from "eventsource";

const [, , url, token, types] = process.argv;
const print = (seen) => console.log(JSON.stringify(seen));
const source = new EventSource(url, {
  fetch: (input, init) => {
    print({ type: "request", last: init.headers["Last-Event-ID"] ?? null });
    return fetch(input, { ...init, headers: { ...init.headers, authorization: `Bearer ${token}` } });
  },
});
source.onopen = () => print({ type: "open" });
source.onerror = (error) => {
  print({ type: source.readyState === EventSource.CLOSED ? "closed" : "lost", code: error.code ?? null });
};
for (const type of types.split(","))
  source.addEventListener(type, (event) =>
    print({ type, id: event.lastEventId, data: event.data ? JSON.parse(event.data) : null }),
  );
