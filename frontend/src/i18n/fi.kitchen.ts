/** Finnish, the kitchen's words. */
import type { kitchen as en } from "./en.kitchen";
import type { Translated } from "./translated";

export const kitchen: Translated<typeof en> = {
  "kitchen.title": "Keittiö",
};
