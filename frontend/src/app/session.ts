/**
 * Who is logged in, on this browser. The profile stays true by its events: a name changed elsewhere shows here, a
 * device logged out elsewhere is logged out here, and one tab's log-in is every tab's.
 */
import { computed, effect, signal } from "@preact/signals";
import { type Language, LANGUAGES, preferredLanguage, speak, t } from "../i18n";
import { type Live, openLive, Resource, type WireKind } from "../live";
import { api, ask, askWithHeaders, loadable, Problem, type Schemas } from "./api";

export type Profile = Schemas["ProfileView"];
export type Device = Schemas["SessionView"];

const account = signal<string | null | undefined>(undefined);
const resource = signal<Resource<Profile> | undefined>(undefined);
const channel = "BroadcastChannel" in globalThis ? new BroadcastChannel("tiffin-session") : undefined;

/** The account's id; null for nobody, undefined while nobody knows yet. */
export const accountId = computed(() => account.value);
export const profile = computed(() => resource.value?.value.value);

let opened: Live | undefined;
let kind: WireKind | undefined;
let acting: Live | undefined;

/** The live connection; `begin` has opened it. */
export function live(): Live {
  if (!opened) throw new Error("begin() comes first");
  return opened;
}

/** A connection that takes commands: the app's own if it does, else one beside it, opened when it is first asked for. */
export function actingLive(): Live {
  if (kind === "socket") return live();
  acting ??= openLive({ kind: "socket", account: account.peek() ?? null, device: thisDevice() });
  return acting;
}

/** Find out who is logged in and open the live connection. */
export async function begin(wire: WireKind): Promise<void> {
  kind = wire;
  await speak(preferredLanguage());
  await redeemCode();
  const found = await whoAmI();
  opened = openLive({ kind, account: found, device: thisDevice() });
  become(found, { tell: false });
  if (channel) channel.onmessage = () => void recheck();
  effect(() => {
    const { state, why } = live().connection.value;
    if (state === "ended" && (why === "revoked" || why === "unauthenticated")) void recheck();
  });
}

export async function logIn(email: string, password: string): Promise<void> {
  const body = { email, password, kind: "browser" as const, device_name: deviceName() };
  const session = await ask(api.POST("/v1/sessions", { body }));
  become(session.account_id);
}

export async function register(name: string, email: string, password: string): Promise<void> {
  const language = preferredLanguage();
  await ask(api.POST("/v1/accounts", { body: { name, email, password, language } }));
  await logIn(email, password);
}

export async function logOut(): Promise<void> {
  try {
    await ask(api.DELETE("/v1/sessions/current"));
  } catch (error) {
    if (!(error instanceof Problem) || error.status !== 401) throw error;
  }
  become(null);
}

/** Change the profile; of two changes at once the later one wins field by field. Raises Problem. */
export async function changeProfile(change: Schemas["ProfileUpdate"]): Promise<void> {
  const before = resource.value;
  before?.patch((profile) => ({ ...profile, ...withoutNulls(change) }));
  try {
    await sendChange(change, `"${before?.value.peek()?.version ?? 0}"`);
  } catch (error) {
    void before?.load();
    throw error;
  }
}

async function sendChange(change: Schemas["ProfileUpdate"], etag: string, again = true): Promise<void> {
  try {
    await ask(api.PATCH("/v1/profile", { params: { header: { "if-match": etag } }, body: change }));
  } catch (error) {
    const stale = error instanceof Problem && error.status === 412 && error.etag !== null;
    if (!stale || !again) throw error;
    await sendChange(change, error.etag, false);
  }
}

function withoutNulls(change: Schemas["ProfileUpdate"]): Partial<Profile> {
  return Object.fromEntries(Object.entries(change).filter(([, value]) => value !== null));
}

/** A demo's link brings a single-use code in its fragment, which no server's log sees. */
async function redeemCode(): Promise<void> {
  const code = new URLSearchParams(location.hash.slice(1)).get("code");
  if (!code) return;
  history.replaceState(null, "", location.pathname + location.search);
  const body = { code, kind: "browser", device_name: deviceName() };
  await fetch("/v1/sessions/code", {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
  }).catch(() => undefined);
}

async function whoAmI(): Promise<string | null> {
  try {
    return (await ask(api.GET("/v1/profile"))).account_id;
  } catch (error) {
    if (error instanceof Problem && error.status === 401) return null;
    // no answer: who was here before most likely still is, and everything says that it is old
    return localStorage.getItem("tiffin.account");
  }
}

async function recheck(): Promise<void> {
  become(await whoAmI(), { tell: false });
}

function become(found: string | null, { tell = true } = {}): void {
  if (tell) channel?.postMessage("changed");
  live().identify(found);
  acting?.identify(found);
  if (found === account.peek()) return;
  resource.peek()?.stop();
  account.value = found;
  if (found === null) localStorage.removeItem("tiffin.account");
  else localStorage.setItem("tiffin.account", found);
  resource.value = found === null ? undefined : profileResource(found);
}

function profileResource(id: string): Resource<Profile> {
  return new Resource<Profile>(live(), {
    topic: `user.${id}`,
    load: async () => {
      const { data } = await loadable(askWithHeaders(api.GET("/v1/profile")));
      if (data.language in LANGUAGES && !localStorage.getItem("tiffin.language")) void speak(data.language as Language);
      return { state: data, position: data.position };
    },
    apply: (state, event) => {
      switch (event.type) {
        case "account.changed":
          return { ...state, ...event.data.account };
        case "role.granted":
          return { ...state, version: event.data.version, roles: [...state.roles, event.data.role] };
        case "role.revoked":
          return {
            ...state,
            version: event.data.version,
            roles: state.roles.filter((role) => role !== event.data.role),
          };
        default:
          return state;
      }
    },
  });
}

/** What people call this browser in the list of their devices. */
function deviceName(): string {
  const agent = navigator.userAgent;
  const browser = ["Firefox", "Edg", "Chrome", "Safari"].find((name) => agent.includes(name)) ?? "Browser";
  const system = ["Android", "iPhone", "iPad", "Windows", "Mac", "Linux"].find((name) => agent.includes(name));
  const names: Record<string, string> = { Edg: "Edge", Mac: "macOS" };
  const say = (name: string) => names[name] ?? name;
  return system ? t("device.name", { browser: say(browser), system: say(system) }) : say(browser);
}

function thisDevice(): { id: string; name: string } {
  const id = localStorage.getItem("tiffin.device") ?? crypto.randomUUID();
  localStorage.setItem("tiffin.device", id);
  return { id, name: deviceName() };
}
