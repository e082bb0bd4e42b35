/** Finnish, the words of announcements. */
import type { inbox as english } from "./en.inbox";
import type { Translated } from "./translated";

export const inbox: Translated<typeof english> = {
  "inbox.title": "Tiedotteet",
  "inbox.unread": { one: "Tiedotteet, {count} lukematon", other: "Tiedotteet, {count} lukematonta" },
  "inbox.empty": "Ei tiedotteita.",
  "inbox.new": "Uusi",
  "inbox.show": "Näytä",
  "inbox.open": "Avaa",
  "inbox.openAt": "Avaa {host}",

  "audience.everyone": "Kaikki",
  "audience.customers": "Asiakkaat",
  "audience.couriers": "Lähetit",
  "audience.agents": "Asiakaspalvelijat",
  "audience.admins": "Ylläpitäjät",
  "audience.restaurants": "Kaikki ravintolat",
  "audience.restaurant": "{name}",
  "audience.city": "{name}",
};
