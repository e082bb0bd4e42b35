// The same variants by sharp: node sharp.cjs FOLDER FILE…; a line of JSON a picture, with its processor seconds.
const { join } = require("node:path");
const sharp = require("sharp");

const SIZES = [160, 480, 960, 1600];

sharp.concurrency(1);
sharp.cache(false);

async function make(file, folder) {
  const largest = SIZES[SIZES.length - 1];
  const { data, info } = await sharp(file, { failOn: "truncated", limitInputPixels: 50e6 })
    .rotate()
    .resize(largest, largest, { fit: "inside", withoutEnlargement: true })
    .toColourspace("srgb")
    .raw()
    .toBuffer({ resolveWithObject: true });
  const written = [];
  for (const size of SIZES) {
    const whole = sharp(data, { raw: info });
    const small =
      size === largest
        ? { data, info }
        : await whole.resize(size, size, { fit: "inside" }).raw().toBuffer({ resolveWithObject: true });
    const from = () => sharp(small.data, { raw: small.info });
    const to = (suffix) => join(folder, `${size}.${suffix}`);
    written.push(await from().webp({ quality: 80, effort: 4 }).toFile(to("webp")));
    written.push(await from().jpeg({ quality: 80, progressive: true, mozjpeg: false }).toFile(to("jpg")));
    if (size === largest)
      written.push(await from().avif({ quality: 55, effort: 1, chromaSubsampling: "4:2:0" }).toFile(to("avif")));
  }
  return written.map(({ width, height, size }) => [width, height, size]);
}

async function main() {
  const [folder, ...files] = process.argv.slice(2);
  for (const file of files) {
    const before = process.cpuUsage();
    const written = await make(file, folder);
    const { user, system } = process.cpuUsage(before);
    console.log(JSON.stringify({ cpu_s: (user + system) / 1e6, written }));
  }
}

main();
