/** All announcements, live, and the form in which they are written. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask, loadable } from "../app/api";
import { day, t } from "../i18n";
import { AnnouncementCard } from "../inbox/view";
import type { ResourceOptions } from "../live/resource";
import { Dialog } from "../ui/dialog";
import { useAction, useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { toast } from "../ui/toast";
import { Composer } from "./composer";
import { applyToDesk, type Draft } from "./composing";

const PAGE = 100;

const desk: ResourceOptions<readonly Draft[]> = {
  topic: "announcing.desk",
  load: async () => {
    const query = { limit: PAGE };
    const { position, announcements } = await loadable(ask(api.GET("/v1/announcing/desk", { params: { query } })));
    return { state: announcements, position };
  },
  apply: (drafts, event) =>
    event.type === "announcement.updated" ? applyToDesk(drafts, event.data.announcement) : drafts,
};

export function AnnouncementsPage() {
  const resource = useResource(desk);
  /** what is being written: a new one, or which one anew */
  const writing = useSignal<Draft | "new" | null>(null);
  useEffect(() => void (document.title = `${t("inbox.title")} · ${t("admin.title")}`), []);
  const drafts = resource.value.value;
  const close = () => (writing.value = null);
  return (
    <main id="content" class="admin-page stack">
      <div class="row">
        <h1 class="grow">{t("inbox.title")}</h1>
        <button class="primary" onClick={() => (writing.value = "new")}>
          <Icon name="plus" />
          {t("admin.new")}
        </button>
      </div>
      {!drafts && <div class="skeleton" role="status" aria-label={t("loading")} />}
      {drafts?.length === 0 && (
        <div class="empty">
          <Icon name="megaphone" size={48} />
          <p>{t("admin.none")}</p>
        </div>
      )}
      <ul class="stack drafts">
        {drafts?.map((draft) => (
          <Row key={draft.announcement_id} draft={draft} onEdit={() => (writing.value = draft)} />
        ))}
      </ul>
      {writing.value && <Composer before={writing.value === "new" ? null : writing.value} onClose={close} />}
    </main>
  );
}

function Row({ draft, onEdit }: { draft: Draft; onEdit: () => void }) {
  const withdrawing = useSignal(false);
  const { state } = draft;
  const isOpen = state === "scheduled" || state === "published";
  return (
    <li class="draft" data-state={state} data-id={draft.announcement_id}>
      <AnnouncementCard announcement={draft} />
      <div class="row draft-facts">
        <span class="draft-state" data-state={state}>
          {t(`admin.state.${state}`)}
        </span>
        <span class="grow quiet small">
          {t(`audience.${draft.audience.kind}`, { name: draft.audience.name })} · {timesOf(draft)} ·{" "}
          {t("admin.readers", { count: draft.read_by })} · {draft.author_name}
        </span>
        {isOpen && <button onClick={onEdit}>{t("admin.edit")}</button>}
        {isOpen && <button onClick={() => (withdrawing.value = true)}>{t("admin.withdraw")}</button>}
      </div>
      {withdrawing.value && <WithdrawDialog draft={draft} onClose={() => (withdrawing.value = false)} />}
    </li>
  );
}

function timesOf({ state, publishes_at, expires_at, ended_at }: Draft): string {
  if (state === "scheduled") return t("admin.comes", { time: day(publishes_at) });
  if (state === "published") return t("admin.goes", { time: day(expires_at) });
  return t("admin.went", { time: day(ended_at ?? expires_at) });
}

function WithdrawDialog({ draft, onClose }: { draft: Draft; onClose: () => void }) {
  const withdraw = useAction(async () => {
    const path = { announcement_id: draft.announcement_id };
    await ask(api.POST("/v1/announcing/announcements/{announcement_id}/withdraw", { params: { path } }));
    toast(t("admin.withdrawn"));
    onClose();
  });
  return (
    <Dialog title={t("admin.withdraw")} onClose={onClose}>
      <p>{t("admin.withdrawWhy")}</p>
      <div class="row end">
        <button onClick={onClose}>{t("action.cancel")}</button>
        <button class="danger" disabled={withdraw.busy} onClick={() => void withdraw.run()}>
          {t("admin.withdraw")}
        </button>
      </div>
    </Dialog>
  );
}
