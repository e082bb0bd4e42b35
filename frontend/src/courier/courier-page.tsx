/** What a courier sees, as far as they are one. */
import { useEffect, useMemo } from "preact/hooks";
import { t } from "../i18n";
import { useResource } from "../ui/hooks";
import { Ringer } from "../ui/ringer";
import { StaffPage } from "../ui/staff";
import { standingOf } from "./standing";
import { Work } from "./work";

export function CourierPage({ id }: { id: string }) {
  const me = useResource(standingOf(id));
  const ringer = useMemo(() => new Ringer(), []);
  useEffect(() => () => ringer.close(), []);
  return (
    <StaffPage
      resource={me}
      title={t("courier.title")}
      refusal={t("courier.notACourier")}
      neverLoaded={t("courier.neverLoaded")}
    >
      {(standing) => <Work me={me} standing={standing} ringer={ringer} />}
    </StaffPage>
  );
}
