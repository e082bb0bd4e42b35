/** English, the words of announcements. */
export const inbox = {
  "inbox.title": "Announcements",
  "inbox.unread": { one: "Announcements, {count} unread", other: "Announcements, {count} unread" },
  "inbox.empty": "Nothing has been announced.",
  "inbox.new": "New",
  "inbox.show": "Show",
  "inbox.open": "Open",
  "inbox.openAt": "Open {host}",

  "audience.everyone": "Everyone",
  "audience.customers": "Customers",
  "audience.couriers": "Couriers",
  "audience.agents": "Support agents",
  "audience.admins": "Administrators",
  "audience.restaurants": "All restaurants",
  "audience.restaurant": "{name}",
  "audience.city": "{name}",
} as const;
