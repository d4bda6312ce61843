"""Streams for comparing the screen model with a real xterm: every family of control functions, the same for one seed."""
import random

TEXT = ["the ", "quick", "brown fox ", "0123456789", "AbCdEf", "x", "ab", "~!@#$%", "lazy dog and more of it "]
WIDE = ["日", "漢字", "e\u0301", "あx", "한글", "a\u0308b", "中文字符"]
SGR = ["0", "1", "4", "7", "31", "42", "1;33", "44", "48;5;100", "38;2;1;2;3", "27", "22", "24", "49", "39", "5", "8", "28", "9", "3", "2"]


def esc(text):
    return "\x1b" + text


def csi(*parts):
    return "\x1b[" + "".join(str(p) for p in parts)


class Maker:
    """Pieces of streams, drawn from one random source."""

    def __init__(self, seed, columns=40, rows=12):
        self.r = random.Random(seed)
        self.columns, self.rows = columns, rows

    def one(self, *choices):
        return self.r.choice(choices)

    def text(self):
        return self.r.choice(TEXT)

    def row(self):
        return self.r.choice([1, 2, 3, self.rows - 1, self.rows, self.r.randint(1, self.rows)])

    def column(self):
        return self.r.choice([1, 2, 5, self.columns - 1, self.columns, self.r.randint(1, self.columns)])

    def amount(self):
        return self.r.choice(["", "0", "1", "2", "3", str(self.r.randint(1, 8)), str(self.r.randint(1, 60))])

    def fill(self):
        """The whole screen full of text, so that nothing moves unseen."""
        out = ""
        for y in range(self.rows):
            start = self.r.randint(0, 60)
            out += csi(y + 1, "H") + "".join(chr(33 + (start + 7 * x + 3 * y) % 94) for x in range(self.columns))
        return out + csi("H")

    def goto(self):
        return csi(self.row(), ";", self.column(), "H")

    def edge(self):
        """To the last column, with a pending wrap there or not."""
        return csi(self.row(), ";", self.columns, "H") + self.one("", "x", "x")

    def sgr(self):
        return csi(self.r.choice(SGR), "m")

    def region(self):
        top = self.r.randint(1, self.rows - 1)
        return csi(top, ";", self.r.randint(top + 1, self.rows), "r")

    def sides(self):
        left = self.r.randint(1, self.columns - 5)
        return csi("?69h") + csi(left, ";", self.r.randint(left + 1, self.columns), "s")

    # families: each gives one step of its stream

    def cursor(self):
        return self.one(self.goto(), self.edge(), csi(self.amount(), self.one(*"ABCDEFGade`")), csi(self.amount(), ";", self.amount(), self.one(*"Hf")), "\b", "\r", "\n", self.text())

    def erase(self):
        return self.one(self.goto(), self.edge(), self.sgr(), csi(self.one("", "0", "1", "2", "5"), self.one(*"JK")), csi(self.amount(), "X"), self.text())

    def insdel(self):
        return self.one(self.goto(), self.edge(), self.sgr(), csi(self.amount(), self.one(*"@PLM")), self.text(), self.one("", self.region()), self.one("", self.sides()))

    def scroll(self):
        return self.one(self.goto(), self.sgr(), csi(self.amount(), self.one(*"ST^")), self.one("\n", esc("D"), esc("M"), esc("E"), "\v", "\f"), self.one(self.region(), csi("r")), self.text(), self.edge())

    def margins(self):
        return self.one(self.goto(), self.goto(), self.sides(), self.region(), csi(self.one("?69l", "?69h", "r", "s")), csi(self.amount(), self.one(*"ABCDEFGadeHST@PLMXIZ")), self.text(), self.text(), self.one("\n", "\r", "\b", "\t", esc("D"), esc("M"), esc("E"), esc("6"), esc("9")), csi(self.amount(), self.one(" @", " A", "'}", "'~")), self.edge(), csi(self.amount(), self.one(*"JK")))

    def origin(self):
        return self.one(csi(self.one("?6h", "?6l")), self.region(), self.sides(), csi(self.amount(), ";", self.amount(), "H"), csi(self.amount(), self.one(*"ABCDGdae`EF")), self.text(), esc("7"), esc("8"), csi(self.one("?69l", "r", "!p", "J", "1J")), esc("#8") if self.r.random() < .2 else "z", "\r", "\n")

    def insert(self):
        return self.one(csi(self.one("4h", "4l")), csi("4h"), self.goto(), self.edge(), self.text(), self.text(), self.sides(), csi(self.one("?7l", "?7h", "?69l")), self.r.choice(WIDE), csi(self.amount(), "b"))

    def wrap(self):
        return self.one(csi(self.one("?7h", "?7l", "?45h", "?45l")), self.edge(), self.edge() + self.text(), "\b" * self.r.randint(1, 5), csi(self.amount(), "D"), self.goto(), self.text(), self.sides(), csi(self.one("K", "J", "X", "P", "@", "L", "M", "1K")), "\t", csi(self.amount(), self.one(*"ICST")), esc("7"), esc("8"), "\r", "\n")

    def revwrap(self):
        return self.one(csi(self.one("?45h", "?45l", "?7h", "?7l")), csi("?45h"), csi(self.row(), ";", self.one("1", "2", "3"), "H"), "\b" * self.r.randint(1, 60), csi(self.amount(), "D"), self.text(), self.text() * 4, self.region(), self.sides(), "\r", "\n", csi(self.one("?69l", "r")), self.edge())

    def revwrap2(self):
        return self.one(csi(self.one("?1045h", "?1045l", "?45h", "?45l", "?7h")), csi("?1045h"), csi(self.row(), ";", self.one("1", "2", "3"), "H"), "\b" * self.r.randint(1, 60), csi(self.amount(), "D"), self.text(), self.region(), self.sides(), "\r", csi(self.one("?69l", "r")), self.edge())

    def tabs(self):
        return self.one("\t", csi(self.amount(), "I"), csi(self.amount(), "Z"), esc("H"), csi(self.one("0", "3", "", "2", "1"), "g"), csi("3g") if self.r.random() < .3 else esc("H"), csi(self.one("0", "2", "5"), "W"), self.goto(), self.text(), self.sides() if self.r.random() < .3 else "\t|", csi(self.one("?69l", "?6h", "?6l", "?1K")), "\r")

    def charset(self):
        return self.one(esc(self.one(*"()*+") + self.one(*"B0A")), esc(self.one("-A", ".A", "/A", "n", "o", "~", "}", "|", "N", "O")), "\x0e", "\x0f", "`afgjklmnopqrstuvwxyz{|}~_", "#$@[\\]^", self.text(), self.goto(), esc("7"), esc("8"), csi("!p") if self.r.random() < .2 else "q", esc("Nq"), esc("Ox"))

    def national(self):
        return self.one(csi("?42l"), esc(self.one(*"()*+") + self.one(*"AB045CQKRYZE6H7=<>")), esc(self.one("(`", ")%5", "(%6", "(%2", "(%=", "*4", "+\"4")), esc(self.one("n", "o", "~")), "\x0e", "\x0f", "#@[\\]^_`{|}~", "abc", self.goto(), esc("N["), esc("O{"), esc("7"), esc("8"))

    def altscreen(self):
        return self.one(csi("?", self.one("47", "1047", "1048", "1049"), self.one("h", "l")), self.text(), self.goto(), self.sgr(), esc("7"), esc("8"), csi("2J"), csi("?47h") + self.text(), csi("?47l") + self.text(), self.region(), csi(self.one("?6h", "?6l")))

    def saved(self):
        return self.one(esc("7"), esc("8"), csi("s"), csi("u"), csi("?1048h"), csi("?1048l"), self.goto(), self.edge(), self.sgr(), self.text(), csi(self.one("?6h", "?6l", "?7l", "?7h", "?69l")), self.region(), self.sides(), esc(self.one("(0", "(B", ")0")), self.one("\x0e", "\x0f"), csi(self.one('1"q', '0"q', "!p")))

    def wide(self):
        return self.one(self.r.choice(WIDE), self.r.choice(WIDE), self.goto(), self.edge(), csi(self.amount(), self.one(*"@PXDCKJ")), "\b", self.text(), self.sgr(), self.sides(), csi(self.one("?7l", "?7h", "?69l", "4h", "4l")), csi(self.row(), ";", self.columns, "H") + "日", csi(self.amount(), "b"))

    def protect(self):
        return self.one(csi(self.one("0", "1", "2", ""), '"q'), csi('1"q'), esc("V"), esc("W"), csi("?", self.one("", "0", "1", "2"), self.one(*"JK")), csi(self.one("", "0", "1", "2"), self.one(*"JK")), csi(self.amount(), self.one(*"XP@LM")), self.goto(), self.text(), self.text(), self.sgr(), csi(self.rect(), "${"), csi(self.rect(), "$z"))

    def rect(self):
        top, left = self.row(), self.column()
        bottom, right = self.one("", str(self.row()), str(top + self.r.randint(0, 5))), self.one("", str(self.column()), str(left + self.r.randint(0, 9)))
        return f"{self.one(top, top, '')};{self.one(left, left, '')};{bottom};{right}"

    def rects(self):
        return self.one(csi(self.rect(), ";;", self.row(), ";", self.column(), ";1$v"), csi(self.rect(), ";1;", self.row(), ";", self.column(), "$v"), csi(self.one(65, 42, 32, 126, 161, 31, 127, 233), ";", self.rect(), "$x"), csi(self.rect(), "$z"), csi(self.rect(), "${"), csi(self.rect(), ";", self.attrs(), "$r"), csi(self.rect(), ";", self.attrs(), "$t"), csi(self.one("", "0", "1", "2"), "*x"), self.sgr(), self.text(), self.goto(), self.region() + csi(self.one("?6h", "?6l")), self.sides() + csi(self.one("?6h", "?6l")), self.one(csi('1"q'), csi('0"q'), csi("?6l"), esc("(0"), esc("(B")))

    def attrs(self):
        return ";".join(self.one("0", "1", "4", "5", "7", "8", "22", "24", "25", "27", "28", "") for _ in range(self.r.randint(0, 3)))

    def decsace(self):
        return self.one(csi(self.one("1", "2", "0"), "*x"), csi(self.rect(), ";", self.attrs(), "$r"), csi(self.rect(), ";", self.attrs(), "$t"), csi(self.rect(), ";", self.attrs(), "$r"), self.sgr() + self.goto() + self.text(), self.region(), self.sides(), csi(self.one("?6h", "?6l", "?6l", "K", "J")))

    def xtsave(self):
        modes = ["1", "5", "6", "7", "12", "25", "45", "66", "67", "69", "1000", "1002", "1003", "1004", "1005", "1006", "1007", "1015", "2004", "47", "1047", "1048", "1049"]
        some = ";".join(self.r.sample(modes, self.r.randint(1, 3)))
        return csi("?", some, self.one(*"srhlsr")) + self.one("", self.text())

    def rep(self):
        return self.one(self.text() + csi(self.amount(), "b"), "é" + csi("3b"), "日" + csi("2b"), self.goto(), self.edge() + csi(self.amount(), "b"), csi(self.one("4h", "4l", "?7l", "?7h")), self.sides(), csi("b"), "\n", esc("(0") + "q" + csi("3b") + esc("(B"), self.sgr(), "e\u0301" + csi("2b"))

    def columnops(self):
        return self.one(csi(self.amount(), self.one(" @", " A", "'}", "'~")), esc("6"), esc("9"), self.goto(), self.edge(), self.sides(), self.region(), csi(self.one("?69l", "r", "?6h", "?6l")), self.sgr(), self.text(), csi(self.row(), ";", self.one(1, 1, self.columns), "H") + esc(self.one("6", "9")))

    def motion(self):
        return self.one(csi(self.amount(), self.one(*"IZ`adeGEF")), self.text(), self.goto(), self.edge(), self.region(), self.sides(), csi(self.one("?6h", "?6l", "?69l", "r", "20h", "20l")), "\n", "\v", "\f", "\r", esc("E"), esc("D"), esc("M"), esc("c") if self.r.random() < .1 else "k")

    def newline(self):
        return self.one(csi(self.one("20h", "20l")), "\n", "\v", "\f", "\r", self.text(), self.edge(), esc("D"), esc("E"), self.sides(), csi("?69l"), self.goto())

    def eightbit(self):
        return self.one(esc(" F"), esc(" G"), csi(self.one("61", "62", "63", "64", "65", "62;1", "65;0", "64;2", "62;"), '"p'), self.text(), self.goto(), self.sgr(), self.region(), csi("?6h"), csi(self.rect(), "$z"), csi(self.one("?25l", "4h", "?69h")), "\x85".encode("utf-8").decode("utf-8"), "\x9b1m", "\x84")

    def reset(self):
        return self.one(csi("!p"), esc("c") if self.r.random() < .4 else csi("!p"), esc("#8") if self.r.random() < .3 else "v", self.sgr(), self.text(), self.goto(), self.region(), self.sides(), csi(self.one("4h", "?6h", "?7l", "?25l", "?1h", "20h", "?5h", "?45h", "?1000h", "?1006h", "?2004h", "?47h", "?1049h", "?66h", "?12h", "?1004h")), esc("="), esc("7"), esc("8"), esc("(0"), "\x0e", esc("H"), csi("3g"), csi('1"q'), csi("2*x"), self.edge())

    def decaln(self):
        return self.one(esc("#8"), self.region(), self.sides(), csi("?6h"), csi("41m"), csi('1"q'), self.goto(), self.text(), csi("J"), csi("?J"), csi(self.amount(), "P"), self.sgr())

    def decscl(self):
        return self.one(csi(self.one("61", "62", "63", "64", "65", "60", "66", "62;1", "63;0", "64;2"), '"p'), csi(self.rect(), self.one("$z", "${")), self.text(), self.goto(), csi(self.one("?69h", "5;9s", "4h", "?6h", "'}", "2 @")), csi(self.one("1;31m", "38;5;99m", '1"q', "?2J", "?K")), esc(self.one("7", "8", "n", "(0", "6", "9")))

    def bce(self):
        return self.one(csi(self.one("41", "44", "48;5;100", "48;2;1;2;3", "7", "49", "0"), "m"), csi(self.one("J", "1J", "K", "1K", "2K", "4X", "3P", "3@", "2L", "2M", "2S", "2T", " @", "2'}", "2'~")), "\n", esc("M"), self.text(), self.edge() + "xy", self.goto(), csi("?1049h"), csi("?1049l"), csi("?1047h"), csi("?1047l"), csi(self.rect(), "$z"), csi(self.rect(), "${"), self.sides(), self.region(), esc("#8") if self.r.random() < .1 else "j")

    def rendition(self):
        return self.one(self.sgr(), csi(";".join(self.r.choice(SGR) for _ in range(self.r.randint(1, 4))), "m"), csi(self.one("38:5:9", "48:2::1:2:3", "38;5", "38:2:9:8:7", "38;2;1;2", "48;5;256", "53", "21", "90", "107", "55", "6", "26", "1:2", "38;9;1", "48;2;1;;2", "100;1"), "m"), self.text(), self.text(), csi("K"), "\r\n", esc("7"), esc("8"))

    def strings(self):
        return self.one("\x1b]2;" + self.one("title", "größer", "日本", "a;b", "") + self.one("\x07", "\x1b\\"), "\x1b]0;both\x07", "\x1bPzz\x1b\\", "\x1b_app\x1b\\", "\x1b^pm\x1b\\", "\x1bXsos\x1b\\", "\x1b]2;cut\x18", "\x1b[3\b1m", "\x1b[1\x1b[4m", "\x1b[1\x1a2m", self.text(), "\x1b[?1;2$z", "\x1b[<5q", "\x1b[>0T", csi("22t"), csi("23t"), csi("22;2t"), csi("23;2t"), csi("22;1t"), csi("23;0t"), csi(">0t") if self.r.random() < .2 else "s", csi("22;0;2t") if self.r.random() < .3 else "f", "\x1b[1:2H", "\x1b[5;5;5;5H")

    def col132(self):
        return self.one(csi(self.one("?95h", "?95l")), csi("?40l"), csi(self.one("?3h", "?3l")), self.text(), self.goto(), self.region(), csi("?6h"))

    def mixed(self):
        families = [getattr(self, name) for name in FAMILIES if name not in ("mixed", "decscl", "eightbit", "national", "strings", "col132")]
        return self.r.choice(families)()


FAMILIES = ["cursor", "erase", "insdel", "scroll", "margins", "origin", "insert", "wrap", "revwrap", "revwrap2", "tabs", "charset", "national", "altscreen", "saved",
            "wide", "protect", "rects", "decsace", "xtsave", "rep", "columnops", "motion", "newline", "eightbit", "reset", "decaln", "decscl", "bce",
            "rendition", "strings", "col132", "mixed"]
BARE = {"tabs", "charset", "national", "rendition", "strings"}


def stream(family, number, seed=4711, columns=40, rows=12):
    """One stream as bytes."""
    maker = Maker(f"{family}/{number}/{seed}", columns, rows)
    steps = maker.r.randint(6, 40)
    out = "" if family in BARE else maker.fill()
    for _ in range(steps):
        out += getattr(maker, family)()
    return out.encode("utf-8")
