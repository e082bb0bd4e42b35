import { expect, test } from "vitest";
import { type Block, SseParser } from "../../src/live/sse";
import { Chances } from "./random";

function parse(...pieces: string[]): Block[] {
  const parser = new SseParser();
  return pieces.flatMap((piece) => parser.push(piece));
}

test("a block has the name and the data of its lines", () => {
  expect(parse('event: sync\ndata: {"ok":true}\n\n')).toEqual([{ event: "sync", data: '{"ok":true}' }]);
});

test("data of several lines is joined, and a block without a name is a message", () => {
  expect(parse("data: one\ndata:two\ndata\n\n")).toEqual([{ event: "message", data: "one\ntwo\n" }]);
});

test("only one space after the colon is left out", () => {
  expect(parse("data:  two spaces\n\n")).toEqual([{ event: "message", data: " two spaces" }]);
});

test("comments, ids, retry and unknown fields are no data", () => {
  expect(parse(": hello\nid: e:1\nretry: 3000\nfoo: bar\n\nevent: lonely\n\n")).toEqual([]);
});

test("the name of a block without data is forgotten", () => {
  expect(parse("event: lonely\n\ndata: x\n\n")).toEqual([{ event: "message", data: "x" }]);
});

test("an unfinished block waits", () => {
  expect(parse("data: x\n")).toEqual([]);
  expect(parse("data: x\n", "\n")).toHaveLength(1);
});

test.each(["\n", "\r", "\r\n"])("lines may end with %j", (end) => {
  const text = ["event: a", "data: 1", "", "data: 2", "", "data: 3"].join(end);
  expect(parse(text).map((block) => block.data)).toEqual(["1", "2"]);
});

test("a CRLF in two pieces is one end of line", () => {
  expect(parse("data: a\r", "\ndata: b\r", "\n\r", "\n")).toEqual([{ event: "message", data: "a\nb" }]);
});

test("pieces of any size, split within characters, say the same", async () => {
  const lines = ["event: order.placed", 'data: {"name":"Kärki 🥘 語"}', "", ": x", "data: ä", "data: €", "", ""];
  for (let seed = 1; seed <= 200; seed++) {
    const chances = new Chances(seed);
    const text = lines.map((line) => line + chances.pick(["\n", "\r\n"])).join("") + ": end\n";
    expect(await parseBytes(new TextEncoder().encode(text), chances), `seed ${seed}`).toEqual([
      { event: "order.placed", data: '{"name":"Kärki 🥘 語"}' },
      { event: "message", data: "ä\n€" },
    ]);
  }
});

/** As the stream reads: bytes in random pieces, decoded, parsed. */
async function parseBytes(bytes: Uint8Array, chances: Chances): Promise<Block[]> {
  const body = new ReadableStream<BufferSource>({
    start(controller) {
      for (let at = 0; at < bytes.length;) {
        const size = 1 + chances.below(9);
        controller.enqueue(bytes.slice(at, at + size));
        at += size;
      }
      controller.close();
    },
  });
  const parser = new SseParser();
  const blocks: Block[] = [];
  for await (const text of body.pipeThrough(new TextDecoderStream())) blocks.push(...parser.push(text));
  return blocks;
}
