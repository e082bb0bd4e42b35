/** The keyboard: everything an agent does all day, without leaving the keys. */
import { useEffect, useRef } from "preact/hooks";

interface Keys {
  ids: readonly string[];
  focused: string | null;
  look: (id: string) => void;
  search: () => void;
}

export function useKeys(keys: Keys): void {
  const now = useRef(keys);
  now.current = keys;
  useEffect(() => {
    const press = (event: KeyboardEvent) => {
      if (!event.altKey || event.ctrlKey || event.metaKey) return;
      const { ids, focused, look, search } = now.current;
      const at = focused === null ? -1 : ids.indexOf(focused);
      const wanted = /^Digit[1-9]$/.test(event.code)
        ? ids[Number(event.code.at(-1)) - 1]
        : { ArrowDown: ids[at + 1] ?? ids[0], ArrowUp: ids[at - 1] ?? ids.at(-1) }[event.code];
      if (wanted !== undefined) {
        look(wanted);
        focusComposer(wanted);
      } else if (event.code === "KeyS") search();
      else if (event.code === "KeyR") click(focused, "resolve");
      else if (event.code === "KeyT") click(focused, "transfer");
      else return;
      event.preventDefault();
    };
    document.addEventListener("keydown", press);
    return () => document.removeEventListener("keydown", press);
  }, []);
}

function paneOf(id: string): HTMLElement | null {
  return document.querySelector(`[data-conversation="${id}"]`);
}

/** After the pane is drawn. */
function focusComposer(id: string): void {
  requestAnimationFrame(() => paneOf(id)?.querySelector("textarea")?.focus());
}

function click(id: string | null, action: string): void {
  if (id !== null) paneOf(id)?.querySelector<HTMLButtonElement>(`[data-action="${action}"]`)?.click();
}
