/** What was said, in order, with what is on its way below. It stays at the end unless somebody looks back. */
import { useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { clock, t, weekday } from "../i18n";
import type { Resource } from "../live";
import { useAction } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Picture, type PictureView } from "../ui/picture";
import { beginsDay, type Chat, earlierThan, goesOn, type Message, tickOf, type Tick } from "./chat";
import { loadEarlier } from "./conversation";
import type { Outgoing, OutgoingMessages } from "./outgoing";

/** So close to the end it counts as being there. */
const NEAR_PX = 60;

interface MessageListProps {
  resource: Resource<Chat>;
  chat: Chat;
  waiting: readonly Outgoing[];
  outgoing: OutgoingMessages;
  typing: string | null;
  /** told whether the newest message is in view */
  onAtEnd: (atEnd: boolean) => void;
}

export function MessageList({ resource, chat, waiting, outgoing, typing, onAtEnd }: MessageListProps) {
  const list = useRef<HTMLDivElement>(null);
  const atEnd = useSignal(true);
  const before = earlierThan(chat);
  const earlier = useAction(async () => resource.patch(await loadEarlier(chat)));
  const { messages } = chat;
  const newest = messages.at(-1)?.seq ?? 0;
  const first = messages[0]?.seq ?? 0;
  const height = useRef({ first, scroll: 0 });
  useLayoutEffect(() => {
    const box = list.current;
    if (!box) return;
    if (atEnd.peek()) box.scrollTop = box.scrollHeight;
    // what was said earlier came in front: what is read stays where it is
    else if (first < height.current.first) box.scrollTop += box.scrollHeight - height.current.scroll;
    height.current = { first, scroll: box.scrollHeight };
  }, [newest, first, waiting.length, typing]);
  const look = () => {
    const box = list.current;
    if (!box) return;
    const isAtEnd = box.scrollHeight - box.scrollTop - box.clientHeight < NEAR_PX;
    if (isAtEnd !== atEnd.peek()) {
      atEnd.value = isAtEnd;
      onAtEnd(isAtEnd);
    }
    if (box.scrollTop < NEAR_PX && before !== null) void earlier.run();
  };
  useEffect(() => {
    const box = list.current;
    if (!box) return;
    const stay = new ResizeObserver(() => {
      if (atEnd.peek()) box.scrollTop = box.scrollHeight;
    });
    stay.observe(box);
    for (const child of box.children) stay.observe(child);
    return () => stay.disconnect();
  }, []);
  const toEnd = () => list.current?.scrollTo({ top: list.current.scrollHeight, behavior: "smooth" });
  return (
    <div class="said">
      <div class="messages" ref={list} onScroll={look} tabIndex={0} role="log" aria-label={t("chat.messages")}>
        {before !== null && (
          <button class="plain earlier" disabled={earlier.busy} onClick={() => void earlier.run()}>
            {t("chat.earlier")}
          </button>
        )}
        <ol>
          {messages.map((message, at) => (
            <Line key={message.seq} chat={chat} message={message} before={messages[at - 1]} />
          ))}
          {waiting.map((one) => (
            <WaitingLine key={one.clientId} one={one} outgoing={outgoing} />
          ))}
        </ol>
        {typing !== null && (
          <p class="typing" role="status">
            <span aria-hidden="true">
              <i />
              <i />
              <i />
            </span>
            {t("chat.typing", { name: typing })}
          </p>
        )}
      </div>
      {!atEnd.value && (
        <button class="to-end" aria-label={t("chat.toEnd")} onClick={toEnd}>
          <Icon name="chevron" />
        </button>
      )}
    </div>
  );
}

interface LineProps {
  chat: Chat;
  message: Message;
  before: Message | undefined;
}

function Line({ chat, message, before }: LineProps) {
  const isOwn = message.author === (chat.side ?? "agent");
  return (
    <>
      {beginsDay(message, before) && <li class="day">{weekday(message.sent_at)}</li>}
      {message.code !== null ? (
        <li class="event" data-seq={message.seq}>
          {t(`chat.event.${message.code}`, { name: message.author_name })} · {clock(message.sent_at)}
        </li>
      ) : (
        <li class={isOwn ? "message own" : "message"} data-seq={message.seq} data-on={goesOn(message, before)}>
          {!isOwn && !goesOn(message, before) && <span class="who">{message.author_name}</span>}
          <Body text={message.text} pictures={message.attachments} />
          <span class="meta">
            <time dateTime={message.sent_at}>{clock(message.sent_at)}</time>
            {isOwn && chat.side !== null && <TickMark tick={tickOf(chat, message)} />}
          </span>
        </li>
      )}
    </>
  );
}

/** Text as text: nothing in it is ever markup. */
function Body({ text, pictures }: { text: string; pictures: readonly PictureView[] }) {
  return (
    <>
      {pictures.map((picture) => (
        <a
          key={picture.image_id}
          class="attached"
          href={picture.sources.at(-1)?.url ?? ""}
          target="_blank"
          rel="noreferrer"
        >
          <Picture picture={picture} alt={t("chat.picture")} sizes="260px" />
        </a>
      ))}
      {text !== "" && <p class="text">{text}</p>}
    </>
  );
}

function TickMark({ tick }: { tick: Tick }) {
  return (
    <span class="tick" data-tick={tick} title={t(`chat.tick.${tick}`)}>
      <Icon name={tick === "sent" ? "check" : "checks"} size={16} />
      <span class="visually-hidden">{t(`chat.tick.${tick}`)}</span>
    </span>
  );
}

function WaitingLine({ one, outgoing }: { one: Outgoing; outgoing: OutgoingMessages }) {
  return (
    <li class="message own waiting" data-problem={one.problem !== null}>
      <Body text={one.text} pictures={one.attachments} />
      <span class="meta">
        {one.problem === null ? (
          <span class="tick" data-tick="queued" title={t("chat.tick.queued")}>
            <Icon name="clock" size={16} />
            <span class="visually-hidden">{t("chat.tick.queued")}</span>
          </span>
        ) : (
          <>
            <span role="alert">{one.problem}</span>
            <button class="plain" onClick={() => outgoing.again(one.clientId)}>
              {t("action.retry")}
            </button>
            <button class="plain" onClick={() => outgoing.discard(one.clientId)}>
              {t("action.remove")}
            </button>
          </>
        )}
      </span>
    </li>
  );
}
