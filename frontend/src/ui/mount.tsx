/** Starts an app: the language, who is logged in, the live connection, then the page. */
import { Component, type ComponentChildren, render } from "preact";
import { begin } from "../app/session";
import { t } from "../i18n";
import { followAnnouncements } from "../inbox/feed";
import { Inbox } from "../inbox/view";
import { ConnectionBar } from "./connection";
import { Toasts } from "./toast";
import "./base.css";

/** Shows a way out where a page has failed, instead of nothing. */
class Guard extends Component<{ children: ComponentChildren }, { failed: boolean }> {
  override state = { failed: false };

  static override getDerivedStateFromError() {
    return { failed: true };
  }

  override componentDidCatch(error: unknown) {
    console.error(error);
  }

  override render() {
    if (!this.state.failed) return this.props.children;
    return (
      <main class="empty">
        <p role="alert">{t("error.crash")}</p>
        <button class="primary" onClick={() => location.reload()}>
          {t("error.reload")}
        </button>
      </main>
    );
  }
}

export async function mount(kind: "stream" | "socket", App: () => ComponentChildren): Promise<void> {
  await begin(kind);
  followAnnouncements();
  const root = document.getElementById("app");
  if (!root) throw new Error("the page has no #app");
  render(
    <Guard>
      <ConnectionBar />
      <Inbox />
      <App />
      <Toasts />
    </Guard>,
    root,
  );
}
