package flags

import (
	"cmp"
	"slices"
	"strings"
)

// semver compiles sem_ver: [version, operator, version]. Its outcome is null for what is
// no version.
func (c *compiler) semver(name string, operand any, at *place) node {
	operands, ok := c.operands(name, operand, at, 3, 3)
	if !ok {
		return nothing(at)
	}
	versions := [2]func(e *env) (version, bool){}
	for i, o := range []node{operands[0], operands[2]} {
		versions[i] = func(e *env) (version, bool) { return versionOf(o.eval(e)) }
		if o.lit == nil {
			continue
		}
		v, ok := versionOf(*o.lit)
		if !ok {
			c.fault(at.element(2*i), "is not a version such as 1.2.3 (semver.org)")
			return nothing(at)
		}
		versions[i] = func(*env) (version, bool) { return v, true }
	}
	operator := operands[1]
	if operator.lit != nil && semverOperator(*operator.lit) == nil {
		c.fault(at.element(1), "must be one of = != < <= > >= ~ ^")
		return nothing(at)
	}
	return node{eval: func(e *env) value {
		a, okA := versions[0](e)
		b, okB := versions[1](e)
		holds := semverOperator(operator.eval(e))
		if !okA || !okB || holds == nil {
			return value{}
		}
		return boolValue(holds(a, b))
	}}.over(operands)
}

func semverOperator(v value) func(a, b version) bool {
	if v.kind != text {
		return nil
	}
	switch v.str {
	case "=":
		return func(a, b version) bool { return a.compare(b) == 0 }
	case "!=":
		return func(a, b version) bool { return a.compare(b) != 0 }
	case "<":
		return func(a, b version) bool { return a.compare(b) < 0 }
	case "<=":
		return func(a, b version) bool { return a.compare(b) <= 0 }
	case ">":
		return func(a, b version) bool { return a.compare(b) > 0 }
	case ">=":
		return func(a, b version) bool { return a.compare(b) >= 0 }
	case "~":
		return func(a, b version) bool { return a.core[0] == b.core[0] && a.core[1] == b.core[1] }
	case "^":
		return func(a, b version) bool { return a.core[0] == b.core[0] }
	}
	return nil
}

// version is a version by semver.org. Its numbers are texts, since they may be of any
// length.
type version struct {
	core       [3]number10
	prerelease string // "" for none
}

// number10 is a decimal number without leading zeros. A longer one is greater.
type number10 string

func (n number10) compare(m number10) int {
	return cmp.Or(cmp.Compare(len(n), len(m)), strings.Compare(string(n), string(m)))
}

// versionOf reads a version. A "v" before it is left out; a minor or patch version that
// is missing is 0; a number is read as its text.
func versionOf(v value) (version, bool) {
	if v.kind != text && v.kind != number {
		return version{}, false
	}
	s := v.toText()
	if s != "" && s[0]|0x20 == 'v' {
		s = s[1:]
	}
	s, build, hasBuild := strings.Cut(s, "+")
	core, prerelease, hasPrerelease := strings.Cut(s, "-")
	parsed := version{core: [3]number10{"0", "0", "0"}, prerelease: prerelease}
	numbers := strings.Split(core, ".")
	if len(numbers) > 3 || (hasBuild || hasPrerelease) && len(numbers) < 3 ||
		hasBuild && !identifiers(build, false) || hasPrerelease && !identifiers(prerelease, true) {
		return version{}, false
	}
	for i, n := range numbers {
		if !isNumber(n) {
			return version{}, false
		}
		parsed.core[i] = number10(n)
	}
	return parsed, true
}

// isNumber reports whether s is a decimal number without leading zeros.
func isNumber(s string) bool {
	return isDigits(s) && (len(s) == 1 || s[0] != '0')
}

func isDigits(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// identifiers reports whether s is identifiers with dots between them. With strict,
// those of digits alone have no leading zeros.
func identifiers(s string, strict bool) bool {
	for identifier := range strings.SplitSeq(s, ".") {
		if identifier == "" || strict && isDigits(identifier) && !isNumber(identifier) {
			return false
		}
		for i := range len(identifier) {
			c := identifier[i]
			if !isDigit(c) && c != '-' && (c|0x20 < 'a' || c|0x20 > 'z') {
				return false
			}
		}
	}
	return true
}

// compare orders versions (Semantic Versioning 2.0.0, section 11).
func (v version) compare(w version) int {
	for i := range v.core {
		if c := v.core[i].compare(w.core[i]); c != 0 {
			return c
		}
	}
	switch {
	case v.prerelease == w.prerelease:
		return 0
	case v.prerelease == "":
		return 1
	case w.prerelease == "":
		return -1
	}
	return slices.CompareFunc(strings.Split(v.prerelease, "."), strings.Split(w.prerelease, "."), func(a, b string) int {
		isA, isB := isDigits(a), isDigits(b)
		switch {
		case isA && isB:
			return number10(a).compare(number10(b))
		case isA:
			return -1
		case isB:
			return 1
		}
		return strings.Compare(a, b)
	})
}
