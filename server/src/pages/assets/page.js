// Keeps a hosted page current. Without it the page works as well: the browser loads it again every few seconds.
//
// The service sends the page's state whenever it changes. If it isn't the one shown, the page is loaded again and its
// <main> taken over. Where events don't come through (a proxy that collects them), the page is loaded every few seconds.
// While the service can't be reached the page says so, and once its time is over it shows no number any more.
"use strict";

(() => {
  const FIRST_EVENT_MS = 5000;
  const POLL_MS = 3000;
  const LEAVE_MS = 1500;
  const HURRY_SECONDS = 30;

  const status = document.getElementById("status");
  const offline = document.getElementById("offline");
  let end = () => {};

  begin();

  function begin() {
    const main = document.getElementById("main");
    const stops = [listen(main), countDown(main), countWait(main)];
    if (main.dataset.posts) {
      document.getElementById(main.dataset.posts).submit();
    }
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
      offline.hidden = true;
      if (event.data !== main.dataset.state) {
        refresh();
      }
    };
    source.onerror = () => {
      // A connection that broke is made again by the browser, one that was refused is not: in both cases loading the
      // page shows how things are.
      refresh();
      poll();
    };
    return () => {
      source.close();
      clearTimeout(silence);
      clearInterval(polling);
    };
  }

  // Calls `tick` with the seconds that are left, each second, by the clock's difference: a timer stands still while a
  // computer sleeps.
  function count(shown, tick) {
    const over = Date.now() + 1000 * Number(shown.dataset.seconds);
    let ticking;
    const look = () => {
      const left = Math.max(0, Math.ceil((over - Date.now()) / 1000));
      shown.textContent = `${Math.floor(left / 60)}:${String(left % 60).padStart(2, "0")}`;
      tick(left);
    };
    ticking = setInterval(look, 1000);
    return () => clearInterval(ticking);
  }

  function countDown(main) {
    const shown = main.querySelector("#time-left");
    if (!shown) {
      return () => {};
    }
    let hurried = Number(shown.dataset.seconds) <= HURRY_SECONDS;
    let polling;
    const stop = count(shown, (left) => {
      if (left <= HURRY_SECONDS && !hurried) {
        hurried = true;
        status.textContent = shown.dataset.hurry;
      }
      if (left === 0 && polling === undefined) {
        // What is over must not be shown, whether or not the service can say so.
        main.querySelectorAll("[data-secret]").forEach((secret) => secret.remove());
        main.querySelector("#over").hidden = false;
        refresh();
        polling = setInterval(refresh, POLL_MS);
      }
    });
    return () => {
      stop();
      clearInterval(polling);
    };
  }

  // Until a code is taken again.
  function countWait(main) {
    const shown = main.querySelector("#wait");
    return shown ? count(shown, (left) => left === 0 && refresh()) : () => {};
  }

  async function refresh() {
    let page;
    try {
      const response = await fetch(location.pathname + location.search, { cache: "no-store" });
      page = new DOMParser().parseFromString(await response.text(), "text/html");
      // A proxy answers in place of a service that is away.
      offline.hidden = response.status < 500 && page.getElementById("main") !== null;
    } catch {
      offline.hidden = false;
    }
    const old = document.getElementById("main");
    const main = page?.getElementById("main");
    if (!offline.hidden || !main) {
      return; // The next event, poll or tick tries again.
    }
    if (main.dataset.state !== old.dataset.state || main.dataset.waits !== old.dataset.waits) {
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
