export const STYLE = `
:root { color-scheme: light; --ink: #1d2733; --soft: #5c6b7a; --line: #dde3ea; --accept: #3b8f6b; --divert: #c0392b; --manual: #d69a1f; --finding: #34558b; }
* { box-sizing: border-box; }
body { margin: 0; font: 15px/1.5 system-ui, 'DejaVu Sans', sans-serif; color: var(--ink); background: #f4f6f9; }
header { background: #22344f; color: #fff; padding: 18px 32px; }
h1 { margin: 0; font-size: 22px; }
main { max-width: 1180px; margin: 0 auto; padding: 20px 32px 60px; }
h2 { font-size: 17px; margin: 28px 0 10px; }
.tiles { display: grid; grid-template-columns: repeat(4, 1fr); gap: 14px; }
.tile { background: #fff; border: 1px solid var(--line); border-top: 4px solid var(--finding); border-radius: 6px; padding: 14px 18px; }
.tile strong { display: block; font-size: 30px; line-height: 1.2; }
.tile span { color: var(--soft); }
.tile.accept { border-top-color: var(--accept); } .tile.divert { border-top-color: var(--divert); } .tile.manual { border-top-color: var(--manual); }
svg { width: 100%; background: #fff; border: 1px solid var(--line); border-radius: 6px; padding: 8px; }
svg text { font-size: 12px; fill: var(--soft); }
rect.accept { fill: var(--accept); } rect.divert { fill: var(--divert); } rect.manual { fill: var(--manual); }
table { border-collapse: collapse; background: #fff; border: 1px solid var(--line); }
th, td { text-align: left; padding: 4px 12px; border-bottom: 1px solid var(--line); } td:nth-child(2) { text-align: right; }
article { background: #fff; border: 1px solid var(--line); border-left: 5px solid var(--manual); border-radius: 6px; padding: 12px 18px; margin: 0 0 14px; }
article.critical { border-left-color: var(--divert); }
h3 { margin: 0; font-size: 16px; } h3 small { font-weight: 400; color: var(--soft); }
article p { margin: 4px 0; } .story { color: var(--soft); }
.scans { display: flex; flex-wrap: wrap; gap: 12px; margin-top: 8px; }
figure { margin: 0; width: 252px; border: 1px solid var(--line); border-radius: 4px; overflow: hidden; font-size: 13px; }
figure img { width: 100%; height: 150px; object-fit: cover; object-position: 100% 0; display: block; background: #eee; }
figcaption { padding: 6px 10px; overflow-wrap: anywhere; }
b.accept { color: var(--accept); } b.divert { color: var(--divert); } b.manual { color: #9a6b0c; }
code { font-size: 12px; color: var(--soft); }
`;
