(() => {
  "use strict";
  const data = JSON.parse(document.getElementById("data").textContent);
  const $ = (id) => document.getElementById(id);
  const RANK = { failed: 0, blocked: 1, change: 2, pending: 3, unchanged: 4 };
  const list = $("list"), search = $("search"), filter = $("filter"), audio = $("audio");
  const rows = [];
  const nameOf = (p) => (p.label && p.label !== p.name ? [p.name, p.label].filter(Boolean).join(" \u00b7 ") : p.name) || p.id;
  data.projects.forEach((p) => {
    const text = [p.id, p.name, p.label, p.note, ...p.tags, p.type, p.desired, p.status, p.verdict, p.reason].join(" ").toLowerCase();
    const outs = p.outputs.length ? p.outputs : [null];
    outs.forEach((o, i) => rows.push({ p, o, part: outs.length > 1 ? ` (${i + 1}/${outs.length})` : "", text, key: p.id + "\n" + i, first: i === 0 }));
  });
  const KEYS = {
    name: (r) => nameOf(r.p).toLowerCase(), desired: (r) => r.p.desired, state: (r) => RANK[r.p.verdict],
    length: (r) => (r.o && r.o.duration != null ? r.o.duration : -1), size: (r) => (r.o ? r.o.size : -1),
    age: (r) => (r.p.age == null ? -1 : r.p.age), credits: (r) => (r.p.credits == null ? -1 : r.p.credits),
  };
  let sort = "state", up = true, shown = [], at = 0, playing = null, height = 56;

  const bytes = (n) => {
    if (n < 1024) return n + " B";
    let i = -1;
    do { n /= 1024; i++; } while (n >= 1024 && i < 3);
    return n.toFixed(1) + " " + ["KiB", "MiB", "GiB", "TiB"][i];
  };
  const clock = (s) => {
    s = Math.round(s);
    const m = Math.floor(s / 60) % 60, h = Math.floor(s / 3600), z = String(s % 60).padStart(2, "0");
    return h ? `${h}:${String(m).padStart(2, "0")}:${z}` : `${m}:${z}`;
  };
  const make = (tag, cls, text) => {
    const e = document.createElement(tag);
    if (cls) e.className = cls;
    if (text != null) e.textContent = text;
    return e;
  };

  const sums = () => {
    const s = data.summary;
    const bad = s.verdicts.failed + s.verdicts.blocked;
    [["Projects", s.projects.toLocaleString("en")], ["Stored", s.stored.toLocaleString("en")], ["Size", bytes(s.size)],
     ["Length", clock(s.duration)], ["Credits", s.credits.toLocaleString("en")], ["Problems", bad.toLocaleString("en")],
     ...(s.states.lost.projects ? [["Acknowledged as lost", s.states.lost.projects.toLocaleString("en")]] : [])].forEach(([label, value]) => {
      const box = make("div", label === "Problems" && bad ? "sum bad" : "sum");
      box.append(make("b", "", value), make("span", "", label));
      $("sums").append(box);
    });
  };

  const wave = (canvas, r) => {
    const peaks = r.o.peaks, ratio = devicePixelRatio || 1, w = canvas.clientWidth, h = 34;
    if (!w) return;
    canvas.width = w * ratio; canvas.height = h * ratio;
    const c = canvas.getContext("2d"), style = getComputedStyle(document.documentElement);
    c.scale(ratio, ratio);
    const done = playing === r && audio.duration ? audio.currentTime / audio.duration : 0;
    const step = w / peaks.length;
    for (let i = 0; i < peaks.length; i++) {
      const v = Math.max(1, (parseInt(peaks[i], 36) / 35) * (h - 4));
      c.fillStyle = style.getPropertyValue((i + 0.5) / peaks.length <= done ? "--accent" : "--dim");
      c.globalAlpha = (i + 0.5) / peaks.length <= done ? 1 : 0.55;
      c.fillRect(i * step, (h - v) / 2, Math.max(1, step - 1), v);
    }
  };

  const cell = (cls, ...parts) => { const e = make("div", cls); e.append(...parts); return e; };
  const rowOf = (r, i) => {
    const p = r.p, o = r.o, bad = p.verdict === "failed" || p.verdict === "blocked";
    const e = make("div", "row grid" + (bad ? " problem" : "") + (i === at ? " on" : ""));
    e.style.top = i * height + "px";
    e.setAttribute("role", "row"); e.setAttribute("aria-rowindex", i + 2);
    if (i === at) e.setAttribute("aria-selected", "true");
    const b = make("button", "play", playing === r && !audio.paused ? "\u275a\u275a" : "\u25b6");
    const can = o && o.url && o.in_place;
    b.disabled = !can;
    b.setAttribute("aria-label", `Play ${nameOf(p)}${r.part}`);
    b.onclick = (ev) => { ev.stopPropagation(); select(i); play(r); };
    const name = make("div", "name", nameOf(p) + r.part);
    const place = o ? o.path + (o.in_place ? "" : " (missing or changed)") : p.id;
    const sub = make("div", "sub", bad || !o ? `${p.id} \u00b7 ${p.reason}` : [p.type, place, ...p.tags.map((tag) => "#" + tag)].filter(Boolean).join(" \u00b7 "));
    name.title = [`${nameOf(p)} ${p.id}`, p.note].filter(Boolean).join("\n"); sub.title = o ? `${p.id}\n${place}\n${p.reason}` : p.reason;
    const w = cell("c-wave");
    if (can && o.peaks) {
      const canvas = make("canvas");
      canvas.onclick = (ev) => {
        select(i);
        const part = ev.offsetX / canvas.clientWidth;
        if (playing !== r) play(r);
        const seek = () => { audio.currentTime = part * audio.duration; };
        if (audio.readyState > 0) seek(); else audio.addEventListener("loadedmetadata", seek, { once: true });
      };
      w.append(canvas);
      r.canvas = canvas;
    }
    e.append(cell("", b), cell("", name, sub), cell("c-desired", make("span", "tag", p.desired)),
      cell("c-state", make("span", "tag " + p.verdict, p.actions.join(", ") || p.verdict)), w,
      cell("c-length num", o && o.duration != null ? clock(o.duration) : "\u2013"), cell("c-size num", o ? bytes(o.size) : "\u2013"),
      cell("c-credits num", p.credits == null || !r.first ? "\u2013" : p.credits.toLocaleString("en")),
      cell("c-age num", p.created_at ? p.created_at.slice(0, 10) : "\u2013"));
    e.onclick = () => select(i);
    return e;
  };

  const draw = () => {
    height = parseFloat(getComputedStyle(document.documentElement).getPropertyValue("--row"));
    const top = list.getBoundingClientRect().top;
    const from = Math.max(0, Math.floor(-top / height) - 6), to = Math.min(shown.length, Math.ceil((innerHeight - top) / height) + 6);
    const part = document.createDocumentFragment();
    for (let i = from; i < to; i++) part.append(rowOf(shown[i], i));
    list.style.height = Math.max(shown.length * height, 90) + "px";
    if (!shown.length) part.append(make("div", "empty", "No project matches."));
    list.replaceChildren(part);
    for (let i = from; i < to; i++) if (shown[i].canvas && shown[i].canvas.isConnected) wave(shown[i].canvas, shown[i]);
  };
  let queued = false;
  const later = () => { if (!queued) { queued = true; requestAnimationFrame(() => { queued = false; draw(); }); } };

  const update = () => {
    const words = search.value.toLowerCase().split(/\s+/).filter(Boolean), kind = filter.value;
    const fits = (r) => kind === "all" || (kind === "problems" && RANK[r.p.verdict] < 2) || (kind === "stored" && r.o && r.o.in_place) || r.p.verdict === kind;
    shown = rows.filter((r) => fits(r) && words.every((w) => r.text.includes(w)));
    const key = KEYS[sort], sign = up ? 1 : -1;
    shown.sort((a, b) => { const x = key(a), y = key(b); return x < y ? -sign : x > y ? sign : 0; });
    at = Math.min(at, Math.max(0, shown.length - 1));
    $("count").textContent = `${shown.length.toLocaleString("en")} of ${rows.length.toLocaleString("en")} rows`;
    document.querySelectorAll("[data-sort]").forEach((b) => b.parentElement.setAttribute("aria-sort", b.dataset.sort === sort ? (up ? "ascending" : "descending") : "none"));
    draw();
  };
  const select = (i) => {
    at = Math.max(0, Math.min(shown.length - 1, i));
    const top = list.getBoundingClientRect().top + at * height;
    if (top < 60) scrollBy(0, top - 60);
    else if (top + height > innerHeight - 90) scrollBy(0, top + height - innerHeight + 90);
    draw();
  };
  const play = (r) => {
    if (!r || !r.o || !r.o.url || !r.o.in_place) return;
    if (playing === r) { if (audio.paused) audio.play(); else audio.pause(); return; }
    playing = r;
    audio.src = r.o.url;
    $("now").textContent = nameOf(r.p) + r.part;
    $("now-path").textContent = r.o.path;
    $("bar").hidden = false;
    audio.play().catch(() => { $("now-path").textContent = `${r.o.path}: cannot be played`; });
  };
  ["play", "pause", "ended", "timeupdate"].forEach((n) => audio.addEventListener(n, n === "timeupdate" ? () => { if (playing && playing.canvas && playing.canvas.isConnected) wave(playing.canvas, playing); } : later));

  document.querySelectorAll("[data-sort]").forEach((b) => { b.onclick = () => { if (sort === b.dataset.sort) up = !up; else { sort = b.dataset.sort; up = true; } update(); }; });
  search.oninput = () => { at = 0; update(); };
  filter.onchange = () => { at = 0; update(); };
  const theme = (t) => { document.documentElement.dataset.theme = t; $("theme").textContent = t === "dark" ? "Light" : "Dark"; later(); };
  $("theme").onclick = () => theme(document.documentElement.dataset.theme === "dark" ? "light" : "dark");
  theme(matchMedia("(prefers-color-scheme: dark)").matches ? "dark" : "light");
  addEventListener("keydown", (e) => {
    if (e.ctrlKey || e.metaKey || e.altKey) return;
    if (e.target === search) { if (e.key === "Escape" || e.key === "Enter") search.blur(); return; }
    if (e.target.tagName === "SELECT") return;
    if (e.key === "/") { e.preventDefault(); search.focus(); search.select(); }
    else if (e.key === "j" || e.key === "ArrowDown") { e.preventDefault(); select(at + 1); }
    else if (e.key === "k" || e.key === "ArrowUp") { e.preventDefault(); select(at - 1); }
    else if (e.key === " " && e.target.tagName !== "BUTTON") { e.preventDefault(); play(shown[at]); }
  });
  addEventListener("scroll", later, { passive: true });
  addEventListener("resize", later);
  $("when").textContent = `${data.api} \u00b7 ${data.observed_at}`;
  sums();
  update();
  document.documentElement.dataset.ready = Math.round(performance.now());
})();
