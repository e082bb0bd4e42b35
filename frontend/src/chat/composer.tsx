/** Where one writes. Enter sends, Shift and Enter begins a line; what is not sent yet survives a reload. */
import { useSignal } from "@preact/signals";
import type { ComponentChildren } from "preact";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { t } from "../i18n";
import { ACCEPT } from "../images/image";
import { Icon } from "../ui/icons";
import { type Attachment, MOST_ATTACHMENTS, useAttachments } from "./attachments";
import type { Chat } from "./chat";
import type { OutgoingMessages } from "./outgoing";
import { useSayTyping } from "./typing";

const MOST_CHARACTERS = 10_000;
/** From here on it is told how many are left. */
const TELL_FROM = 9_000;

export interface ComposerProps {
  chat: Chat;
  outgoing: OutgoingMessages;
  /** shown above what is written, such as canned answers; `put` replaces the text */
  helper?: (text: string, put: (text: string) => void) => ComponentChildren;
}

export function Composer({ chat, outgoing, helper }: ComposerProps) {
  const id = chat.conversation.conversation_id;
  const draft = `tiffin.draft.${id}`;
  const text = useSignal(sessionStorage.getItem(draft) ?? "");
  const area = useRef<HTMLTextAreaElement>(null);
  const attachments = useAttachments(id);
  const sayTyping = useSayTyping(chat);
  const put = (value: string) => {
    text.value = value;
    sessionStorage.setItem(draft, value);
    if (!area.current) return;
    // at once: the next key may come before the page is drawn
    if (area.current.value !== value) area.current.value = value;
    area.current.focus();
  };
  useLayoutEffect(() => {
    const box = area.current;
    if (!box) return;
    box.style.height = "auto";
    box.style.height = `${box.scrollHeight}px`;
  }, [text.value]);
  useEffect(() => {
    // a field longer than what may be sent was pasted in: say so instead of cutting it
    area.current?.setCustomValidity(text.value.length > MOST_CHARACTERS ? t("chat.tooLong") : "");
  }, [text.value]);
  const words = text.value.trim();
  const left = MOST_CHARACTERS - text.value.length;
  const maySend = (words !== "" || attachments.all.length > 0) && attachments.ready && left >= 0;
  const send = () => {
    if (!maySend) return;
    outgoing.send(
      id,
      words,
      attachments.all.flatMap((one) => (one.picture ? [one.picture] : [])),
    );
    attachments.clear();
    put("");
  };
  return (
    <form
      class="composer"
      onSubmit={(event) => {
        event.preventDefault();
        send();
      }}
      onDragOver={(event) => event.preventDefault()}
      onDrop={(event) => {
        event.preventDefault();
        attachments.add(event.dataTransfer?.files ?? []);
      }}
    >
      {helper?.(text.value, put)}
      {attachments.all.length > 0 && (
        <ul class="attachments">
          {attachments.all.map((one) => (
            <AttachmentChip key={one.key} one={one} onRemove={() => attachments.remove(one.key)} />
          ))}
        </ul>
      )}
      {left <= MOST_CHARACTERS - TELL_FROM && (
        <p class={left < 0 ? "count-left over" : "count-left"} role="status">
          {left < 0 ? t("chat.tooLong") : t("chat.left", { count: left })}
        </p>
      )}
      <div class="row">
        <label class="button plain attach" aria-label={t("chat.attach")} title={t("chat.attach")}>
          <Icon name="camera" />
          <input
            type="file"
            class="visually-hidden"
            accept={ACCEPT}
            multiple
            disabled={attachments.all.length >= MOST_ATTACHMENTS}
            onChange={(event) => {
              attachments.add(event.currentTarget.files ?? []);
              event.currentTarget.value = "";
            }}
          />
        </label>
        <textarea
          ref={area}
          class="grow"
          rows={1}
          value={text.value}
          placeholder={t("chat.write")}
          aria-label={t("chat.write")}
          enterkeyhint="send"
          onInput={(event) => {
            put(event.currentTarget.value);
            if (event.currentTarget.value.trim() !== "") sayTyping();
          }}
          onPaste={(event) => {
            const files = event.clipboardData?.files;
            if (files && files.length > 0) attachments.add(files);
          }}
          onKeyDown={(event) => {
            if (event.key !== "Enter" || event.shiftKey || event.isComposing || event.defaultPrevented) return;
            event.preventDefault();
            send();
          }}
        />
        <button class="primary send" aria-label={t("chat.send")} disabled={!maySend}>
          <Icon name="send" />
        </button>
      </div>
    </form>
  );
}

function AttachmentChip({ one, onRemove }: { one: Attachment; onRemove: () => void }) {
  return (
    <li class="attachment" data-state={one.problem ? "failed" : one.picture ? "ready" : "working"}>
      {one.picture ? (
        <img src={one.picture.sources.find((source) => source.media_type === "image/jpeg")?.url} alt={one.name} />
      ) : (
        <span class="name">{one.name}</span>
      )}
      {one.problem !== null && <span role="alert">{one.problem}</span>}
      {one.picture === null && one.problem === null && (
        <progress max={100} value={one.progress} aria-label={t("chat.attaching", { name: one.name })} />
      )}
      <button type="button" class="plain" aria-label={t("chat.detach", { name: one.name })} onClick={onRemove}>
        <Icon name="close" size={18} />
      </button>
    </li>
  );
}
