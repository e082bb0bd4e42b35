/** Short messages that go by themselves; screen readers hear them. */
import { signal } from "@preact/signals";

const SHOWN_MS = 5_000;
const toasts = signal<{ id: number; text: string; open: (() => void) | undefined }[]>([]);
let newest = 0;

/** `open`: what a touch does; the message goes with it. */
export function toast(text: string, open?: () => void): void {
  const id = ++newest;
  toasts.value = [...toasts.value.slice(-2), { id, text, open }];
  setTimeout(() => dismiss(id), SHOWN_MS);
}

function dismiss(id: number): void {
  toasts.value = toasts.value.filter((one) => one.id !== id);
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, open }) =>
        open ? (
          <button
            key={id}
            class="toast"
            onClick={() => {
              dismiss(id);
              open();
            }}
          >
            {text}
          </button>
        ) : (
          <p key={id} class="toast">
            {text}
          </p>
        ),
      )}
    </div>
  );
}
