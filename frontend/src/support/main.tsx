/** The support agents' app: many conversations side by side. */
import { accountId } from "../app/session";
import { LogIn } from "../ui/log-in";
import { mount } from "../ui/mount";
import { followServerClock } from "../ui/server-clock";
import { SupportPage } from "./support-page";
import "./support.css";

function App() {
  if (accountId.value) return <SupportPage key={accountId.value} id={accountId.value} />;
  return (
    <main class="middle">
      <LogIn />
    </main>
  );
}

followServerClock();
void mount("socket", App);
