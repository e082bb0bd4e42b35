/** The pictures of a menu: what customers see, and how it gets there. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { api, ask } from "../../app/api";
import { t } from "../../i18n";
import { sentence, useResource } from "../../ui/hooks";
import { menuOf } from "../menu";
import { ItemPictures } from "./item-pictures";
import "./pictures.css";

export function PicturesPage({ id }: { id: string }) {
  const menu = useResource(menuOf(id));
  const mayEdit = useSignal(true);
  useEffect(() => void (document.title = t("image.title")), []);
  useEffect(() => {
    void ask(api.GET("/v1/my/restaurants", { params: { query: { limit: 100 } } })).then(
      (mine) => (mayEdit.value = mine.items.find((one) => one.id === id)?.role !== "staff"),
      () => undefined,
    );
  }, [id]);
  const { value } = menu.value;
  if (!value)
    return (
      <main class="middle stack">
        {menu.error.value ? (
          <p class="note bad" role="alert">
            {sentence(menu.error.value.cause)}
          </p>
        ) : (
          <div class="skeleton" role="status" aria-label={t("loading")} />
        )}
      </main>
    );
  return (
    <main class="pictures stack">
      <header class="row wrap">
        <a class="button" href={`/kitchen/${id}`}>
          {t("image.back")}
        </a>
        <h1 class="grow">{t("image.titleOf", { name: value.restaurant.name })}</h1>
      </header>
      {mayEdit.value ? (
        <p class="quiet">{t("image.howTo")}</p>
      ) : (
        <p class="note warn" role="status">
          {t("image.onlyManagers")}
        </p>
      )}
      {value.categories.map((category) => (
        <section key={category.id} class="stack" aria-labelledby={category.id}>
          <h2 id={category.id}>{category.name}</h2>
          {value.items
            .filter((item) => item.category_id === category.id)
            .map((item) => (
              <ItemPictures key={item.id} item={item} />
            ))}
        </section>
      ))}
    </main>
  );
}
