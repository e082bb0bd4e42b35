/** The board by keyboard: arrows walk over the tickets, Enter goes into one, and the focus goes with its ticket. */
import type { RefObject } from "preact";
import { useLayoutEffect, useRef } from "preact/hooks";

const STEPS: Record<string, [column: number, row: number]> = {
  ArrowLeft: [-1, 0],
  ArrowRight: [1, 0],
  ArrowUp: [0, -1],
  ArrowDown: [0, 1],
};

/** For the board's keydown. */
export function walk(event: KeyboardEvent): void {
  const { target } = event;
  if (!(target instanceof HTMLElement) || !target.matches(".ticket") || event.altKey || event.ctrlKey || event.metaKey)
    return;
  if (event.key === "Enter") enter(target);
  else if (event.key in STEPS) neighbour(target, STEPS[event.key] ?? [0, 0])?.focus();
  else return;
  event.preventDefault();
}

/** A new ticket asks how many minutes; of others the next step is at hand. */
function enter(ticket: HTMLElement): void {
  const button = ticket.querySelector<HTMLButtonElement>(".ticket-buttons button");
  if (ticket.dataset["state"] === "new") button?.click();
  else button?.focus();
}

function neighbour(from: HTMLElement, [across, down]: [number, number]): HTMLElement | undefined {
  const columns = [...document.querySelectorAll(".column")]
    .map((column) => [...column.querySelectorAll<HTMLElement>(".ticket")])
    .filter((tickets) => tickets.length > 0 && tickets[0]?.offsetParent !== null);
  const x = columns.findIndex((tickets) => tickets.includes(from));
  const y = columns[x]?.indexOf(from) ?? 0;
  const column = columns[x + across];
  return column?.[Math.min(y + down, across === 0 ? Infinity : column.length - 1)];
}

/** A ticket that moves to another column is drawn anew there: whoever had it keeps it. */
export function useFocusKept(board: RefObject<HTMLElement | null>): (event: FocusEvent) => void {
  const held = useRef<string | undefined>(undefined);
  useLayoutEffect(() => {
    if (held.current === undefined || document.activeElement !== document.body) return;
    board.current?.querySelector<HTMLElement>(`[data-ticket="${held.current}"]`)?.focus({ preventScroll: true });
  });
  return ({ target }) => {
    held.current =
      target instanceof Element ? target.closest<HTMLElement>("[data-ticket]")?.dataset["ticket"] : undefined;
  };
}
