/** Finnish. */
import type { Messages } from "./en";
import { admin } from "./fi.admin";
import { chat } from "./fi.chat";
import { courier } from "./fi.courier";
import { customer } from "./fi.customer";
import { images } from "./fi.images";
import { inbox } from "./fi.inbox";
import { kitchen } from "./fi.kitchen";

export const fi: Messages = {
  "action.cancel": "Peruuta",
  "action.close": "Sulje",
  "action.save": "Tallenna",
  "action.remove": "Poista",
  "action.retry": "Yritä uudelleen",
  "action.back": "Takaisin",

  "connection.connecting": "Yhdistetään…",
  "connection.waiting": "Ei yhteyttä – yritetään uudelleen. Näkymä on ajalta {time}.",
  "connection.ended": "Ei yhteyttä. Näkymä on ajalta {time}.",
  "connection.off": "Ei yhteyttä",
  "connection.back": "Yhteys palasi",
  "connection.live": "Reaaliaikainen",

  "device.title": "Laite",
  "device.testSound": "Kokeile ääntä",
  "device.name": "{browser}, {system}",

  "error.unreachable": "Palvelimeen ei saada yhteyttä. Tarkista yhteytesi ja yritä uudelleen.",
  "command.not_connected": "Yhteyttä ei juuri nyt ole.",
  "command.connection_lost": "Yhteys katkesi; se on ehkä tehty.",
  "command.put_off": "Sinut kirjattiin ulos; se odottaa, kunnes kirjaudut taas.",

  "error.unknown": "Se ei onnistunut. Yritä uudelleen.",
  "error.crash": "Sivu kaatui. Lataa se uudelleen; mitään lähetettyä ei kadonnut.",
  "error.reload": "Lataa uudelleen",
  "error.notFound": "Täällä ei ole mitään.",
  "error.home": "Alkuun",

  "session.title": "Kirjaudu sisään",
  "session.email": "Sähköposti",
  "session.password": "Salasana",
  "session.logIn": "Kirjaudu sisään",
  "session.logOut": "Kirjaudu ulos",
  "session.register": "Luo tili",
  "session.name": "Nimesi",
  "session.haveAccount": "Minulla on tili",
  "session.passwordHint": "Vähintään 8 merkkiä",
  "session.wrong": "Sähköposti tai salasana on väärä.",

  "language.label": "Kieli",
  loading: "Ladataan…",

  ...admin,
  ...chat,
  ...courier,
  ...customer,
  ...images,
  ...inbox,
  ...kitchen,
};
