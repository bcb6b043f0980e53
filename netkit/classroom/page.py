"""What all pages for teachers share: HTML and style, light and dark, the script that refreshes, its security policy."""

import base64
import hashlib

PAGE = """\
<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>{title}</title>
{head}<style>
:root {{ color-scheme: light dark; }}
body {{ font: 16px/1.5 system-ui, sans-serif; margin: 1.5rem auto; max-width: 80rem; padding: 0 1rem;
  color: light-dark(#1a1a1a, #f0f0f0); background: light-dark(#fff, #161616); }}
a {{ color: light-dark(#0b57a4, #8ec5ff); }}
a:focus-visible, summary:focus-visible {{ outline: 3px solid light-dark(#0b57a4, #8ec5ff); outline-offset: 2px; }}
table {{ border-collapse: collapse; margin: 1rem 0; }}
th, td {{ border: 1px solid #8a8a8a; padding: .3rem .6rem; text-align: left; }}
img {{ max-width: 100%; }}
.beside {{ display: flex; flex-wrap: wrap; gap: 0 2rem; }}
pre {{ white-space: pre-wrap; overflow-wrap: anywhere; }}
</style>
</head>
<body>
<main>{body}</main>
</body>
</html>
"""
"""A page with a `title`, further lines for its `head`, and a `body`."""

AGAIN = """
const again = document.getElementById("again");
setInterval(async () => {
  if (!again.checked) return;
  const token = document.cookie.split("; ").find(one => one.startsWith("_xsrf="));
  const reply = await fetch(location.pathname, token && {headers: {"X-XSRFToken": token.slice(6)}});
  if (!reply.ok) return;
  const page = new DOMParser().parseFromString(await reply.text(), "text/html");
  const at = document.activeElement.getAttribute("href");
  document.getElementById("live").replaceWith(page.getElementById("live"));
  if (at) document.querySelector(`#live a[href="${CSS.escape(at)}"]`)?.focus();
}, 5000);
"""
"""The only script of a page: it makes what stands in `live` anew every five seconds, as long as `again` is ticked.

A JupyterHub asks for its cookie's token once more in a header, since no other site's script can read the cookie.
"""

_DIGEST = base64.b64encode(hashlib.sha256(AGAIN.encode()).digest()).decode()
POLICY = (
    "default-src 'none'; style-src 'unsafe-inline'; img-src data:; connect-src 'self'; form-action 'none'; "
    f"base-uri 'none'; frame-ancestors 'none'; script-src 'sha256-{_DIGEST}'"
)
"""What a browser may do on a page (Content Security Policy): run that script, and no other."""
