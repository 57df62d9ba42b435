// Opens the playground at argv[2] in Chromium (argv[3]), runs a query and a subscription there, and prints what it saw:
// every request it made, every complaint of the browser, and the answers. A screenshot goes to argv[4].
import { chromium } from "playwright-core";

const [, , url, executablePath, screenshot] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 800 } });
const requests = [];
const complaints = [];
page.on("request", (request) => requests.push(request.url()));
page.on("websocket", (socket) => requests.push(socket.url()));
page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

async function run(query, expected) {
  await page.goto(`${url}?query=${encodeURIComponent(query)}`);
  await page.getByRole("button", { name: /Execute query/ }).click();
  const answer = page.locator(".result-window");
  await answer.getByText(expected).waitFor({ timeout: 15_000 });
  return answer.innerText();
}

const query = await run("{ hello thing { name } }", '"hello world"');
const subscription = await run("subscription { ticks(count: 3) }", '"ticks": 2');
await page.getByRole("button", { name: "Show Documentation Explorer" }).click();
await page.getByText("Root Types").waitFor();
if (screenshot) await page.screenshot({ path: screenshot });
console.log(JSON.stringify({ requests, complaints, query, subscription }));
await browser.close();
