/** Short messages that go by themselves; screen readers hear them. */
import { signal } from "@preact/signals";

const SHOWN_MS = 5_000;
const toasts = signal<{ id: number; text: string }[]>([]);
let newest = 0;

export function toast(text: string): void {
  const id = ++newest;
  toasts.value = [...toasts.value.slice(-2), { id, text }];
  setTimeout(() => (toasts.value = toasts.value.filter((one) => one.id !== id)), SHOWN_MS);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text }) => (
        <p key={id} class="toast">
          {text}
        </p>
      ))}
    </div>
  );
}
