// Unpacks the browser of the tests into ./browser, with a list of fonts that names its own and the system's.
import { execFileSync } from "node:child_process";
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { brotliDecompressSync } from "node:zlib";

const packed = join("node_modules", "@sparticuz", "chromium", "bin");
const place = join(process.cwd(), "browser");
rmSync(place, { recursive: true, force: true });
mkdirSync(place);

const unpacked = (name) => brotliDecompressSync(readFileSync(join(packed, `${name}.br`)));
writeFileSync(join(place, "chromium"), unpacked("chromium"));
chmodSync(join(place, "chromium"), 0o755);
for (const name of ["al2023.tar", "fonts.tar", "swiftshader.tar"]) {
  execFileSync("tar", ["--extract", "--no-same-owner", "--directory", place], { input: unpacked(name) });
}
// Without a font the browser dies at the first letter.
writeFileSync(
  join(place, "fonts.conf"),
  `<?xml version="1.0"?>
<!DOCTYPE fontconfig SYSTEM "fonts.dtd">
<fontconfig>
  <dir>${join(place, "fonts")}</dir>
  <dir>/usr/share/fonts</dir>
  <cachedir>${join(place, "cache")}</cachedir>
</fontconfig>
`,
);
rmSync(packed, { recursive: true });
