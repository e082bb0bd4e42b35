/** The administrators' app: what happens now, and what everybody is told. */
import { LocationProvider, Route, Router, useLocation } from "preact-iso/router";
import { accountId, logOut, profile } from "../app/session";
import { t } from "../i18n";
import { InboxButton } from "../inbox/view";
import { useAction } from "../ui/hooks";
import { Icon, type IconName } from "../ui/icons";
import { LogIn } from "../ui/log-in";
import { mount } from "../ui/mount";
import { followServerClock } from "../ui/server-clock";
import { AnnouncementsPage } from "./announcements-page";
import { LivePage } from "./live-page";
import "./admin.css";

function App() {
  if (!accountId.value)
    return (
      <main class="middle">
        <LogIn />
      </main>
    );
  const who = profile.value;
  if (!who)
    return (
      <main class="middle">
        <div class="skeleton" role="status" aria-label={t("loading")} />
      </main>
    );
  if (!who.roles.includes("admin")) return <Refused />;
  return (
    <LocationProvider>
      <Head />
      <Router>
        <Route path="/admin" component={LivePage} />
        <Route path="/admin/announcements" component={AnnouncementsPage} />
      </Router>
    </LocationProvider>
  );
}

function Refused() {
  const leave = useAction(logOut);
  return (
    <main class="middle stack">
      <h1>{t("admin.title")}</h1>
      <p class="note" role="alert">
        {t("admin.notAnAdmin")}
      </p>
      <button disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")}
      </button>
    </main>
  );
}

function Head() {
  const leave = useAction(logOut);
  return (
    <header class="admin-head">
      <strong class="grow">{t("admin.title")}</strong>
      <nav class="row" aria-label={t("nav.label")}>
        <Way href="/admin" icon="pulse" text={t("admin.live")} />
        <Way href="/admin/announcements" icon="megaphone" text={t("inbox.title")} />
      </nav>
      <InboxButton />
      <button class="plain" disabled={leave.busy} onClick={() => void leave.run()}>
        {t("session.logOut")}
      </button>
    </header>
  );
}

function Way({ href, icon, text }: { href: string; icon: IconName; text: string }) {
  const { path } = useLocation();
  return (
    <a class="button plain" href={href} aria-current={path === href ? "page" : undefined}>
      <Icon name={icon} />
      {text}
    </a>
  );
}

followServerClock();
void mount("stream", App);
