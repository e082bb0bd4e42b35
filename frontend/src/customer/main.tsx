/** The customer's app. */
import { useEffect } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation } from "preact-iso/router";
import { accountId, profile } from "../app/session";
import { t } from "../i18n";
import { LogIn } from "../ui/log-in";
import { mount } from "../ui/mount";
import { followServerClock } from "../ui/server-clock";
import { AccountPage } from "./account/account-page";
import { CheckoutPage } from "./checkout/checkout-page";
import { Header } from "./header";
import { Home } from "./home/home";
import { ConversationPage } from "./help/conversation-page";
import { followConversations } from "./help/conversations";
import { HelpPage } from "./help/help-page";
import { NotFound } from "./not-found";
import { followHistory } from "./orders/history";
import { OrderPage } from "./orders/order-page";
import { OrdersPage } from "./orders/orders-page";
import { followAddresses } from "./place";
import { RestaurantPage } from "./restaurant/restaurant-page";
import "./customer.css";

function LogInPage() {
  const { route } = useLocation();
  useEffect(() => {
    if (accountId.value) route("/", true);
  }, [accountId.value]);
  return (
    <main id="content" class="narrow">
      <LogIn mayRegister onDone={() => route("/", true)} />
    </main>
  );
}

let followed = false;

function App() {
  useEffect(() => {
    if (followed) return;
    followed = true;
    followAddresses();
    followHistory();
    followConversations();
  }, []);
  return (
    <LocationProvider>
      <a class="skip" href="#content">
        {t("nav.skip")}
      </a>
      <Header name={profile.value?.name} />
      <Router>
        <Route path="/" component={Home} />
        <Route path="/restaurants/:id" component={RestaurantPage} />
        <Route path="/checkout" component={CheckoutPage} />
        <Route path="/orders" component={OrdersPage} />
        <Route path="/orders/:id" component={OrderPage} />
        <Route path="/help" component={HelpPage} />
        <Route path="/help/:id" component={ConversationPage} />
        <Route path="/account" component={AccountPage} />
        <Route path="/log-in" component={LogInPage} />
        <Route default component={NotFound} />
      </Router>
    </LocationProvider>
  );
}

followServerClock();
void mount("stream", App);
