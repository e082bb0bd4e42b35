/** Prepared answers: a slash at the beginning asks for one, the beginning of its shortcut finds it. */
import { signal, useSignal } from "@preact/signals";
import { useEffect, useLayoutEffect, useRef } from "preact/hooks";
import { api, ask } from "../app/api";
import { t } from "../i18n";
import { useAction } from "../ui/hooks";
import { type CannedAnswer, offered } from "./desk";

const answers = signal<readonly CannedAnswer[]>([]);

/** Colleagues may have prepared one since. */
async function load(): Promise<void> {
  answers.value = (await ask(api.GET("/v1/support/canned-answers"))).canned_answers;
}

export function CannedAnswers({ text, onPut }: { text: string; onPut: (text: string) => void }) {
  const found = offered(text, answers.value);
  const isAsked = found !== null;
  const chosen = useSignal(0);
  const making = useSignal(false);
  useEffect(() => {
    if (isAsked) void load().catch(() => undefined);
    chosen.value = 0;
    making.value = false;
  }, [isAsked]);
  // what is seen now is what a key is about
  const now = useRef({ found, text, onPut });
  now.current = { found, text, onPut };
  useLayoutEffect(() => {
    if (!isAsked) return;
    const press = (event: KeyboardEvent) => {
      const { found, text, onPut } = now.current;
      if (!found) return;
      const at = Math.min(chosen.peek(), found.length - 1);
      if (event.key === "ArrowDown" && !event.altKey) chosen.value = Math.min(found.length - 1, at + 1);
      else if (event.key === "ArrowUp" && !event.altKey) chosen.value = Math.max(0, at - 1);
      else if (event.key === "Escape") onPut("");
      // a shortcut that leads nowhere is not a message
      else if (event.key === "Enter" && !making.peek()) onPut(found[at]?.text ?? text);
      else return;
      event.preventDefault();
    };
    // before the field sends what stands in it
    document.addEventListener("keydown", press, { capture: true });
    return () => document.removeEventListener("keydown", press, { capture: true });
  }, [isAsked]);
  if (!found) return null;
  return (
    <div class="canned card" role="group" aria-label={t("support.canned")}>
      {found.length === 0 && <p class="quiet small">{t("support.cannedNone")}</p>}
      <ul>
        {found.map((one, at) => (
          <li key={one.canned_answer_id}>
            <button
              type="button"
              class="plain"
              aria-current={at === Math.min(chosen.value, found.length - 1)}
              onClick={() => onPut(one.text)}
            >
              <strong>/{one.shortcut}</strong> <span class="quiet">{one.text}</span>
            </button>
          </li>
        ))}
      </ul>
      {making.value ? (
        <NewAnswer shortcut={text.slice(1)} onDone={() => onPut("/")} />
      ) : (
        <button type="button" class="plain small" onClick={() => (making.value = true)}>
          {t("support.cannedNew")}
        </button>
      )}
    </div>
  );
}

function NewAnswer({ shortcut: wanted, onDone }: { shortcut: string; onDone: () => void }) {
  const shortcut = useSignal(wanted);
  const text = useSignal("");
  const add = useAction(async () => {
    const body = { shortcut: shortcut.value.trim().toLowerCase(), text: text.value.trim() };
    await ask(api.POST("/v1/support/canned-answers", { body }));
    await load();
    onDone();
  });
  return (
    <div class="stack tight">
      <label class="field">
        {t("support.shortcut")}
        <input
          value={shortcut.value}
          maxLength={32}
          pattern="[A-Za-z0-9_\-]+"
          onInput={(event) => (shortcut.value = event.currentTarget.value)}
        />
      </label>
      <label class="field">
        {t("support.text")}
        <textarea
          rows={3}
          maxLength={10_000}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
      </label>
      <button
        type="button"
        class="primary"
        disabled={add.busy || shortcut.value.trim() === "" || text.value.trim() === ""}
        onClick={() => void add.run()}
      >
        {t("action.save")}
      </button>
    </div>
  );
}
