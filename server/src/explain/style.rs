//! How the picture looks: the widget's colours (style/tokens.css), in light and in dark.

/// The style sheet inside the picture. Media queries, since the picture is often shown as an image of its own.
pub const CSS: &str = "\
svg{--ground:#fbfaf8;--ink:#1b1d21;--soft:#5b5e64;--line:#dedcd8;--off:#f1efeb;--ready:#146c43;--wait:#8a5300;--alert:#a3201d;--accent:#1f4fd8;--pill:#e8ecf8;\
font:13px/1.4 ui-sans-serif,Inter,\"Noto Sans\",system-ui,sans-serif;font-variant-numeric:tabular-nums;color-scheme:light dark}\
@media (prefers-color-scheme:dark){svg{--ground:#16181c;--ink:#eceef1;--soft:#a9adb5;--line:#34373d;--off:#1e2126;--ready:#6fd6a3;--wait:#f0b866;--alert:#ff9a94;--accent:#93b0ff;--pill:#252c3e}}\
text,.ink{fill:var(--ink)}\
.ground{fill:var(--ground)}.off{fill:var(--off)}.hair{stroke:var(--line);stroke-width:1}\
.title{font-size:21px;font-weight:650}.strong{font-weight:650}.soft{fill:var(--soft)}.small{font-size:12px}\
.head{font-size:12px;font-weight:650;letter-spacing:.05em;fill:var(--soft)}\
.end{text-anchor:end}.mid{text-anchor:middle}\
.ready{fill:var(--ready)}.wait{fill:var(--wait)}.alert{fill:var(--alert)}.gone{fill:var(--soft)}.accent{fill:var(--accent)}\
.ring{fill:var(--ground);stroke-width:2}.ring.wait{stroke:var(--wait)}.ring.alert{stroke:var(--alert)}.ring.accent{stroke:var(--accent)}.ring.gone{stroke:var(--soft)}.ring.ready{stroke:var(--ready)}\
.supply{fill:none;stroke:var(--ready);stroke-width:2}.claims{fill:none;stroke:var(--wait);stroke-width:2;stroke-dasharray:5 3}\
.free{fill:var(--accent);fill-opacity:.13}.edge{fill:none;stroke:var(--accent);stroke-width:1}\
.today{stroke:var(--soft);stroke-width:1;stroke-dasharray:2 3}.bound{stroke:var(--alert);stroke-width:1;stroke-dasharray:2 3}\
.pole{stroke:var(--accent);stroke-width:1.5}.pill{fill:var(--pill);stroke:var(--accent);stroke-width:1}";
