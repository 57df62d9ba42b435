// Builds ../built, or the folder given: hashed files, the page that names them, the licences of what is inside.
import { createHash } from "node:crypto";
import { mkdir, readFile, rm, writeFile } from "node:fs/promises";

const built = `${process.argv[2] ?? new URL("../built", import.meta.url).pathname}/`;
const swagger = "node_modules/swagger-ui-dist/";

await rm(built, { recursive: true, force: true });
await mkdir(`${built}assets`, { recursive: true });

async function hashed(file, name, extension) {
  const text = (await readFile(file, "utf8")).replace(/\n?(\/\/|\/\*)# sourceMappingURL=.*/, "");
  const hash = createHash("sha256").update(text).digest("hex").slice(0, 8);
  await writeFile(`${built}assets/${name}-${hash}.${extension}`, text);
  return `docs/assets/${name}-${hash}.${extension}`;
}

let page = await readFile("index.html", "utf8");
for (const [place, file, name, extension] of [
  ["{swagger-style}", `${swagger}swagger-ui.css`, "swagger-ui", "css"],
  ["{style}", "docs.css", "docs", "css"],
  ["{swagger-script}", `${swagger}swagger-ui-bundle.js`, "swagger-ui", "js"],
  ["{script}", "docs.js", "docs", "js"],
]) {
  page = page.replace(place, await hashed(file, name, extension));
}
await writeFile(`${built}index.html`, page);

const { version, license } = JSON.parse(await readFile(`${swagger}package.json`, "utf8"));
const texts = await Promise.all(
  ["NOTICE", "LICENSE", "swagger-ui-bundle.js.LICENSE.txt"].map((name) => readFile(swagger + name, "utf8")),
);
await writeFile(`${built}LICENSES.txt`, [`swagger-ui-dist ${version} (${license})`, ...texts].join("\n\n"));
