/** Ruokalistan kuvat. */
import type { images as en } from "./en.images";
import type { Translated } from "./translated";

export const images: Translated<typeof en> = {
  "image.title": "Ruokalistan kuvat",
  "image.titleOf": "Kuvat: {name}",
  "image.back": "Tilaustaululle",
  "image.howTo":
    "Pudota kuvia annoksen päälle, valitse ne tai ota kuva. Asiakkaat näkevät kuvan heti kun se on valmis; vanha pysyy siihen asti.",
  "image.onlyManagers": "Vain esihenkilöt ja omistajat vaihtavat kuvia.",
  "image.drop": "Pudota kuva tähän, tai",
  "image.choose": "Valitse",
  "image.take": "Ota kuva",
  "image.chooseFor": "{name}: valitse kuvia",
  "image.takeFor": "{name}: ota kuva",
  "image.ofItem": "{name}, kuva {number}",
  "image.earlier": "{name}: eteenpäin",
  "image.later": "{name}: taaksepäin",
  "image.replace": "{name}: vaihda",
  "image.remove": "{name}: poista",
  "image.dismiss": "Selvä",
  "image.sent": "{sent} / {all} Mt",
  "image.uploading": "Lähetetään",
  "image.goOn": "Kuva ei tullut kokonaan. Jatka valitsemalla sama tiedosto uudelleen.",
  "image.received": "Vastaanotettu, odottaa vuoroaan",
  "image.checking": "Tarkistetaan",
  "image.reading": "Luetaan",
  "image.making": "Tehdään kokoja",
  "image.publishing": "Viedään ruokalistalle",
  "image.failed.empty": "Tiedosto on tyhjä; valitse se uudelleen.",
  "image.failed.too_large": "Tiedosto on yli 20 Mt; lähetä pienempi.",
  "image.failed.unsupported_type": "Tämä ei ole JPEG-, PNG-, WebP- eikä AVIF-kuva.",
  "image.failed.heic":
    "HEIC-kuvaa ei voi lukea. Valitse kameran asetuksista ”Yhteensopivin” tai tallenna JPEG-muodossa.",
  "image.failed.svg": "Piirroksia (SVG) ei oteta; tallenna PNG-muodossa.",
  "image.failed.animated": "Liikkuvia kuvia ei oteta; valitse yksittäinen kuva.",
  "image.failed.too_many_pixels": "Yli 50 megapikseliä; pienennä kuvaa ensin.",
  "image.failed.too_small": "Alle 160 pikseliä; ota suurempi kuva.",
  "image.failed.truncated": "Kuva on vioittunut tai vajaa; lähetä uudelleen tai ota uusi.",
  "image.failed.too_complex": "Kuvan lukeminen kestää liian kauan; tallenna se pienempänä tai JPEG-muodossa.",
  "image.failed.upload_expired": "Lähetys ei valmistunut vuorokaudessa; valitse kuva uudelleen.",
  "image.failed.processing_failed": "Meillä meni jotain vikaan; yritä uudelleen.",
  "image.verdict.too_small": "Ruokalistalla, mutta pieni: voi näyttää karkealta. Ota vähintään 960 pikseliä leveä.",
  "image.verdict.blurred": "Ruokalistalla, mutta epätarkka: pidä paikallaan, tarkenna ja pyyhi linssi.",
  "image.verdict.too_dark": "Ruokalistalla, mutta tumma: kokeile ikkunan tai lampun lähellä.",
  "image.verdict.odd_shape":
    "Ruokalistalla, mutta hyvin pitkä tai korkea: luettelo rajaa sitä. Lähempänä 4:3 on parempi.",
};
