/** Who types: told while somebody does, and over by itself. */
import { useSignal } from "@preact/signals";
import { useEffect, useRef } from "preact/hooks";
import { actingLive } from "../app/session";
import type { Chat, Side } from "./chat";

const EVERY_MS = 3_000;

interface Typing {
  name: string;
  expires_in_ms: number;
}

/** The name of the other person while they type. Their message ends it. */
export function useTyping({ side, conversation }: Chat): string | null {
  const name = useSignal<string | null>(null);
  const id = conversation.conversation_id;
  useEffect(() => {
    if (side === null) return;
    let timer: ReturnType<typeof setTimeout> | undefined;
    const over = () => (name.value = null);
    const stop = actingLive().watch(`conversation.${id}.${other(side)}_typing`, {
      latest: (data) => {
        const typing = data as Typing;
        name.value = typing.name;
        clearTimeout(timer);
        timer = setTimeout(over, typing.expires_in_ms);
      },
      refused: over,
    });
    return () => {
      clearTimeout(timer);
      stop();
      over();
    };
  }, [id, side]);
  const last = conversation.last_message;
  const written = side !== null && last?.author === other(side) ? last.seq : 0;
  useEffect(() => void (name.value = null), [written]);
  return name.value;
}

/** To be called with every key: tells the other side, no more often than they need it. */
export function useSayTyping({ side, conversation }: Chat): () => void {
  const told = useRef(0);
  const id = conversation.conversation_id;
  return () => {
    if (side === null || Date.now() - told.current < EVERY_MS) return;
    told.current = Date.now();
    // nobody misses it
    actingLive()
      .command("chat.typing", { conversation_id: id })
      .catch(() => undefined);
  };
}

function other(side: Side): Side {
  return side === "customer" ? "agent" : "customer";
}
