/** English. A text with `one` and `other` is chosen by `{count}`. Keys begin with the place where they stand. */
import { admin } from "./en.admin";
import { chat } from "./en.chat";
import { courier } from "./en.courier";
import { customer } from "./en.customer";
import { images } from "./en.images";
import { inbox } from "./en.inbox";
import { kitchen } from "./en.kitchen";

export const en = {
  "action.cancel": "Cancel",
  "action.close": "Close",
  "action.save": "Save",
  "action.remove": "Remove",
  "action.retry": "Try again",
  "action.back": "Back",

  "connection.connecting": "Connecting…",
  "connection.waiting": "Not connected – trying again. What you see is from {time}.",
  "connection.ended": "Not connected. What you see is from {time}.",
  "connection.off": "Not connected",
  "connection.back": "Connected again",
  "connection.live": "Live",

  "device.title": "Device",
  "device.testSound": "Test the sound",
  "device.name": "{browser} on {system}",

  "error.unreachable": "The server cannot be reached. Check your connection and try again.",
  "command.not_connected": "There is no connection right now.",
  "command.connection_lost": "The connection was lost; it may have been done.",
  "command.put_off": "You were logged out; it waits until you log in again.",

  "error.unknown": "That did not work. Try again.",
  "error.crash": "This page has failed. Reload it; nothing that was sent is lost.",
  "error.reload": "Reload",
  "error.notFound": "There is nothing here.",
  "error.home": "To the start",

  "session.title": "Log in",
  "session.email": "E-mail",
  "session.password": "Password",
  "session.logIn": "Log in",
  "session.logOut": "Log out",
  "session.register": "Create an account",
  "session.name": "Your name",
  "session.haveAccount": "I have an account",
  "session.passwordHint": "At least 8 characters",
  "session.wrong": "E-mail or password is wrong.",

  "language.label": "Language",
  loading: "Loading…",

  ...admin,
  ...chat,
  ...courier,
  ...customer,
  ...images,
  ...inbox,
  ...kitchen,
} as const satisfies Record<string, string | { one: string; other: string }>;

type Widened<T> = T extends string ? string : { one: string; other: string };

/** What every language has to say. */
export type Messages = { [K in keyof typeof en]: Widened<(typeof en)[K]> };
