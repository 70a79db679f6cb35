package storagetest

import "strings"

type keyGroup struct {
	name string
	keys []string
}

// craftedKeys aim from the place of an attacker at what lies around it. Some are
// refused by the contract; the others are odd names that stay in the place.
func craftedKeys() []keyGroup {
	return []keyGroup{
		{"traversal", []string{
			"../appx/x", "../../apps/appx/x", "../../shared/x", "../x", "../../x", "../../../x", "../../../t2/apps/app/x",
			"../../../$system/keys/x", "../../../../../../../../etc/passwd", "a/../../appx/x", "a/b/../../../appx/x", "./../appx/x",
			"..//appx/x", ".//x", "./x", "x/.", "x/..", "..", ".", "../", "./", "dir/../x", "dir/./x", "dir//x", "//x", "/x", "/",
			"", "dir/", "/t1/apps/appx/x", "//t2/apps/app/x", "/../appx/x", "/etc/passwd",
		}},
		{"whole paths", []string{
			"t1/apps/appx/x", "t1/shared/x", "t2/apps/app/x", "$system/keys/x", "apps/appx/x", "users/u/apps/app/x", "shared/x",
			"appx/x", "x/t2/apps/app/x", "apps/app/x",
		}},
		{"traversal, percent-encoded", []string{
			"%2e%2e/appx/x", "%2e%2e%2fappx%2fx", "..%2fappx%2fx", "..%2Fappx%2Fx", ".%2e/appx/x", "%2e./appx/x", "%252e%252e/appx/x",
			"%252e%252e%252fappx%252fx", "%25252e%25252e%25252fappx", "%u002e%u002e/appx/x", "%uff0e%uff0e%u2215appx", "%c0%ae%c0%ae/appx/x",
			"%c0%ae%c0%ae%c0%afappx%c0%afx", "%e0%80%ae%e0%80%ae/appx/x", "..%5cappx%5cx", "..%c1%9cappx", "..%00/appx/x", "%2f%2fx", "%",
			"%2", "%zz", "x%00", "x%2f", "&#46;&#46;/appx/x", "\\u002e\\u002e/appx/x", "\\x2e\\x2e/appx/x", "=2E=2E/appx/x",
		}},
		{"traversal, overlong or broken UTF-8", []string{
			"\xc0\xae\xc0\xae/appx/x", "..\xc0\xafappx\xc0\xafx", "\xe0\x80\xae\xe0\x80\xae/appx/x", "\xf0\x80\x80\xae\xf0\x80\x80\xae/x",
			"\xf8\x80\x80\x80\xae/x", "..\xc1\x9cappx", "\xed\xa0\x80", "\xed\xb0\x80x", "x\xff", "\xfe\xff.\x00.", "\x80", "x\xe2\x82",
			".\xcc./appx/x", "\xf4\x90\x80\x80",
		}},
		{"traversal with backslashes", []string{
			`..\appx\x`, `..\..\shared\x`, `..\/appx/x`, `../..\shared/x`, `\..\appx\x`, `\\t2\apps\x`, `dir\x`, `x\`, `\`, `.\x`, `\\`,
		}},
		{"dots in disguise", []string{
			"...", "....", "..../appx/x", "....//appx/x", "...//x", "..;/appx/x", "..;x/appx", ". ./appx/x", ".. /appx/x", " ../appx/x",
			"..\u00a0/appx/x", "．．/appx/x", "．．／appx／x", "‥/appx/x", "…/x", "\u2024\u2024/appx/x", ".\u200b./appx/x",
			".\u00ad./appx/x", "\ufeff../appx/x", ".\u2060./appx/x", ".\u0301./appx/x", "..\u0338/appx", "\u3002\u3002/appx/x", "\u00b7\u00b7/x",
			".\U000e0001./appx/x",
		}},
		{"slashes in disguise", []string{
			"..∕appx∕x", "..⁄appx⁄x", "..⧸appx⧸x", "..╱appx", "..＼appx＼x", "..﹨appx", "..⧵appx", "..∖appx", "dir∕x", "dir／x", "dir：x",
			"..¥appx¥x", "..₩appx",
		}},
		{"names that normalise to others", []string{
			"X", "ⅹ", "ｘ", "ˣ", "x\u0301", "x\u200d", "x\ufe0f", "\u202ex", "\u2066x\u2069", "caf\u00e9", "cafe\u0301", "\u212a", "K", "ﬁ", "fi", "ß", "ss",
			"ı", "İ", "i\u0307", "ſ", "\u0439", "\u0438\u0306", "가", "\u1100\u1161", "\U0001d499", "\u03c2", "\u03c3", "dir/X", "DIR/x", "Dir", "\u2126",
			"\u03a9",
		}},
		{"control characters", []string{
			"\x00", "x\x00", "\x00x", "x\x00.txt", "x\x00/../../appx/x", "../appx/x\x00", "x\n", "x\r\nX-Evil: 1", "x\ty", "\x1b[2J", "\x7f",
			"\u0085", "\u009b", "x\u2028y", "x\u2029", "\x08x", "x\x1a",
		}},
		{"ends that file systems drop", []string{
			"x.", "x..", "x ", "x  ", " x", "x. ", "x .", "dir./x", "dir /x", "x\u3000", "x\u00a0", "dir/ ", "dir/. ", "\u2003",
		}},
		{"names that systems keep for themselves", []string{
			"CON", "nul", "NUL.txt", "aux", "COM1", "lpt1.txt", "CONIN$", "x::$DATA", "x:stream", "dir::$INDEX_ALLOCATION/x", "C:", "C:/x", "C:x",
			`C:\x`, `\\?\C:\x`, `\\.\pipe\x`, "//./x", "PROGRA~1", "~", "~/x", "~root/x", "file:///etc/passwd", "http://t2/x", ".git/config", ".htaccess",
			"/dev/null", "proc/self/environ", "lost+found", "Icon\uf00d", "._x", "desktop.ini",
		}},
		{"names of the store's own", []string{
			"objects/x", "tmp/x", "../../../../tmp/x", "../../../../objects/t2/apps/app/x", "tmp", "objects", "$system", "$system/x", "cpod.db",
			"master.key", "../../../../master.key", "documents", ".tmp", "x.tmp", "x~", "x.meta", "x.json", ".lock",
		}},
		{"words of other languages", []string{
			"*", "?", "x*", "[x]", "[a-z]", "{x,y}", "x|y", "x;y", "x&y", "!x", "^x", "$x", "$(id)", "`id`", "${x}", "{{x}}", "<x>", "x>y", "x<y",
			"'", `"`, "''", "' OR '1'='1", `" OR ""="`, "x'; DROP TABLE documents;--", "x\\' OR 1=1 --", "x)) OR ((1=1", "%%", "_", "x%", "x_", "%x%", "/*x*/",
			"--", "#", "x#y", "x?tier=shared", "x&tier=shared", "x?app=appx", "x#/../appx/x", "$where", `{"$ne":null}`, `{"$gt":""}`, "x.$id", "$.x", "@x",
			"KEYS *", "x\\*", "{t2}x", "t1x:x", "x:*", "tag::x", "+OK", "x,y", "x=y", "x+y", "x%20y", "x y",
		}},
		{"parts of the routes", []string{
			"incr", "ttl", "query", "batch", "x/incr", "x/ttl", "x/query", "things/x", "db/things/x", "files/x", "signed/x", "v1/storage/kv/x", "file-urls",
			"v1/storage/files/../kv/x", ";x=1", "x;tier=shared",
		}},
		{"ends of the order", []string{
			"!", "-", "0", "/0", "~~", "\u007e\U0010ffff", "\U0010ffff", "\uffff", "\ufffd", "\ufffe", "x\U0010ffff", "xx", "x/x", "x/x/x", "x0", "x-", "x.x",
			"dir", "dir0", "dir/x0", "dir-/x",
		}},
		{"sizes", []string{
			strings.Repeat("k", 199), strings.Repeat("k", 200), strings.Repeat("k", 201), strings.Repeat("k", 255), strings.Repeat("k", 256),
			strings.Repeat("k", 511), strings.Repeat("k", 512), strings.Repeat("k", 513), strings.Repeat("é", 100), strings.Repeat("é", 101),
			strings.Repeat("é", 256), strings.Repeat("é", 256) + "k", strings.Repeat("k/", 255) + "k", strings.Repeat("k/", 256) + "k",
			strings.Repeat("k/", 349) + "kk", strings.Repeat("k/", 350) + "k", strings.Repeat("../", 200) + "etc/passwd",
			strings.Repeat("k", 4096), strings.Repeat("/", 300), strings.Repeat(".", 200), strings.Repeat("%2e", 170), strings.Repeat(" ", 200),
		}},
	}
}

// hopelessIDs are no ids: nobody has a place by them.
func hopelessIDs() []string {
	return []string{
		"", ".", "..", strings.Repeat("a", 65), strings.Repeat("a", 1000), strings.Repeat("/", 22), strings.Repeat("é", 11),
		strings.Repeat("a", 62) + "/", strings.Repeat("a", 63) + "%",
	}
}
