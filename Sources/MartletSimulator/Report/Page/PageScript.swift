// What moves on a page: ticks of the axis, zooming by dragging, filters, and words on what is
// hovered over.
// The page is whole without it, but for the ticks.

/// The page's script.
enum PageScript {
    /// Plain JavaScript; it reads the page and the requests in it, and loads nothing.
    static let text = """
        "use strict";
        const end = Number(document.body.dataset.end), tracks = document.getElementById("tracks");
        const ticks = document.getElementById("ticks"), tip = document.getElementById("tip");
        const lanes = JSON.parse(document.getElementById("operations").textContent);
        let view = [0, end];
        const powers = [0.01, 0.1, 1, 10, 100, 1e3, 1e4, 1e5];
        const units = [1, 2, 5].flatMap(n => powers.map(u => n * u));
        units.sort((a, b) => a - b);
        function draw() {
          const [from, to] = view, span = to - from;
          document.body.style.setProperty("--t0", from);
          document.body.style.setProperty("--span", span);
          for (const svg of tracks.querySelectorAll(".track svg"))
            svg.setAttribute("viewBox", `${from} 0 ${span} 100`);
          for (const bar of tracks.querySelectorAll(".bar")) name(bar, from, to);
          const step = units.find(u => span / u <= 14) || units.at(-1);
          ticks.replaceChildren();
          for (let i = Math.ceil(from / step); i * step <= to; i += 1) {
            const at = i * step, mark = document.createElement("span");
            mark.className = at - from < span * 0.01 ? "tick edge" : "tick";
            mark.style.left = `${(at - from) / span * 100}%`;
            const digits = Math.max(0, Math.min(5, 3 - Math.floor(Math.log10(step))));
            mark.textContent = `${(at / 1e3).toFixed(step >= 1e3 ? 0 : digits)} s`;
            if (at - from < span * 0.98) ticks.append(mark);
          }
        }
        function name(bar, from, to) {
          const begin = Number(bar.style.getPropertyValue("--a")), text = bar.firstElementChild;
          const over = Number(bar.style.getPropertyValue("--b")), room = (to - from) * 0.2;
          text.className = over < to - room ? "after" : begin > from + room ? "before" : "inside";
          const hidden = Math.max(0, from - begin) / (over - begin) * 100;
          text.style.left = text.className === "inside" ? `${hidden}%` : "";
        }
        for (const box of document.querySelectorAll(".filters input"))
          box.addEventListener("change", () => document.querySelector(".spacetime")
            .classList.toggle(`without-${box.dataset.style}`, !box.checked));
        function timeAt(track, x) {
          const box = track.getBoundingClientRect();
          const share = Math.min(1, Math.max(0, (x - box.left) / box.width));
          return view[0] + share * (view[1] - view[0]);
        }
        let drag = null;
        tracks.addEventListener("mousedown", event => {
          const track = event.target.closest(".track");
          if (!track || event.button !== 0) return;
          const choice = document.createElement("div");
          choice.id = "choice";
          tracks.append(choice);
          drag = { track, x: event.clientX, choice };
        });
        addEventListener("mousemove", event => {
          if (drag) {
            const box = tracks.getBoundingClientRect();
            drag.choice.style.left = `${Math.min(drag.x, event.clientX) - box.left}px`;
            drag.choice.style.width = `${Math.abs(event.clientX - drag.x)}px`;
          }
          hover(event);
        });
        addEventListener("mouseup", event => {
          if (!drag) return;
          const times = [drag.x, event.clientX].map(x => timeAt(drag.track, x));
          times.sort((a, b) => a - b);
          if (Math.abs(event.clientX - drag.x) > 4 && times[1] - times[0] > 0.05) view = times;
          drag.choice.remove();
          drag = null;
          draw();
        });
        tracks.addEventListener("dblclick", () => { view = [0, end]; draw(); });
        function nearest(track, event) {
          const at = timeAt(track, event.clientX), reach = (view[1] - view[0]) / 300;
          let best = null, distance = reach;
          for (const [begin, over, text] of lanes[track.dataset.client] || []) {
            const away = at < begin ? begin - at : Math.min(at - begin, Math.max(0, at - over));
            if (away <= distance) { best = [begin, over, text]; distance = away; }
          }
          if (!best) return "";
          const taken = (best[1] - best[0]).toFixed(2);
          return `${best[2]}\\n${(best[0] / 1e3).toFixed(5)} s, took ${taken} ms`;
        }
        function hover(event) {
          if (!(event.target instanceof Element)) return;
          const marked = event.target.closest("[data-tip]");
          const client = event.target.closest("[data-client]");
          const text = marked ? marked.dataset.tip : client ? nearest(client, event) : "";
          tip.hidden = !text;
          if (!text) return;
          tip.textContent = text;
          tip.style.left = `${Math.min(event.clientX + 14, innerWidth - tip.offsetWidth - 8)}px`;
          tip.style.top = `${Math.min(event.clientY + 16, innerHeight - tip.offsetHeight - 8)}px`;
        }
        draw();
        """
}
