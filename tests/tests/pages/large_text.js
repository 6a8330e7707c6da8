// What doesn't fit once a person has set text to twice its size.
document.documentElement.style.fontSize = "200%";
const faults = [];
const width = document.documentElement.clientWidth;
if (document.documentElement.scrollWidth > width) {
  faults.push(`the page is ${document.documentElement.scrollWidth} wide on a screen of ${width}`);
}
for (const box of document.querySelectorAll(".number, .check-value, header, main, button, .button, input, li")) {
  if (box.scrollWidth > box.clientWidth + 1 && getComputedStyle(box).display !== "inline") {
    faults.push(`${box.className || box.tagName}: ${box.scrollWidth} in ${box.clientWidth}`);
  }
}
for (const text of document.querySelectorAll("header span, h1, p, dd, dt, li")) {
  const line = parseFloat(getComputedStyle(text).fontSize);
  const { width: inner } = text.getBoundingClientRect();
  if (text.textContent.trim().length > 3 && text.checkVisibility() && !text.classList.contains("unseen") && inner < 2 * line) {
    faults.push(`${text.className || text.tagName} is as narrow as ${inner}`);
  }
}
return faults;
