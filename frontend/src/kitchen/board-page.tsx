/** A restaurant's board, from the first touch of a shift on. */
import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { t } from "../i18n";
import { sentence, useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Ringer } from "../ui/ringer";
import { ringAloud, SoundTest } from "../ui/sound";
import { Board } from "./board-view";
import { boardOf } from "./board";
import { menuOf } from "./menu";

const SHIFT = "tiffin.shift";

export function BoardPage({ id }: { id: string }) {
  const board = useResource(boardOf(id));
  const menu = useResource(menuOf(id));
  const ringer = useMemo(() => new Ringer(), []);
  // a reload does not end a shift: nobody may be there to begin it again
  const started = useSignal(sessionStorage.getItem(SHIFT) === id);
  useEffect(() => () => ringer.close(), []);
  const status = board.status.value;
  if (status === "failed" || status === "forbidden") return <Refused why={board.error.value?.cause} />;
  if (!board.value.value || !menu.value.value) return <Loading failing={board.error.value ?? menu.error.value} />;
  if (started.value) return <Board id={id} board={board} tickets={board.value.value} menu={menu} ringer={ringer} />;
  const start = () => {
    sessionStorage.setItem(SHIFT, id);
    started.value = true;
  };
  return <Start id={id} name={menu.value.value.restaurant.name} ringer={ringer} onStart={start} />;
}

function Refused({ why }: { why: unknown }) {
  return (
    <main class="middle stack">
      <p class="note bad" role="alert">
        {why === undefined ? t("kitchen.noLonger") : sentence(why)}
      </p>
      <a class="button" href="/kitchen">
        {t("kitchen.choose")}
      </a>
    </main>
  );
}

function Loading({ failing }: { failing: Error | undefined }) {
  return (
    <main class="middle stack">
      {failing ? (
        <div class="lost" role="alert">
          <Icon name="unplugged" size={40} />
          <strong>{t("kitchen.neverLoaded")}</strong>
        </div>
      ) : (
        <div class="skeleton" role="status" aria-label={t("loading")} />
      )}
    </main>
  );
}

interface StartProps {
  id: string;
  name: string;
  ringer: Ringer;
  onStart: () => void;
}

/** Browsers allow sound only after a touch, so a shift begins with one. */
function Start({ id, name, ringer, onStart }: StartProps) {
  useEffect(() => void (document.title = `${name} · ${t("kitchen.title")}`), [name]);
  return (
    <main class="middle stack start">
      <h1>{name}</h1>
      <p>{t("kitchen.startWhy")}</p>
      <button
        class="primary huge"
        onClick={() => {
          ringAloud(ringer);
          onStart();
        }}
      >
        <Icon name="bell" size={32} />
        {t("kitchen.start")}
      </button>
      <SoundTest ringer={ringer} plain />
      <a class="button plain" href={`/kitchen/${id}/pictures`}>
        <Icon name="camera" />
        {t("image.title")}
      </a>
    </main>
  );
}
