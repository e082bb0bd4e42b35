/** Finnish, the customer's words. */
import type { customer as en } from "./en.customer";
import type { Translated } from "./translated";

export const customer: Translated<typeof en> = {
  "home.title": "Ravintolat",
};
