/** What came to an end without the courier's doing, until they have read it. */
import { t } from "../i18n";
import type { Resource } from "../live";
import { Icon } from "../ui/icons";
import { type News, type Standing, withoutNews } from "./standing";

export function NewsList({ me, news }: { me: Resource<Standing>; news: readonly News[] }) {
  return (
    <div class="stack tight" role="status">
      {news.map(({ id, number, restaurant, what }) => (
        <p key={id} class={what === "cancelled" ? "note bad row" : "note row"}>
          <span class="grow">{t(`courier.news.${what}`, { number, restaurant })}</span>
          <button
            class="plain"
            aria-label={t("action.close")}
            onClick={() => me.patch((standing) => withoutNews(standing, id))}
          >
            <Icon name="close" />
          </button>
        </p>
      ))}
    </div>
  );
}
