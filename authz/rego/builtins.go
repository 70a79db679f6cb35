package rego

import (
	"errors"
	"fmt"
	"strconv"
	"strings"

	"github.com/open-policy-agent/opa/v1/ast"
	"github.com/open-policy-agent/opa/v1/topdown"
	"github.com/open-policy-agent/opa/v1/types"
)

// builtinFuncs are functions for the evaluator, by name.
type builtinFuncs map[string]*topdown.Builtin

// guard bounds the operands of a built-in function and returns the size of its result,
// or 0 if that is at most twice that of its operands.
type guard func(e *evaluation, operands []*ast.Term) (size int, err error)

const (
	maxDigits  = 1000   // of a number that is calculated with
	maxProduct = 10_000 // bytes of all numbers that are multiplied
	maxShift   = 4096   // bits
	maxRange   = 100_000
	maxWidth   = 1 << 16 // of all fields of a format together
	maxPattern = 4096    // bytes of a pattern
	maxCrypto  = 16 << 10
)

// boundedBuiltins returns, for each built-in function of c that makes values, one that
// charges for them first, as "bounded." and its name; and "bounded.charge".
func boundedBuiltins(c *ast.Capabilities) builtinFuncs {
	out := builtinFuncs{}
	for _, b := range c.Builtins {
		check, isBounded := guardOf(b)
		f := topdown.GetBuiltin(b.Name)
		if !isBounded || f == nil {
			continue
		}
		name := boundedPrefix + "." + b.Name
		decl := *b
		decl.Name, decl.Infix, decl.CanSkipBctx = name, "", false
		out[name] = &topdown.Builtin{Decl: &decl, Func: guarded(b, check, f)}
	}
	name := boundedPrefix + ".charge"
	decl := &ast.Builtin{Name: name, Decl: types.NewFunction(types.Args(types.A), types.B)}
	out[name] = &topdown.Builtin{Decl: decl, Func: func(bctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		if err := evaluationOf(bctx).takeValue(operands[0].Value); err != nil {
			return topdown.Halt{Err: err}
		}
		return iter(ast.BooleanTerm(true))
	}}
	return out
}

func evaluationOf(bctx topdown.BuiltinContext) *evaluation {
	e, ok := bctx.Context.(*evaluation)
	if !ok {
		return &evaluation{Context: bctx.Context, left: budgetBytes} // of a test, that OPA runs
	}
	return e
}

// guarded returns f with its guard before it.
func guarded(b *ast.Builtin, check guard, f topdown.BuiltinFunc) topdown.BuiltinFunc {
	arity := b.Decl.Arity()
	return func(bctx topdown.BuiltinContext, operands []*ast.Term, iter func(*ast.Term) error) error {
		e := evaluationOf(bctx)
		in := operands[:min(arity, len(operands))]
		size, err := check(e, in)
		if err == nil && e.left < size {
			err = errBudget
		}
		if err != nil {
			return topdown.Halt{Err: fmt.Errorf("%s: %w", b.Name, err)}
		}
		return f(bctx, operands, func(result *ast.Term) error {
			if err := e.takeValue(result.Value); err != nil {
				return topdown.Halt{Err: fmt.Errorf("%s: %w", b.Name, err)}
			}
			return iter(result)
		})
	}
}

// guardOf returns the guard of a built-in function; false for one whose result is a
// boolean, a small number, or a part of its operands.
func guardOf(b *ast.Builtin) (guard, bool) {
	switch b.Name {
	case "eq", "assign", "equal", "neq", "gt", "gte", "lt", "lte", "internal.member_2", "internal.member_3",
		"count", "max", "min", "object.get", "walk", "print", "internal.print", "trace", "is_number", "is_string",
		"is_boolean", "is_array", "is_set", "is_object", "is_null", "type_name", "startswith", "endswith",
		"contains", "time.now_ns", "json.is_valid", "base64.is_valid", "strings.count", "indexof", "uuid.rfc4122", "uuid.parse",
		"rand.intn", "all", "any", "crypto.hmac.equal", "rego.metadata.chain", "rego.metadata.rule", "object.subset":
		return nil, false
	case "plus", "minus", "mul", "div", "rem", "abs", "round", "ceil", "floor", "and", "or",
		"bits.or", "bits.and", "bits.negate", "bits.xor", "bits.rsh", "format_int", "to_number":
		return shortNumbers, true
	case "bits.lsh":
		return shift, true
	case "sum", "product":
		return product, true
	case "numbers.range", "numbers.range_step":
		return rangeOf, true
	case "sprintf":
		return format, true
	case "concat":
		return joined, true
	case "replace", "regex.replace":
		return replaced, true
	case "strings.replace_n":
		return replacedEach, true
	case "json.patch":
		return patched, true
	}
	switch {
	case strings.HasPrefix(b.Name, "regex."), strings.HasPrefix(b.Name, "glob."), b.Name == "re_match":
		return pattern, true
	case strings.HasPrefix(b.Name, "crypto."), strings.HasPrefix(b.Name, "io.jwt."):
		return short, true
	}
	return operandsFirst(2), true
}

// operandsFirst is the guard of a function whose result is so many times as large as its
// operands at most.
func operandsFirst(times int) guard {
	return func(e *evaluation, operands []*ast.Term) (int, error) {
		size, err := sizeOfAll(e, operands)
		return times * size, err
	}
}

func sizeOfAll(e *evaluation, operands []*ast.Term) (int, error) {
	sum := 0
	for _, t := range operands {
		size, err := e.sizeOf(t.Value)
		if sum += size; err != nil {
			return sum, err
		}
	}
	return sum, nil
}

func shortNumbers(e *evaluation, operands []*ast.Term) (int, error) {
	for _, t := range operands {
		switch v := t.Value.(type) {
		case ast.Number:
			if len(v) > maxDigits {
				return 0, fmt.Errorf("a number has more than %d digits", maxDigits)
			}
		case ast.String:
			if len(v) > maxDigits { // of to_number
				return 0, fmt.Errorf("a number has more than %d digits", maxDigits)
			}
		}
	}
	return operandsFirst(2)(e, operands)
}

func shift(e *evaluation, operands []*ast.Term) (int, error) {
	if n, ok := operands[1].Value.(ast.Number); ok {
		if by, ok := n.Int(); !ok || by > maxShift {
			return 0, fmt.Errorf("a number is shifted by more than %d bits", maxShift)
		}
	}
	return shortNumbers(e, operands)
}

func product(e *evaluation, operands []*ast.Term) (int, error) {
	size, err := sizeOfAll(e, operands)
	if err == nil && size > maxProduct*scalarBytes {
		return 0, fmt.Errorf("the numbers have more than %d bytes", maxProduct*scalarBytes)
	}
	return size, err
}

func rangeOf(e *evaluation, operands []*ast.Term) (int, error) {
	from, ok1 := operands[0].Value.(ast.Number)
	to, ok2 := operands[1].Value.(ast.Number)
	if !ok1 || !ok2 {
		return 0, nil // a type error
	}
	a, ok1 := from.Int64()
	z, ok2 := to.Int64()
	if diff := z - a; !ok1 || !ok2 || max(diff, -diff) >= maxRange || diff < -maxRange {
		return 0, fmt.Errorf("the range has more than %d numbers", maxRange)
	}
	return sizeOfAll(e, operands)
}

// format bounds sprintf: the widths of its fields, and as many copies of its values as it
// has fields.
func format(e *evaluation, operands []*ast.Term) (int, error) {
	text, ok := operands[0].Value.(ast.String)
	if !ok {
		return 0, nil
	}
	width, fields, digits, isField := 0, 0, 0, false
	for _, c := range []byte(text) {
		switch {
		case c == '%':
			fields++
			digits, isField = 0, true
		case !isField:
		case c == '*':
			return 0, errors.New("the width of a field is not in the format")
		case '0' <= c && c <= '9':
			digits = min(digits*10+int(c-'0'), maxWidth+1)
		case c == '.', c == '[', c == ']', c == '+', c == '-', c == '#', c == ' ':
			width += digits
			digits = 0
		default:
			width += digits
			isField = false
		}
		if width+digits > maxWidth {
			return 0, fmt.Errorf("the fields are wider than %d characters", maxWidth)
		}
	}
	size, err := sizeOfAll(e, operands)
	return len(text) + width + 4*(fields+1)*size, err
}

// joined bounds concat.
func joined(e *evaluation, operands []*ast.Term) (int, error) {
	between, _ := operands[0].Value.(ast.String)
	size, err := sizeOfAll(e, operands)
	n := 0
	switch v := operands[1].Value.(type) {
	case *ast.Array:
		n = v.Len()
	case ast.Set:
		n = v.Len()
	}
	return size + n*len(between), err
}

// replaced bounds replace and regex.replace: a match may be empty.
func replaced(e *evaluation, operands []*ast.Term) (int, error) {
	if _, err := pattern(e, operands); err != nil {
		return 0, err
	}
	size, err := sizeOfAll(e, operands)
	text, _ := operands[0].Value.(ast.String)
	with, _ := operands[2].Value.(ast.String)
	return size + (len(text)+1)*(len(with)+1), err
}

// replacedEach bounds strings.replace_n, by its longest replacement.
func replacedEach(e *evaluation, operands []*ast.Term) (int, error) {
	text, _ := operands[1].Value.(ast.String)
	longest := 0
	if patterns, ok := operands[0].Value.(ast.Object); ok {
		patterns.Foreach(func(_, with *ast.Term) {
			if v, ok := with.Value.(ast.String); ok {
				longest = max(longest, len(v))
			}
		})
	}
	size, err := sizeOfAll(e, operands)
	return size + (len(text)+1)*(longest+1), err
}

// patched bounds json.patch, which may copy a document for each of its operations.
func patched(e *evaluation, operands []*ast.Term) (int, error) {
	size, err := sizeOfAll(e, operands)
	if operations, ok := operands[1].Value.(*ast.Array); ok {
		size *= operations.Len() + 1
	}
	return size, err
}

// pattern bounds functions with a regular expression or a glob. It charges for their time,
// which grows with the length of the pattern times that of the text.
func pattern(e *evaluation, operands []*ast.Term) (int, error) {
	shorter, longer := 0, 0
	for _, t := range operands {
		if v, ok := t.Value.(ast.String); ok {
			shorter, longer = max(shorter, min(longer, len(v))), max(longer, len(v))
		}
	}
	if shorter > maxPattern {
		return 0, fmt.Errorf("a pattern is longer than %d bytes, or the text is", maxPattern)
	}
	size, err := sizeOfAll(e, operands)
	if err == nil {
		err = e.take(longer * (8 + shorter/4))
	}
	return 2 * size, err
}

// short bounds functions of cryptography, whose time grows with the square of a key.
func short(e *evaluation, operands []*ast.Term) (int, error) {
	size, err := sizeOfAll(e, operands)
	if err == nil && size > maxCrypto {
		return 0, errors.New("the operands have more than " + strconv.Itoa(maxCrypto) + " bytes")
	}
	return 4 * size, err
}
