package rego

import (
	"encoding/json"
	"strconv"

	"github.com/open-policy-agent/opa/v1/ast"
)

// resultOf returns a value as JSON of at most resultBytes. A set is an array; a key of an
// object that is no string is the string of its JSON.
func resultOf(v ast.Value) (json.RawMessage, error) {
	switch v := v.(type) {
	case nil:
		return nil, nil
	case ast.Boolean:
		if v {
			return json.RawMessage("true"), nil
		}
		return json.RawMessage("false"), nil
	}
	return appendJSON(nil, v)
}

func appendJSON(buf []byte, v ast.Value) ([]byte, error) {
	var err error
	if len(buf) > resultBytes {
		return nil, errResult
	}
	switch v := v.(type) {
	case ast.Null:
		buf = append(buf, "null"...)
	case ast.Boolean:
		buf = strconv.AppendBool(buf, bool(v))
	case ast.Number:
		buf = append(buf, v...)
	case ast.String:
		text, err := json.Marshal(string(v))
		if err != nil {
			return nil, err
		}
		buf = append(buf, text...)
	case *ast.Array:
		return appendAll(buf, v.Len(), v.Elem)
	case ast.Set:
		terms := v.Slice()
		return appendAll(buf, len(terms), func(i int) *ast.Term { return terms[i] })
	case ast.Object:
		buf = append(buf, '{')
		for i, key := range v.Keys() {
			if i > 0 {
				buf = append(buf, ',')
			}
			if buf, err = appendKey(buf, key.Value); err != nil {
				return nil, err
			}
			if buf, err = appendJSON(append(buf, ':'), v.Get(key).Value); err != nil {
				return nil, err
			}
		}
		buf = append(buf, '}')
	default:
		return nil, errNoJSON
	}
	if len(buf) > resultBytes {
		return nil, errResult
	}
	return buf, nil
}

func appendKey(buf []byte, key ast.Value) ([]byte, error) {
	if _, ok := key.(ast.String); !ok {
		text, err := appendJSON(nil, key)
		if err != nil {
			return nil, err
		}
		key = ast.String(text)
	}
	return appendJSON(buf, key)
}

func appendAll(buf []byte, n int, at func(int) *ast.Term) ([]byte, error) {
	var err error
	buf = append(buf, '[')
	for i := range n {
		if i > 0 {
			buf = append(buf, ',')
		}
		if buf, err = appendJSON(buf, at(i).Value); err != nil {
			return nil, err
		}
	}
	if buf = append(buf, ']'); len(buf) > resultBytes {
		return nil, errResult
	}
	return buf, nil
}
