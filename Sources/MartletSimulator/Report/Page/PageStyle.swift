// The look of a page, light and dark. Each colour means one thing wherever it stands: blue read,
// green written and alive, red failed and lost, amber unsure, grey down, purple fault, brown hint,
// pink differing and mended, teal exchanged, olive promised and settled, rust removed.

/// The page's style sheet.
enum PageStyle {
    /// Colours, text, header and tables.
    static let text = """
        :root { color-scheme: light dark;
          --paper: light-dark(#fbfbfa, #15181c); --card: light-dark(#fff, #1d2126);
          --ink: light-dark(#1d2329, #e4e7ea); --soft: light-dark(#68717b, #98a2ad);
          --rule: light-dark(#e2e4e6, #30363d); --read: light-dark(#3f78c9, #6ea3ef);
          --write: light-dark(#2c9464, #52bf8c); --bad: light-dark(#d03a3a, #ff6b6b);
          --unsure: light-dark(#d08b12, #eab24b); --down: light-dark(#4b535d, #7d8792);
          --fault: light-dark(#8a55c4, #b48cf0); --hint: light-dark(#96653a, #cf9a68);
          --differ: light-dark(#c2478f, #ee82bf); --up: light-dark(#bfe0d0, #275443);
          --exchange: light-dark(#0b8a92, #4cc3cb); --promise: light-dark(#85881c, #c3c65a);
          --removal: light-dark(#a8431a, #f08a5d); }
        * { box-sizing: border-box; }
        body { margin: 0 auto; padding: 24px 28px 60px; max-width: 1400px; background: var(--paper);
          color: var(--ink); font: 14px/1.45 system-ui, -apple-system, "Segoe UI", sans-serif; }
        h1, h2, h3, p, ul { margin: 0; padding: 0; font-weight: 400; }
        h1 { font-size: 26px; font-weight: 650; letter-spacing: -0.01em; }
        h2 { font-size: 16px; font-weight: 650; }
        h3 { font-size: 12px; color: var(--soft); margin-bottom: 4px; }
        code, .broken p, .stamp, .label { font-family: ui-monospace, "SF Mono", Menlo, Consolas,
          "DejaVu Sans Mono", monospace; }
        .title { display: flex; align-items: center; gap: 12px; }
        .seed { color: var(--soft); font-size: 18px; }
        .verdict { color: #fff; font-weight: 650; padding: 3px 12px; border-radius: 20px; }
        .verdict.passed { background: light-dark(#2c9464, #2f8a60); }
        .verdict.failed { background: light-dark(#d03a3a, #c93c3c); }
        .verdict.vacuous { background: light-dark(#b5770a, #a87112); }
        .about { color: var(--soft); max-width: 90ch; margin-top: 8px; }
        .command { margin-top: 10px; }
        .command code { background: var(--card); border: 1px solid var(--rule); padding: 4px 10px;
          border-radius: 6px; font-size: 13px; user-select: all; }
        .figures { display: grid; grid-template-columns: repeat(6, 1fr); gap: 10px;
          margin: 18px 0 4px; }
        .figures div { background: var(--card); border: 1px solid var(--rule); border-radius: 8px;
          padding: 9px 12px; min-width: 0; }
        .figures b, .figures i { display: block; font: 12px/1.35 system-ui, sans-serif;
          color: var(--soft); overflow-wrap: anywhere; }
        .figures strong { font-size: 20px; font-weight: 650; }
        .broken, .hollow { border-left: 5px solid var(--bad); background: var(--card);
          border-radius: 0 8px 8px 0; padding: 12px 16px; margin: 16px 0 4px; }
        .hollow { border-color: var(--unsure); }
        .broken h2 { color: var(--bad); }
        .broken p { margin-top: 6px; font-size: 13px; overflow-wrap: anywhere; }
        .tables > div { display: grid; grid-template-columns: 2fr 1fr 1fr; gap: 28px;
          margin-top: 8px; }
        .tables h2 { margin-top: 26px; }
        .tables ul { list-style: none; columns: 2; column-gap: 28px; }
        .tables div > div + div ul { columns: 1; }
        .tables li { display: flex; justify-content: space-between; break-inside: avoid;
          border-bottom: 1px solid var(--rule); padding: 2px 0; }
        .tables li b { font-variant-numeric: tabular-nums; font-weight: 600; }
        #tip { position: fixed; z-index: 9; background: var(--ink); color: var(--paper);
          border-radius: 6px; padding: 4px 9px; font-size: 12px; pointer-events: none;
          max-width: 460px; white-space: pre-line; }
        .defs { position: absolute; width: 0; height: 0; }
        """

    /// Rows along the axis, and the space-time diagram.
    static let tracks = """
        .heading { display: flex; align-items: baseline; gap: 12px; margin: 22px 0 6px; }
        .heading p { color: var(--soft); font-size: 12.5px; margin-right: auto; }
        .chip { font-size: 12px; color: var(--soft); white-space: nowrap; }
        .chip::before { content: ""; display: inline-block; width: 10px; height: 10px;
          border-radius: 2px; margin-right: 5px; background: var(--k, transparent); }
        .k-read { --k: var(--read); } .k-write { --k: var(--write); } .k-bad { --k: var(--bad); }
        .k-unsure { --k: var(--unsure); } .k-down { --k: var(--down); } .k-up { --k: var(--up); }
        .k-fault { --k: var(--fault); } .k-hint { --k: var(--hint); }
        .k-reply { --k: var(--soft); }
        .k-ink { --k: var(--ink); } .k-differ { --k: var(--differ); }
        .k-refusing { --k: var(--bad); } .k-paused { --k: var(--unsure); }
        .k-refused { --k: var(--down); }
        .k-repair { --k: var(--differ); } .k-exchange { --k: var(--exchange); }
        .k-promise { --k: var(--promise); } .k-removal { --k: var(--removal); }
        .k-none::before { border: 1px solid var(--rule); }
        .filters { display: flex; flex-wrap: wrap; gap: 4px 14px; margin-bottom: 6px; }
        label.chip { cursor: pointer; } .chip input { margin: 0 4px 0 0; vertical-align: -1px; }
        .row { display: grid; grid-template-columns: 172px 1fr; align-items: center; }
        .row + .row { border-top: 1px solid var(--rule); }
        .row.strip + .row.strip { border-top: 0; }
        .row.strip + .row.strip.first { margin-top: 5px; }
        .name { display: flex; justify-content: space-between; padding-right: 10px; font-size: 12px;
          line-height: 1.1; gap: 6px; white-space: nowrap; }
        .name b { font-weight: 600; } .name i { color: var(--soft); font-style: normal;
          font-size: 11px; }
        .track { position: relative; overflow: hidden; cursor: crosshair; }
        .track svg { display: block; width: 100%; height: 100%; }
        .track path { vector-effect: non-scaling-stroke; fill: none; }
        .axis { position: sticky; top: 0; z-index: 3; background: var(--paper); margin-top: 18px;
          padding: 4px 0; border-bottom: 1px solid var(--rule); }
        .axis .track, .axis .name { height: 40px; align-items: flex-start; }
        .phase { position: absolute; top: 0; height: 18px; font-size: 11px; color: var(--soft);
          --from: max(var(--a), var(--t0)); overflow: hidden; white-space: nowrap;
          left: calc((var(--from) - var(--t0)) / var(--span) * 100%);
          width: max(0px, calc((var(--b) - var(--from)) / var(--span) * 100%));
          border-left: 1px solid var(--soft); padding-left: 5px; }
        .tick { position: absolute; top: 22px; font-size: 11px; transform: translateX(-50%);
          font-variant-numeric: tabular-nums; color: var(--soft); white-space: nowrap; }
        .tick.edge { transform: none; }
        .row.fault { border: 0; } .fault .track { height: 17px; }
        .bar { position: absolute; top: 3px; height: 11px; border-radius: 3px; min-width: 3px;
          left: calc((var(--a) - var(--t0)) / var(--span) * 100%); background: var(--fault);
          width: calc((var(--b) - var(--a)) / var(--span) * 100%); }
        .bar span { position: absolute; top: -3px; font-size: 11.5px; white-space: nowrap;
          line-height: 17px; padding: 0 6px; }
        .bar .after { left: 100%; } .bar .before { right: 100%; }
        .bar .inside { color: var(--paper); }
        .band { fill: var(--fault); opacity: 0.1; pointer-events: none; }
        .border { stroke: var(--soft); stroke-dasharray: 2 3; vector-effect: non-scaling-stroke; }
        .breach { stroke: var(--bad); stroke-width: 2; vector-effect: non-scaling-stroke; }
        rect.up { fill: var(--up); } rect.down { fill: var(--down); }
        rect.refusing { fill: var(--bad); }
        rect.paused, rect.unsure { fill: var(--unsure); }
        .track path.hints { fill: var(--hint); } .track path.differ { fill: var(--differ); }
        .track path.failed { fill: var(--bad); }
        .op { stroke-width: 1.2; opacity: 0.75; } .op.read { stroke: var(--read); }
        .op.write { stroke: var(--write); }
        .op.bad { stroke: var(--bad); stroke-width: 2; opacity: 1; }
        .op.unsure { stroke: var(--unsure); stroke-width: 2; opacity: 1; }
        .op.refused { stroke: var(--down); }
        .grid { stroke: var(--rule); } .line { stroke-width: 2; }
        .line.p99 { stroke: var(--soft); } .line.median { stroke: var(--ink); }
        #choice { position: absolute; top: 0; bottom: 0; background: var(--read); opacity: 0.2; }
        #tracks { position: relative; user-select: none; }
        .spacetime { width: 100%; display: block; }
        .spacetime text { font-size: 11px; fill: var(--ink); }
        .spacetime .column { text-anchor: middle; font-weight: 600; font-size: 12px; }
        .spacetime .stamp { text-anchor: end; fill: var(--soft); font-size: 10px; }
        .spacetime .label { text-anchor: end; }
        .life { stroke: var(--rule); stroke-width: 2; }
        .wait { stroke: var(--rule); stroke-dasharray: 1 5; stroke-width: 2; }
        .ask { stroke: var(--soft); opacity: 0.8; } .label.ask { stroke: none; }
        .answer { stroke: var(--soft); stroke-dasharray: 4 3; }
        .answer.read { stroke: var(--read); } .answer.write { stroke: var(--write); }
        .answer.bad { stroke: var(--bad); } .answer.unsure { stroke: var(--unsure); }
        .spacetime .label.read { fill: var(--read); }
        .spacetime .label.write { fill: var(--write); }
        .spacetime .label.bad { fill: var(--bad); }
        .spacetime .label.unsure { fill: var(--unsure); }
        .message { stroke-width: 1.5; fill: none; }
        .message.read { stroke: var(--read); } .message.read circle { fill: var(--read); }
        .message.write { stroke: var(--write); } .message.write circle { fill: var(--write); }
        .message.hint { stroke: var(--hint); } .message.hint circle { fill: var(--hint); }
        .message.repair { stroke: var(--differ); } .message.repair circle { fill: var(--differ); }
        .message.exchange { stroke: var(--exchange); }
        .message.exchange circle { fill: var(--exchange); }
        .message.comparison { stroke-dasharray: 5 3; stroke-width: 1; }
        .message.promise { stroke: var(--promise); stroke-dasharray: 2 3; }
        .message.promise circle { fill: var(--promise); }
        .message.removal { stroke: var(--removal); stroke-width: 2.5; }
        .message.removal circle { fill: var(--removal); }
        .spacetime .what { stroke: none; fill: var(--soft); font-size: 9px; }
        .spacetime .removal .what { fill: var(--removal); font-weight: 600; }
        .without-read .message.read, .without-write .message.write, .without-hint .message.hint,
        .without-repair .message.repair, .without-exchange .message.exchange,
        .without-promise .message.promise, .without-removal .message.removal,
        .without-reply .message.reply { display: none; }
        .message.reply { stroke: var(--soft); stroke-width: 0.8; }
        .message.reply circle { fill: var(--soft); stroke: none; }
        .message.lost { stroke: var(--bad); }
        .spacetime .message.lost text:not(.what) { fill: var(--bad); stroke: none; font-size: 15px;
          text-anchor: middle; }
        .message:hover { stroke-width: 3; }
        """
}
