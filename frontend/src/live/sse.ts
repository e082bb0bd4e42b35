/** Reads the text of an event stream, in pieces of any size, as the HTML standard (section 9.2.6) says. */

export interface Block {
  event: string;
  data: string;
}

export class SseParser {
  private rest = "";
  private event = "";
  private data: string[] = [];

  /** The blocks that this piece of text completes. */
  push(text: string): Block[] {
    const blocks: Block[] = [];
    this.rest += text;
    // a lone CR at the end may be half of a CRLF: it waits for what follows
    let match: RegExpMatchArray | null;
    while ((match = /\r\n|\n|\r(?=[^])/.exec(this.rest)) !== null) {
      const line = this.rest.slice(0, match.index);
      this.rest = this.rest.slice((match.index ?? 0) + match[0].length);
      const block = this.take(line);
      if (block) blocks.push(block);
    }
    return blocks;
  }

  private take(line: string): Block | null {
    if (line === "") return this.finish();
    const colon = line.indexOf(":");
    const field = colon === -1 ? line : line.slice(0, colon);
    const value = colon === -1 ? "" : line.slice(colon + 1).replace(/^ /, "");
    if (field === "event") this.event = value;
    else if (field === "data") this.data.push(value);
    return null;
  }

  private finish(): Block | null {
    const block = this.data.length > 0 ? { event: this.event || "message", data: this.data.join("\n") } : null;
    this.event = "";
    this.data = [];
    return block;
  }
}
