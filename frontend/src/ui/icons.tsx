/** Line icons, drawn here: no icon font, no request. All on a 24 × 24 grid. */
const PATHS = {
  basket: "M5 8h14l-1.5 11h-11zM9 8l3-5 3 5",
  bell: "M6 17V11a6 6 0 0 1 12 0v6l1.5 2h-15zM10 21h4",
  camera: "M4 8h4l2-3h4l2 3h4v11H4zM12 17a3.500 3.500 0 1 0 0-7 3.500 3.500 0 0 0 0 7",
  chat: "M4 5h16v11H9l-5 4z",
  check: "M5 12.5l4.5 4.5L19 7.5",
  checks: "M2 13l4 4L14 8M11 16l1 1 9-9",
  chevron: "M9 5l7 7-7 7",
  clock: "M12 7v5l3.5 2M12 3a9 9 0 1 0 0 18 9 9 0 0 0 0-18",
  close: "M6 6l12 12M18 6L6 18",
  device: "M7 3h10v18H7zM11 18h2",
  home: "M4 11l8-7 8 7v9h-5v-6H9v6H4z",
  list: "M4 6h16M4 12h16M4 18h16",
  map: "M9 4L3 6.5v13L9 17l6 3 6-2.5v-13L15 7zM9 4v13M15 7v13",
  megaphone: "M4 10v4h3l9 5V5l-9 5zM7 14l1.500 6H11l-1-5M19 9.500a4 4 0 0 1 0 5",
  minus: "M5 12h14",
  mute: "M4 9v6h4l5 4V5L8 9zM17 10l5 5M22 10l-5 5",
  pause: "M8 5v14M16 5v14",
  person: "M12 12a4 4 0 1 0 0-8 4 4 0 0 0 0 8M4 21c.5-4.500 4-6 8-6s7.500 1.500 8 6",
  pin: "M12 21c-4-4.500-7-7.500-7-11a7 7 0 0 1 14 0c0 3.500-3 6.500-7 11M12 12.500a2.500 2.500 0 1 0 0-5 2.500 2.500 0 0 0 0 5",
  plus: "M12 5v14M5 12h14",
  pot: "M4 10h16v6a4 4 0 0 1-4 4H8a4 4 0 0 1-4-4zM2 12h2M20 12h2M9 6c0-1 1-1.500 1-3M14 6c0-1 1-1.500 1-3",
  pulse: "M3 12h4l3-8 4 16 3-8h4",
  receipt: "M6 3h12v18l-3-2-3 2-3-2-3 2zM9 8h6M9 12h6",
  search: "M11 4a7 7 0 1 0 0 14 7 7 0 0 0 0-14M16 16l5 5",
  star: "M12 4l2.500 5.200 5.500.800-4 4 1 5.700-5-2.700-5 2.700 1-5.700-4-4 5.500-.800z",
  sound: "M4 9v6h4l5 4V5L8 9zM16.500 8.500a5 5 0 0 1 0 7M19 6a8.500 8.500 0 0 1 0 12",
  trash: "M5 7h14M10 7V4h4v3M7 7l1 13h8l1-13",
  send: "M4 12L20 4l-5 16-4-6z",
  sliders: "M4 7h9M17 7h3M4 17h3M11 17h9M15 5v4M9 15v4",
  warning: "M12 4L2.500 20h19zM12 10v5M12 17.500v.5",
  unplugged: "M9 3v5M15 3v5M6 8h12v3a6 6 0 0 1-12 0zM12 17v4M3 3l18 18",
} as const;

export type IconName = keyof typeof PATHS;

/** An icon beside a text that says the same; alone it needs a label on its button. */
export function Icon({ name, size = 22 }: { name: IconName; size?: number }) {
  return (
    <svg class="icon" width={size} height={size} viewBox="0 0 24 24" aria-hidden="true">
      <path d={PATHS[name]} />
    </svg>
  );
}
