"""How a player looks: its CSS, in the colours of the page that it stands on, light or dark."""

from __future__ import annotations

_COLOURS = """
.netkit-player {
  --nk-ink: var(--jp-ui-font-color1, var(--vscode-editor-foreground, inherit));
  --nk-quiet: var(--jp-ui-font-color2, var(--vscode-descriptionForeground, inherit));
  --nk-ground: var(--jp-layout-color1, var(--vscode-editor-background, transparent));
  --nk-raised: var(--jp-layout-color2, rgba(128, 128, 128, .12));
  --nk-line: var(--jp-border-color1, rgba(128, 128, 128, .5));
  --nk-focus: var(--jp-brand-color1, #0072b2);
  --nk-mark: #f0c04a;
  --nk-mark-ink: #17212b;
  color: var(--nk-ink); font-size: var(--jp-ui-font-size1, 13px); line-height: 1.45; overflow: visible;
  max-width: 1500px; padding: 2px;
}
"""

_WIDGETS = """
.netkit-player .widget-html, .netkit-player .widget-html-content { margin: 0; height: auto; overflow: visible;
  line-height: 1.45; font-size: inherit; color: var(--nk-ink); align-self: stretch; flex: 1 1 auto; }
.netkit-player .widget-html > label { display: none; }
.netkit-player .widget-label { color: var(--nk-ink); }
.netkit-player :focus-visible { outline: 2px solid var(--nk-focus) !important; outline-offset: 1px; }
.netkit-player .netkit-row { flex-flow: row wrap; gap: 4px 10px; align-items: center; overflow: visible; }
.netkit-player .netkit-row button { width: auto; padding: 0 10px; }
.netkit-player .netkit-play { min-width: 84px; font-weight: 700; }
.netkit-player .netkit-hidden { display: none; }
.netkit-player .netkit-panes { flex-flow: row wrap; gap: 8px; align-items: stretch; overflow: visible; }
.netkit-player .netkit-panes > * { border: 1px solid var(--nk-line); border-radius: 4px; padding: 6px;
  box-sizing: border-box; }
"""

_LISTS = """
.netkit-player .netkit-list { max-height: 148px; overflow: auto; border: 1px solid var(--nk-line);
  border-radius: 4px; }
.netkit-player .netkit-list label { display: grid; gap: 0 10px; padding: 1px 6px; cursor: pointer;
  align-items: baseline; grid-template-columns: 14px 2.5em minmax(9em, 5fr) minmax(12em, 5fr) minmax(12em, 7fr); }
.netkit-player .netkit-list label span { overflow-wrap: anywhere; }
.netkit-player .netkit-list label span:nth-of-type(1) { text-align: right; font-variant-numeric: tabular-nums; }
.netkit-player .netkit-list label:hover { background: var(--nk-raised); }
.netkit-player .netkit-list label:has(:checked) { background: var(--nk-mark); color: var(--nk-mark-ink);
  font-weight: 700; }
.netkit-player .netkit-list input { margin: 0; }
.netkit-player .netkit-pane-hops { flex: 1 1 230px; max-width: 360px; max-height: 620px; overflow: auto; }
.netkit-player .netkit-hops > div { display: grid; grid-template-columns: 3em 1fr auto; gap: 0 8px; padding: 1px 6px;
  cursor: pointer; }
.netkit-player .netkit-hops > div:hover { background: var(--nk-raised); }
.netkit-player .netkit-hops span:first-child { text-align: right; font-variant-numeric: tabular-nums; }
"""

_STAGE = """
.netkit-player .netkit-pane-stage { flex: 4 1 480px; position: relative; max-height: 620px;
  overflow: auto; }
.netkit-player .netkit-stage { position: relative; overflow: visible; margin: auto; }
.netkit-player .netkit-stage img { display: block; width: 100%; max-width: none; height: auto; }
.netkit-player .netkit-over { position: absolute !important; inset: 0; }
.netkit-player .netkit-keys { padding: 3px 8px; border: 1px dashed var(--nk-line); border-radius: 4px; cursor: pointer;
  color: var(--nk-quiet); }
.netkit-player .netkit-keys:focus { border-style: solid; color: var(--nk-ink); background: var(--nk-raised); }
.netkit-player .netkit-keys:focus .netkit-asleep { visibility: hidden; }
.netkit-player kbd { border: 1px solid var(--nk-line); border-radius: 3px; padding: 0 4px; background: var(--nk-raised);
  color: var(--nk-ink); font-family: inherit; box-shadow: none; }
.netkit-player .netkit-told { border-left: 4px solid var(--nk-focus); padding: 2px 10px; min-height: 4.4em; }
.netkit-player .netkit-told h4 { margin: 0 0 2px; font-size: 1.05em; color: var(--nk-ink); }
.netkit-player .netkit-told p { margin: 0; }
.netkit-player .netkit-told td, .netkit-player .netkit-told th { text-align: left; padding: 0 10px 0 0;
  color: var(--nk-ink); vertical-align: top; }
.netkit-player .netkit-told code { background: none; color: inherit; }
"""

_FRAME = """
.netkit-player .netkit-frame { display: flex; flex-flow: row wrap; gap: 4px 14px; align-items: flex-start; }
.netkit-player .netkit-pane-frame { max-height: 460px; overflow: auto; }
.netkit-player .netkit-fields { flex: 1 1 310px; }
.netkit-player .netkit-fields summary { cursor: pointer; background: var(--nk-raised); padding: 1px 6px; }
.netkit-player .netkit-fields table { width: 100%; border-collapse: collapse; table-layout: fixed; margin: 0 0 4px;
  color: inherit; font-size: inherit; border: 0; }
.netkit-player .netkit-fields tr { background: none; cursor: default; }
.netkit-player .netkit-fields th, .netkit-player .netkit-fields td { text-align: left; padding: 0 4px; border: 0;
  font-weight: inherit; color: inherit; background: none; overflow-wrap: anywhere; vertical-align: top; }
.netkit-player .netkit-fields th { width: 33%; }
.netkit-player .netkit-fields td:last-child { width: 80px; text-align: right;
  padding-left: 0; white-space: nowrap; }
.netkit-player .netkit-differs { font-weight: 700; }
.netkit-player .netkit-differs th::before { content: "● "; }
.netkit-player .netkit-hex { flex: 0 0 auto; position: sticky; top: 0;
  font-family: var(--jp-code-font-family, monospace); font-size: var(--jp-code-font-size, 12px); line-height: 1.55; }
.netkit-player .netkit-hex > div { display: flex; gap: 10px; white-space: pre; }
.netkit-player .netkit-hex i { color: var(--nk-quiet); font-style: normal; }
.netkit-player .netkit-hex code, .netkit-player .netkit-hex samp { font: inherit; background: none; color: inherit;
  padding: 0; display: inline-flex; }
.netkit-player .netkit-hex code { width: 288px; }
.netkit-player .netkit-hex code span { width: 18px; text-align: center; }
.netkit-player .netkit-hex samp span { width: 8px; text-align: center; }
"""

STYLE = f"<style>{_COLOURS}{_WIDGETS}{_LISTS}{_STAGE}{_FRAME}</style>"
"""The CSS of every player, as an HTML element."""
