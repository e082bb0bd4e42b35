/** The courier's app: duty, offers, and the way from restaurants to doors. */
import { accountId } from "../app/session";
import { LogIn } from "../ui/log-in";
import { mount } from "../ui/mount";
import { followServerClock } from "../ui/server-clock";
import { CourierPage } from "./courier-page";
import "./courier.css";

function App() {
  if (accountId.value) return <CourierPage key={accountId.value} id={accountId.value} />;
  return (
    <main class="middle">
      <LogIn />
    </main>
  );
}

followServerClock();
void mount("socket", App);
