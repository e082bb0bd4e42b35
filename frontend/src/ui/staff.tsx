/** The page of somebody with a role: their work as soon as it is loaded, or why it is not, or whom to ask. */
import type { ComponentChildren } from "preact";
import { Problem } from "../app/api";
import { logOut } from "../app/session";
import { t } from "../i18n";
import type { Resource } from "../live";
import { sentence, useAction } from "./hooks";
import { Icon } from "./icons";

interface StaffPageProps<T> {
  resource: Resource<T>;
  title: string;
  /** told whoever has not got the role */
  refusal: string;
  /** told while nothing can be loaded */
  neverLoaded: string;
  children: (state: T) => ComponentChildren;
}

export function StaffPage<T>({ resource, title, refusal, neverLoaded, children }: StaffPageProps<T>) {
  const status = resource.status.value;
  const state = resource.value.value;
  if (status === "failed" || status === "forbidden")
    return <Refused title={title} refusal={refusal} why={resource.error.value?.cause} />;
  if (state !== undefined) return <>{children(state)}</>;
  return (
    <main class="middle stack">
      {resource.error.value ? (
        <p class="note bad row" role="alert">
          <Icon name="unplugged" size={32} />
          {neverLoaded}
        </p>
      ) : (
        <div class="skeleton" role="status" aria-label={t("loading")} />
      )}
    </main>
  );
}

function Refused({ title, refusal, why }: { title: string; refusal: string; why: unknown }) {
  const leave = useAction(logOut);
  const isOther = why instanceof Problem && why.status !== 403;
  return (
    <main class="middle stack">
      <h1>{title}</h1>
      <p class="note" role="alert">
        {isOther ? sentence(why) : refusal}
      </p>
      <button disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")}
      </button>
    </main>
  );
}
