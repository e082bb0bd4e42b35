/** The kitchen's app: every device of a restaurant shows the same board. */
import { useSignal } from "@preact/signals";
import { useEffect } from "preact/hooks";
import { LocationProvider, Route, Router, useLocation, useRoute } from "preact-iso/router";
import { api, ask, type Schemas } from "../app/api";
import { accountId, logOut } from "../app/session";
import { t } from "../i18n";
import { sentence, useAction } from "../ui/hooks";
import { LogIn } from "../ui/log-in";
import { mount } from "../ui/mount";
import { followServerClock } from "../ui/server-clock";
import { BoardPage } from "./board-page";
import { PicturesPage } from "./pictures/pictures-page";
import "./kitchen.css";

type MyRestaurant = Schemas["MyRestaurantView"];

function App() {
  if (!accountId.value)
    return (
      <main class="middle">
        <LogIn />
      </main>
    );
  return (
    <LocationProvider>
      <Router>
        <Route path="/kitchen" component={Choose} />
        <Route path="/kitchen/:id" component={Board} />
        <Route path="/kitchen/:id/pictures" component={Pictures} />
      </Router>
    </LocationProvider>
  );
}

function Board() {
  const { params } = useRoute();
  const id = params["id"] ?? "";
  return <BoardPage key={id} id={id} />;
}

function Pictures() {
  const { params } = useRoute();
  const id = params["id"] ?? "";
  return <PicturesPage key={id} id={id} />;
}

/** Which restaurant; with only one there is no question. */
function Choose() {
  const { query, route } = useLocation();
  const mine = useSignal<MyRestaurant[] | undefined>(undefined);
  const problem = useSignal("");
  const leave = useAction(logOut);
  const load = async () => {
    problem.value = "";
    try {
      mine.value = (await ask(api.GET("/v1/my/restaurants", { params: { query: { limit: 100 } } }))).items;
      const [only, ...others] = mine.value;
      if (only && others.length === 0 && !("choose" in query)) route(`/kitchen/${only.id}`, true);
    } catch (error) {
      problem.value = sentence(error);
    }
  };
  useEffect(() => void load(), []);
  return (
    <main class="middle stack">
      <h1>{t("kitchen.choose")}</h1>
      {problem.value && (
        <>
          <p class="note bad" role="alert">
            {problem.value}
          </p>
          <button onClick={() => void load()}>{t("action.retry")}</button>
        </>
      )}
      {!mine.value && !problem.value && <div class="skeleton" role="status" aria-label={t("loading")} />}
      {mine.value?.length === 0 && <p class="note">{t("kitchen.noMember")}</p>}
      {mine.value?.map((one) => (
        <a key={one.id} class="button" href={`/kitchen/${one.id}`}>
          {one.name}
        </a>
      ))}
      <button class="plain" onClick={() => void leave.run()}>
        {t("session.logOut")}
      </button>
    </main>
  );
}

followServerClock();
void mount("socket", App);
