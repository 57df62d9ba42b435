// Builds ../built, or the folder given: hashed files, the page that names them, the licences of what is inside.
import { build } from "esbuild";
import { readFile, rm, writeFile } from "node:fs/promises";
import { basename } from "node:path";

const built = `${process.argv[2] ?? new URL("../built", import.meta.url).pathname}/`;
await rm(built, { recursive: true, force: true });

const { metafile } = await build({
  entryPoints: { playground: "main.jsx" },
  outdir: `${built}assets`,
  bundle: true,
  minify: true,
  format: "esm",
  target: "es2022",
  jsx: "automatic",
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  legalComments: "linked",
  loader: { ".woff2": "file" },
  define: {
    "process.env.NODE_ENV": '"production"',
    "globalThis.process": "true",
    "globalThis.process.env.NODE_ENV": '"production"',
  },
  metafile: true,
});

const names = Object.keys(metafile.outputs).map((name) => basename(name));
const named = (pattern) => `assets/${names.find((name) => pattern.test(name))}`;
const page = await readFile("index.html", "utf8");
await writeFile(
  `${built}index.html`,
  page.replace("{style}", named(/^playground-.*\.css$/)).replace("{script}", named(/^playground-.*\.js$/)),
);

const packages = new Set(
  Object.keys(metafile.inputs)
    .filter((name) => name.startsWith("node_modules/"))
    .map((name) => name.match(/^node_modules\/((?:@[^/]+\/)?[^/]+)/)[1]),
);
const notes = [];
for (const name of [...packages].sort()) {
  const { version, license } = JSON.parse(await readFile(`node_modules/${name}/package.json`, "utf8"));
  notes.push(`${name} ${version} (${license})`);
  for (const file of ["LICENSE", "LICENSE.md", "license", "LICENSE.txt"]) {
    const text = await readFile(`node_modules/${name}/${file}`, "utf8").catch(() => null);
    if (text) {
      notes.push(text.trim());
      break;
    }
  }
  notes.push("");
}
await writeFile(`${built}LICENSES.txt`, notes.join("\n\n"));
