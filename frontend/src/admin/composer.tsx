/** Writes an announcement: whom it is for and how many these are, what it says in both languages, and when. */
import { useSignal } from "@preact/signals";
import { useEffect, useId, useMemo } from "preact/hooks";
import { api, ask, idempotencyKey, Problem, type Schemas } from "../app/api";
import { t } from "../i18n";
import { AnnouncementCard } from "../inbox/view";
import { Dialog } from "../ui/dialog";
import { sentence, useAction } from "../ui/hooks";
import { toast } from "../ui/toast";
import {
  type AudienceKind,
  audienceOf,
  bodyOf,
  type Draft,
  EMPTY,
  type Form,
  formOf,
  hasAudience,
  hasWords,
  isComplete,
  KINDS,
  previewOf,
  SEVERITIES,
} from "./composing";

interface ComposerProps {
  /** what is written anew; null: a new one */
  before: Draft | null;
  onClose: () => void;
}

export function Composer({ before, onClose }: ComposerProps) {
  const form = useSignal<Form>(before ? formOf(before) : EMPTY);
  const key = useMemo(idempotencyKey, []);
  const problem = useSignal("");
  const set = (change: Partial<Form>) => (form.value = { ...form.peek(), ...change });
  const isOut = before?.state === "published";
  const isLater = !isOut && form.value.publishesAt !== "";
  const send = useAction(
    async () => {
      problem.value = "";
      const body = bodyOf(form.peek(), before);
      if (before) await rewrite(before, body);
      else
        await ask(api.POST("/v1/announcing/announcements", { params: { header: { "idempotency-key": key } }, body }));
      toast(t(before ? "admin.saved" : isLater ? "admin.scheduled" : "admin.announced"));
      onClose();
    },
    (error) => (problem.value = whyNot(error)),
  );
  return (
    <Dialog title={t(before ? "admin.edit" : "admin.new")} onClose={onClose}>
      <form
        class="composer"
        onSubmit={(event) => {
          event.preventDefault();
          void send.run();
        }}
      >
        <Fields form={form.value} set={set} isOut={isOut} />
        <div class="stack preview">
          <h3>{t("admin.preview")}</h3>
          <Preview form={form.value} />
          {problem.value && (
            <p class="note bad" role="alert">
              {problem.value}
            </p>
          )}
          <button class="primary wide" disabled={send.busy || !isComplete(form.value)}>
            {before ? t("action.save") : t(isLater ? "admin.schedule" : "admin.announce")}
          </button>
          {!hasWords(form.value) && <p class="hint">{t("admin.needsWords")}</p>}
        </div>
      </form>
    </Dialog>
  );
}

async function rewrite(before: Draft, body: Schemas["AnnouncementBody"]): Promise<void> {
  const params = {
    path: { announcement_id: before.announcement_id },
    header: { "if-match": `"${before.version}"` },
  };
  await ask(api.PUT("/v1/announcing/announcements/{announcement_id}", { params, body }));
}

function whyNot(error: unknown): string {
  return error instanceof Problem && error.status === 412 ? t("admin.stale") : sentence(error);
}

interface PartProps {
  form: Form;
  set: (change: Partial<Form>) => void;
}

function Fields({ form, set, isOut }: PartProps & { isOut: boolean }) {
  const reach = useReach(form);
  return (
    <div class="stack">
      <Audience form={form} set={set} isFixed={isOut} />
      <p class="quiet" role="status" data-reach={reach ?? ""}>
        {reach !== null && t("admin.reach", { count: reach })}
      </p>
      <fieldset class="severities">
        <legend>{t("admin.severity")}</legend>
        {SEVERITIES.map((one) => (
          <label key={one} class="choice">
            <input
              type="radio"
              name="severity"
              checked={form.severity === one}
              onChange={() => set({ severity: one })}
            />
            {t(`admin.severity.${one}`)}
          </label>
        ))}
      </fieldset>
      <Words form={form} set={set} language="en" />
      <Words form={form} set={set} language="fi" />
      <label class="field">
        {t("admin.link")}
        <input
          name="link"
          maxLength={500}
          placeholder="https://…"
          value={form.link}
          onInput={(event) => set({ link: event.currentTarget.value })}
        />
        <span class="hint">{t("admin.linkHint")}</span>
      </label>
      <Times form={form} set={set} isOut={isOut} />
    </div>
  );
}

function Audience({ form, set, isFixed }: PartProps & { isFixed: boolean }) {
  const cities = useOnce(async () => (await ask(api.GET("/v1/announcing/cities"))).cities);
  const restaurants = useOnce(
    async () => (await ask(api.GET("/v1/restaurants", { params: { query: { limit: 100 } } }))).items,
  );
  const list = useId();
  return (
    <>
      <label class="field">
        {t("admin.audience")}
        <select
          name="audience"
          disabled={isFixed}
          value={form.kind}
          onChange={(event) => set({ kind: event.currentTarget.value as AudienceKind })}
        >
          {KINDS.map((kind) => (
            <option key={kind} value={kind}>
              {t(kind === "city" || kind === "restaurant" ? `admin.audience.${kind}` : `audience.${kind}`)}
            </option>
          ))}
        </select>
      </label>
      {form.kind === "city" && (
        <label class="field">
          {t("admin.city")}
          <input
            name="city"
            required
            disabled={isFixed}
            maxLength={100}
            list={list}
            value={form.city}
            onInput={(event) => set({ city: event.currentTarget.value })}
          />
          <datalist id={list}>
            {cities?.map((one) => (
              <option key={one.name} value={one.name} />
            ))}
          </datalist>
        </label>
      )}
      {form.kind === "restaurant" && (
        <label class="field">
          {t("admin.restaurant")}
          <select
            name="restaurant"
            required
            disabled={isFixed}
            value={form.restaurantId}
            onChange={(event) => set({ restaurantId: event.currentTarget.value })}
          >
            <option value="">{t("admin.choose")}</option>
            {restaurants?.map((one) => (
              <option key={one.id} value={one.id}>
                {one.name}
              </option>
            ))}
          </select>
        </label>
      )}
    </>
  );
}

function Words({ form, set, language }: PartProps & { language: "en" | "fi" }) {
  const words = form[language];
  const change = (part: Partial<typeof words>) => set({ [language]: { ...words, ...part } });
  return (
    <fieldset class="stack tight">
      <legend>{t(`admin.language.${language}`)}</legend>
      <label class="field">
        {t("admin.heading")}
        <input
          name={`title-${language}`}
          lang={language}
          maxLength={120}
          value={words.title}
          onInput={(event) => change({ title: event.currentTarget.value })}
        />
      </label>
      <label class="field">
        {t("admin.text")}
        <textarea
          name={`body-${language}`}
          lang={language}
          rows={3}
          maxLength={2000}
          value={words.body}
          onInput={(event) => change({ body: event.currentTarget.value })}
        />
      </label>
    </fieldset>
  );
}

function Times({ form, set, isOut }: PartProps & { isOut: boolean }) {
  const zone = Intl.DateTimeFormat().resolvedOptions().timeZone;
  return (
    <fieldset class="stack tight">
      <legend>{t("admin.times", { zone })}</legend>
      <label class="field">
        {t("admin.publishesAt")}
        <input
          name="publishes-at"
          type="datetime-local"
          disabled={isOut}
          value={form.publishesAt}
          onInput={(event) => set({ publishesAt: event.currentTarget.value })}
        />
        {!isOut && <span class="hint">{t("admin.publishesHint")}</span>}
      </label>
      <label class="field">
        {t("admin.expiresAt")}
        <input
          name="expires-at"
          type="datetime-local"
          value={form.expiresAt}
          onInput={(event) => set({ expiresAt: event.currentTarget.value })}
        />
        <span class="hint">{t("admin.expiresHint")}</span>
      </label>
    </fieldset>
  );
}

function Preview({ form }: { form: Form }) {
  const name = form.kind === "city" ? form.city : t("admin.audience.restaurant");
  const shown = (["en", "fi"] as const).flatMap((language) => previewOf(form, language, name, new Date()) ?? []);
  if (shown.length === 0) return <p class="quiet">{t("admin.previewEmpty")}</p>;
  return (
    <>
      {shown.map((one) => (
        <AnnouncementCard key={"en" in one.texts ? "en" : "fi"} announcement={one} isNew />
      ))}
    </>
  );
}

/** How many people this audience has; null while nobody knows. */
function useReach(form: Form): number | null {
  const reach = useSignal<number | null>(null);
  const audience = hasAudience(form) ? audienceOf(form) : null;
  const asked = JSON.stringify(audience);
  useEffect(() => {
    reach.value = null;
    if (!audience) return;
    let isCurrent = true;
    const count = async () => {
      const counted = await ask(api.GET("/v1/announcing/reach", { params: { query: audience } })).catch(() => null);
      if (isCurrent && counted) reach.value = counted.accounts;
    };
    // a city is typed letter by letter
    const timer = setTimeout(() => void count(), audience.kind === "city" ? 300 : 0);
    return () => {
      isCurrent = false;
      clearTimeout(timer);
    };
  }, [asked]);
  return reach.value;
}

function useOnce<T>(load: () => Promise<T>): T | undefined {
  const loaded = useSignal<T | undefined>(undefined);
  useEffect(() => {
    void load().then(
      (value) => (loaded.value = value),
      () => undefined,
    );
  }, []);
  return loaded.value;
}
