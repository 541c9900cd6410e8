"""C++ text without what is not code, so that a check for a call doesn't find it in a sentence."""

import re

_TOKEN = re.compile(
    r'//(?:\\\n|[^\n])*'                                 # line comment
    r'|/\*.*?\*/'                                        # block comment
    r'|R"(?P<mark>[^()\\\s]{0,16})\(.*?\)(?P=mark)"'     # raw string
    r'|"(?:\\.|[^"\\\n])*"'                              # string
    r"|(?<![0-9a-fA-F])'(?:\\.|[^'\\\n])+'",             # character; not a digit separator
    re.DOTALL)


def _blank(text):
    return re.sub(r"[^\n]", " ", text)


def without_comments_and_strings(text):
    """The same lines and columns with comments, strings and characters blanked; #include stays."""
    def replace(match):
        start = text.rfind("\n", 0, match.start()) + 1
        if text[start:match.start()].lstrip().startswith("#include"):
            return match.group(0)
        return _blank(match.group(0))
    return _TOKEN.sub(replace, text)


def comments_only(text):
    """The same lines and columns with everything but comments blanked."""
    out, end = [], 0
    for match in _TOKEN.finditer(text):
        out.append(_blank(text[end:match.start()]))
        token = match.group(0)
        out.append(token if token.startswith(("//", "/*")) else _blank(token))
        end = match.end()
    out.append(_blank(text[end:]))
    return "".join(out)
