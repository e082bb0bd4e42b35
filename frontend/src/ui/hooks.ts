import { useSignal } from "@preact/signals";
import { useEffect, useMemo } from "preact/hooks";
import { Problem } from "../app/api";
import { live } from "../app/session";
import { t, tOr } from "../i18n";
import { CommandRefused, type Live, Resource } from "../live";
import type { ResourceOptions } from "../live/resource";
import { toast } from "./toast";

/** A live resource for as long as the component is shown, another one for another topic. */
export function useResource<T>(options: ResourceOptions<T>, by: Live = live()): Resource<T> {
  const resource = useMemo(() => new Resource(by, options), [options.topic]);
  useEffect(() => () => resource.stop(), [resource]);
  return resource;
}

/** What to tell a person about an error: the server's own sentence where it has one. */
export function sentence(error: unknown): string {
  if (error instanceof Problem)
    return error.status === 0 ? t("error.unreachable") : error.message || t("error.unknown");
  if (error instanceof CommandRefused) return tOr(`command.${error.code}`, error.message);
  return t("error.unknown");
}

/** An action of a person: `busy` while it runs, its error told in a toast unless `onError` takes it. */
export function useAction<A extends unknown[]>(
  act: (...given: A) => Promise<void>,
  onError: (error: unknown) => void = (error) => toast(sentence(error)),
): { busy: boolean; run: (...given: A) => Promise<void> } {
  const busy = useSignal(false);
  const run = async (...given: A) => {
    if (busy.peek()) return;
    busy.value = true;
    try {
      await act(...given);
    } catch (error) {
      onError(error);
    } finally {
      busy.value = false;
    }
  };
  return { busy: busy.value, run };
}
