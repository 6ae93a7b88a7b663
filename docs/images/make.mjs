// Makes number-changing.png, the picture of the README, out of the running product:
//
//   cargo xtask dev --json    (another terminal; take "both" of its line)
//   node docs/images/make.mjs 'http://127.0.0.1:8787/demo/both/#token=…'
//
// An animated PNG: the shop as it is written, the number swapped for a visitor from an
// advertisement, his call with its source. Frames after the first hold only what differs, so that
// the file stays small.

import { writeFileSync } from "node:fs";
import { launchBrowser } from "../../tests/support/browser.mjs";

const [address] = process.argv.slice(2);
const VIEW = { width: 1440, height: 740 };
/** The picture is smaller than the screen: as wide as a README shows it. */
const SCALE = 0.7;
const SIZE = { width: Math.round(VIEW.width * SCALE), height: Math.round(VIEW.height * SCALE) };
const FRAME_MS = [1800, 2600, 4200];

/** The chunks of a PNG file as `{type, data}`. */
function chunksOf(png) {
  const chunks = [];
  for (let at = 8; at < png.length;) {
    const length = png.readUInt32BE(at);
    chunks.push({
      type: png.toString("latin1", at + 4, at + 8),
      data: png.subarray(at + 8, at + 8 + length),
    });
    at += length + 12;
  }
  return chunks;
}

const CRC = Array.from({ length: 256 }, (_, byte) => {
  let rest = byte;
  for (let bit = 0; bit < 8; bit += 1) rest = rest & 1 ? 0xedb88320 ^ (rest >>> 1) : rest >>> 1;
  return rest >>> 0;
});

function chunk(type, data) {
  const body = Buffer.concat([Buffer.from(type, "latin1"), data]);
  let crc = 0xffffffff;
  for (const byte of body) crc = CRC[(crc ^ byte) & 0xff] ^ (crc >>> 8);
  const [length, check] = [Buffer.alloc(4), Buffer.alloc(4)];
  length.writeUInt32BE(data.length);
  check.writeUInt32BE((crc ^ 0xffffffff) >>> 0);
  return Buffer.concat([length, body, check]);
}

/** One animated PNG out of still ones: `{png, x, y, width, height, ms}` each. */
function animate(frames) {
  let sequence = 0;
  const parts = [Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a])];
  const head = chunksOf(frames[0].png).find(({ type }) => type === "IHDR");
  const control = Buffer.alloc(8);
  control.writeUInt32BE(frames.length, 0);
  parts.push(chunk("IHDR", head.data), chunk("acTL", control));
  frames.forEach((frame, index) => {
    const place = Buffer.alloc(26);
    [sequence, frame.width, frame.height, frame.x, frame.y].forEach((value, field) =>
      place.writeUInt32BE(value, field * 4),
    );
    sequence += 1;
    place.writeUInt16BE(frame.ms, 20);
    place.writeUInt16BE(1000, 22);
    parts.push(chunk("fcTL", place));
    for (const { type, data } of chunksOf(frame.png)) {
      if (type !== "IDAT") continue;
      if (index === 0) parts.push(chunk("IDAT", data));
      else {
        const number = Buffer.alloc(4);
        number.writeUInt32BE(sequence);
        sequence += 1;
        parts.push(chunk("fdAT", Buffer.concat([number, data])));
      }
    }
  });
  parts.push(chunk("IEND", Buffer.alloc(0)));
  return Buffer.concat(parts);
}

/** The smallest rectangle that holds every pixel in which two screens differ. */
async function difference(page, before, after) {
  return page.evaluate(
    async (images) => {
      const [one, two] = await Promise.all(
        images.map(async (text) => {
          const bytes = Uint8Array.from(atob(text), (char) => char.charCodeAt(0));
          const bitmap = await createImageBitmap(new Blob([bytes], { type: "image/png" }));
          const canvas = new OffscreenCanvas(bitmap.width, bitmap.height);
          const context = canvas.getContext("2d");
          context.drawImage(bitmap, 0, 0);
          return context.getImageData(0, 0, bitmap.width, bitmap.height);
        }),
      );
      let [left, top, right, bottom] = [one.width, one.height, 0, 0];
      for (let index = 0; index < one.data.length; index += 4) {
        if ([0, 1, 2].every((part) => one.data[index + part] === two.data[index + part])) continue;
        const [x, y] = [(index / 4) % one.width, Math.floor(index / 4 / one.width)];
        [left, top, right, bottom] = [
          Math.min(left, x),
          Math.min(top, y),
          Math.max(right, x),
          Math.max(bottom, y),
        ];
      }
      return { x: left, y: top, width: right - left + 1, height: bottom - top + 1 };
    },
    [before, after].map((png) => png.toString("base64")),
  );
}

const browser = await launchBrowser({
  flags: ["--disable-blink-features=AutomationControlled"],
});
const context = await browser.newContext({
  viewport: VIEW,
  deviceScaleFactor: SCALE,
  locale: "en-US",
  reducedMotion: "reduce",
});
// The page as it is written: the tag is kept away at first.
await context.route("**/s/demo.js", (route) => route.abort());
const page = await context.newPage();
await page.goto(address);
const shop = page.frameLocator("#shop");
const live = page.frameLocator("#live");
const still = async () => {
  await page.mouse.move(5, 5);
  await page.waitForTimeout(1500);
  return page.screenshot();
};
await page.locator("#arrive-direct-ad").click();
await shop.locator("#bench .phone-city").waitFor();
await live.locator("#view").waitFor();
const screens = [await still()];

await context.unroute("**/s/demo.js");
await page.locator("#arrive-direct-ad").click();
const row = live.locator(".numbers li").first();
await row.waitFor();
screens.push(await still());

await row.getByRole("button").click();
await live.locator("#calls > li").first().waitFor();
await live.locator("#pretend-head").scrollIntoViewIfNeeded();
screens.push(await still());

/** A blank page on which pictures are compared and cut, pixel for pixel. */
const sheet = await browser.newPage({ viewport: SIZE, deviceScaleFactor: 1 });

const frames = [{ png: screens[0], x: 0, y: 0, ...SIZE, ms: FRAME_MS[0] }];
for (const index of [1, 2]) {
  const clip = await difference(sheet, screens[index - 1], screens[index]);
  const png = await crop(sheet, screens[index], clip);
  frames.push({ png, ...clip, ms: FRAME_MS[index] });
}
const picture = animate(frames);
writeFileSync(new URL("number-changing.png", import.meta.url), picture);
await browser.close();
console.log(`number-changing.png: ${picture.length} bytes`);

/** A part of a PNG as a PNG of the same kind, through a page that shows just that. */
async function crop(page, png, clip) {
  await page.setContent(
    `<style>body{margin:0}img{display:block}</style>
     <img src="data:image/png;base64,${png.toString("base64")}">`,
  );
  return page.screenshot({ clip });
}
