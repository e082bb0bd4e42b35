/** Logging in and registering, for every app. */
import { useSignal } from "@preact/signals";
import { Problem } from "../app/api";
import { logIn, register } from "../app/session";
import { t } from "../i18n";
import { sentence, useAction } from "./hooks";

interface LogInProps {
  /** called when somebody is logged in */
  onDone?: () => void;
  mayRegister?: boolean;
}

export function LogIn({ onDone, mayRegister = false }: LogInProps) {
  const registering = useSignal(false);
  const problem = useSignal("");
  const submit = useAction(
    async (form: HTMLFormElement) => {
      problem.value = "";
      const read = new FormData(form);
      const text = (name: string) => read.get(name) as string;
      if (registering.value) await register(text("name"), text("email"), text("password"));
      else await logIn(text("email"), text("password"));
      onDone?.();
    },
    (error) =>
      (problem.value = error instanceof Problem && error.status === 401 ? t("session.wrong") : sentence(error)),
  );
  const title = registering.value ? t("session.register") : t("session.title");
  return (
    <form
      class="card log-in"
      onSubmit={(event) => {
        event.preventDefault();
        void submit.run(event.currentTarget);
      }}
    >
      <h1>{title}</h1>
      {registering.value && (
        <label class="field">
          {t("session.name")}
          <input name="name" autocomplete="name" required maxLength={100} />
        </label>
      )}
      <label class="field">
        {t("session.email")}
        <input name="email" type="email" autocomplete="username" required maxLength={254} />
      </label>
      <label class="field">
        {t("session.password")}
        <input
          name="password"
          type="password"
          required
          minLength={registering.value ? 8 : 1}
          maxLength={256}
          autocomplete={registering.value ? "new-password" : "current-password"}
        />
        {registering.value && <span class="hint">{t("session.passwordHint")}</span>}
      </label>
      {problem.value && (
        <p class="note bad" role="alert">
          {problem.value}
        </p>
      )}
      <button class="primary wide" disabled={submit.busy}>
        {title}
      </button>
      {mayRegister && (
        <button type="button" class="plain" onClick={() => (registering.value = !registering.value)}>
          {registering.value ? t("session.haveAccount") : t("session.register")}
        </button>
      )}
    </form>
  );
}
