// Opens a page (argv[2]) in Chromium (argv[3]), waits for a text (argv[4]) and prints what it saw: every request the page
// made, every complaint of the browser, and the page's text. A screenshot goes to argv[5]; argv[6] is light or dark;
// argv[7], a password, is typed into the page's form first.
import { chromium } from "playwright-core";

const [, , url, executablePath, expected, screenshot, colorScheme = "light", password] = process.argv;
const browser = await chromium.launch({
  executablePath,
  args: ["--no-sandbox", "--disable-gpu", "--disable-background-networking"],
});
const page = await browser.newPage({ viewport: { width: 1280, height: 900 }, colorScheme });
const requests = [];
const complaints = [];
page.on("request", (request) => requests.push(request.url()));
page.on("console", (message) => ["error", "warning"].includes(message.type()) && complaints.push(message.text()));
page.on("pageerror", (error) => complaints.push(String(error)));

await page.goto(url);
if (password) {
  await page.locator("input[type=password]").fill(password);
  await page.keyboard.press("Enter");
}
await page.getByText(expected).first().waitFor({ timeout: 30_000 });
if (screenshot) await page.screenshot({ path: screenshot });
console.log(JSON.stringify({ requests, complaints, text: await page.locator("body").innerText() }));
await browser.close();
