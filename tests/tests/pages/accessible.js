// What is wrong with the page, as far as a script can see (WCAG 2.2, AA). A list of texts; empty is good.
const faults = [];
const fault = (text, element) => faults.push(element ? `${text}: ${element.outerHTML.slice(0, 120)}` : text);
const all = (css) => [...document.querySelectorAll(css)];
const isShown = (element) => element.getClientRects().length > 0;

if (!document.documentElement.lang) fault("no language");
if (!document.title.includes(" – ")) fault("no title");
for (const landmark of ["h1", "main", "header", "footer", "[role=status]"]) {
  if (all(landmark).length !== 1) fault(`${all(landmark).length} of ${landmark}`);
}
const ids = all("[id]").map((element) => element.id);
if (new Set(ids).size !== ids.length) fault("an id is used twice");
for (const image of all("img")) {
  if (!image.hasAttribute("alt")) fault("no alternative text", image);
  if (isShown(image) && image.complete && image.naturalWidth === 0) fault("broken", image);
}
for (const input of all("input")) {
  if (!input.labels.length) fault("no label", input);
  for (const id of (input.getAttribute("aria-describedby") ?? "").split(" ").filter(Boolean)) {
    if (!document.getElementById(id)) fault(`described by ${id}, which isn't there`, input);
  }
}
for (const control of all("a, button, summary")) {
  if (!control.textContent.trim()) fault("no name", control);
  if (isShown(control) && control.getBoundingClientRect().height < 24) fault("too small to hit", control);
}
if (document.documentElement.scrollWidth > document.documentElement.clientWidth) fault("scrolls sideways");

const rgb = (colour) => colour.match(/[\d.]+/g).map(Number);
const luminance = (colour) =>
  rgb(colour)
    .slice(0, 3)
    .map((value) => value / 255)
    .map((value) => (value <= 0.04045 ? value / 12.92 : ((value + 0.055) / 1.055) ** 2.4))
    .reduce((sum, value, index) => sum + value * [0.2126, 0.7152, 0.0722][index], 0);
const ground = (element) => {
  for (let at = element; at; at = at.parentElement) {
    const colour = getComputedStyle(at).backgroundColor;
    if ((rgb(colour)[3] ?? 1) > 0) return colour;
  }
  return "rgb(255, 255, 255)";
};
for (const element of all("body *")) {
  const hasText = [...element.childNodes].some((node) => node.nodeType === Node.TEXT_NODE && node.data.trim());
  if (!hasText || !isShown(element) || element.closest(".unseen")) continue;
  const lights = [luminance(getComputedStyle(element).color), luminance(ground(element))].sort((a, b) => b - a);
  const contrast = (lights[0] + 0.05) / (lights[1] + 0.05);
  if (contrast < 4.5) fault(`contrast of ${contrast.toFixed(2)}`, element);
}
return faults;
