/** What a courier sees, as far as they are one. */
import { useEffect, useMemo } from "preact/hooks";
import { Problem } from "../app/api";
import { logOut } from "../app/session";
import { t } from "../i18n";
import { sentence, useAction, useResource } from "../ui/hooks";
import { Icon } from "../ui/icons";
import { Ringer } from "../ui/ringer";
import { standingOf } from "./standing";
import { Work } from "./work";

export function CourierPage({ id }: { id: string }) {
  const me = useResource(standingOf(id));
  const ringer = useMemo(() => new Ringer(), []);
  useEffect(() => () => ringer.close(), []);
  const status = me.status.value;
  if (status === "failed" || status === "forbidden") return <Refused why={me.error.value?.cause} />;
  if (me.value.value) return <Work me={me} standing={me.value.value} ringer={ringer} />;
  return (
    <main class="middle stack">
      {me.error.value ? (
        <p class="note bad row" role="alert">
          <Icon name="unplugged" size={32} />
          {t("courier.neverLoaded")}
        </p>
      ) : (
        <div class="skeleton" role="status" aria-label={t("loading")} />
      )}
    </main>
  );
}

/** Whoever is no courier is told whom to ask. */
function Refused({ why }: { why: unknown }) {
  const leave = useAction(logOut);
  const isOther = why instanceof Problem && why.status !== 403;
  return (
    <main class="middle stack">
      <h1>{t("courier.title")}</h1>
      <p class="note" role="alert">
        {isOther ? sentence(why) : t("courier.notACourier")}
      </p>
      <button disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")}
      </button>
    </main>
  );
}
