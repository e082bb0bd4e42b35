import { t } from "../i18n";

export function NotFound({ text }: { text?: string }) {
  return (
    <main id="content" class="empty">
      <p>{text ?? t("error.notFound")}</p>
      <a class="button" href="/">
        {t("error.home")}
      </a>
    </main>
  );
}
