/** Beside a conversation: the customer's orders, and what agents noted. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask, loadable } from "../app/api";
import { clock, day, money, t } from "../i18n";
import type { ResourceOptions } from "../live/resource";
import { useAction, useResource } from "../ui/hooks";
import type { Note, Order } from "./desk";

export function Known({ id }: { id: string }) {
  return (
    <aside class="known stack">
      <Notes id={id} />
      <Orders id={id} />
    </aside>
  );
}

function Orders({ id }: { id: string }) {
  const orders = useSignal<readonly Order[] | undefined>(undefined);
  useEffect(() => {
    const params = { path: { conversation_id: id } };
    ask(api.GET("/v1/conversations/{conversation_id}/orders", { params })).then(
      (answer) => (orders.value = answer.orders),
      () => undefined,
    );
  }, [id]);
  return (
    <section>
      <h2>{t("support.orders")}</h2>
      {orders.value?.length === 0 && <p class="quiet small">{t("support.noOrders")}</p>}
      <ul class="stack tight">
        {orders.value?.map((one) => (
          <li key={one.order_id} class="card small">
            <strong>{one.restaurant_name}</strong>
            <p class="row quiet">
              <span class="grow number">{one.number}</span>
              <span class="number">{money(one.total_minor, one.currency)}</span>
              <span>{clock(one.placed_at)}</span>
            </p>
            <span class="badge">{t(`order.${one.state}`)}</span>
          </li>
        ))}
      </ul>
    </section>
  );
}

function notesOf(id: string): ResourceOptions<readonly Note[]> {
  return {
    topic: `conversation.${id}.notes`,
    load: async () => {
      const params = { path: { conversation_id: id } };
      const { position, notes } = await loadable(ask(api.GET("/v1/conversations/{conversation_id}/notes", { params })));
      return { position, state: notes };
    },
    apply: (notes, event) => (event.type === "note.added" ? [...notes, event.data.note] : notes),
  };
}

function Notes({ id }: { id: string }) {
  const notes = useResource(notesOf(id)).value.value ?? [];
  const text = useSignal("");
  const clientId = useSignal(crypto.randomUUID());
  const add = useAction(async () => {
    const params = { path: { conversation_id: id } };
    const body = { client_id: clientId.value, text: text.value.trim() };
    await ask(api.POST("/v1/conversations/{conversation_id}/notes", { params, body }));
    text.value = "";
    clientId.value = crypto.randomUUID();
  });
  return (
    <section class="notes">
      <h2>{t("support.notes")}</h2>
      <ul class="stack tight">
        {notes.map((note) => (
          <li key={note.note_id} class="note small">
            <p class="text">{note.text}</p>
            <p class="quiet">
              {note.author_name} · {day(note.written_at)}
            </p>
          </li>
        ))}
      </ul>
      <form
        class="row"
        onSubmit={(event) => {
          event.preventDefault();
          void add.run();
        }}
      >
        <input
          class="grow"
          aria-label={t("support.note")}
          placeholder={t("support.note")}
          maxLength={10_000}
          value={text.value}
          onInput={(event) => (text.value = event.currentTarget.value)}
        />
        <button disabled={add.busy || text.value.trim() === ""}>{t("support.addNote")}</button>
      </form>
    </section>
  );
}
