import { useLocation } from "preact-iso/router";
import { accountId } from "../app/session";
import { t } from "../i18n";
import { InboxButton } from "../inbox/view";
import { Icon, type IconName } from "../ui/icons";
import { count } from "./basket";
import { unreadCount } from "./help/conversations";
import { activeCount } from "./orders/history";

/** The head of every page: on a phone the ways stand at the bottom, by the thumb. */
export function Header({ name }: { name: string | undefined }) {
  const account = accountId.value ? (name?.split(" ")[0] ?? t("nav.account")) : t("session.logIn");
  return (
    <header class="top">
      <a class="brand" href="/" aria-label="Tiffin">
        <img src="/icon.svg" alt="" width={32} height={32} />
        <span>Tiffin</span>
      </a>
      <nav class="ways" aria-label={t("nav.label")}>
        <Way href="/" icon="home" text={t("nav.restaurants")} />
        <Way href="/orders" icon="receipt" text={t("nav.orders")} badge={activeCount.value} />
        <Way href="/checkout" icon="basket" text={t("nav.basket")} badge={count.value} />
        {accountId.value && <Way href="/help" icon="chat" text={t("help.title")} badge={unreadCount.value} />}
        <Way href={accountId.value ? "/account" : "/log-in"} icon="person" text={account} />
      </nav>
      <InboxButton />
    </header>
  );
}

interface WayProps {
  href: string;
  icon: IconName;
  text: string;
  badge?: number;
}

function Way({ href, icon, text, badge = 0 }: WayProps) {
  const { path } = useLocation();
  return (
    <a class="way" href={href} aria-current={path === href ? "page" : undefined}>
      <Icon name={icon} />
      <span class="way-text">{text}</span>
      {badge > 0 && <span class="count number">{badge}</span>}
    </a>
  );
}
