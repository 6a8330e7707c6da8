// Keeps a hosted page current. Without it the page works as well: the browser loads it again every few seconds.
//
// The service sends the page's state whenever it changes. If it isn't the one shown, the page is loaded again and its
// <main> taken over. Where events don't come through (a proxy that collects them), the page is loaded every few seconds.
"use strict";

(() => {
  const FIRST_EVENT_MS = 5000;
  const POLL_MS = 3000;
  const LEAVE_MS = 1500;
  const HURRY_SECONDS = 30;

  const status = document.getElementById("status");
  let end = () => {};

  begin();

  function begin() {
    const main = document.getElementById("main");
    const stops = [listen(main), countDown(main)];
    if (main.dataset.next) {
      setTimeout(() => location.assign(main.dataset.next), LEAVE_MS);
    }
    end = () => stops.forEach((stop) => stop());
  }

  function listen(main) {
    if (!main.dataset.events) {
      return () => {};
    }
    let polling;
    const poll = () => {
      polling ??= setInterval(refresh, POLL_MS);
    };
    const silence = setTimeout(poll, FIRST_EVENT_MS);
    const source = new EventSource(main.dataset.events);
    source.onmessage = (event) => {
      clearTimeout(silence);
      clearInterval(polling);
      polling = undefined;
      if (event.data !== main.dataset.state) {
        refresh();
      }
    };
    source.onerror = () => {
      // A connection that broke is made again by the browser; one that was refused is not.
      if (source.readyState === EventSource.CLOSED) {
        poll();
      }
    };
    return () => {
      source.close();
      clearTimeout(silence);
      clearInterval(polling);
    };
  }

  // Counts by the clock's difference: a timer stands still while a computer sleeps.
  function countDown(main) {
    const shown = main.querySelector("#time-left");
    if (!shown) {
      return () => {};
    }
    const over = Date.now() + 1000 * Number(shown.dataset.seconds);
    let hurried = Number(shown.dataset.seconds) <= HURRY_SECONDS;
    const ticking = setInterval(() => {
      const left = Math.max(0, Math.ceil((over - Date.now()) / 1000));
      shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      if (left <= HURRY_SECONDS && !hurried) {
        hurried = true;
        status.textContent = shown.dataset.hurry;
      }
      if (left === 0) {
        refresh();
      }
    }, 1000);
    return () => clearInterval(ticking);
  }

  async function refresh() {
    let page;
    try {
      const response = await fetch(location.pathname, { cache: "no-store" });
      page = new DOMParser().parseFromString(await response.text(), "text/html");
    } catch {
      return; // The network is away: the next event, poll or tick tries again.
    }
    const old = document.getElementById("main");
    const main = page.getElementById("main");
    if (main && main.dataset.state !== old.dataset.state) {
      replace(old, main, page.title);
    }
  }

  function replace(old, main, title) {
    end();
    old.replaceWith(document.adoptNode(main));
    document.title = title;
    const heading = main.querySelector("h1");
    heading.focus();
    // The heading is read because it has the focus; what it means is read as the page's news.
    status.textContent = heading.nextElementSibling?.matches(".lead") ? heading.nextElementSibling.textContent : "";
    begin();
  }
})();
