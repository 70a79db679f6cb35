package rego

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"

	"github.com/cpodkit/cpodkit"
)

// maxDataDepth is how many members a path into the data has at most.
const maxDataDepth = 64

// Document is a part of a tenant's data.
type Document struct {
	JSON    []byte // compact, with sorted members; numbers are as they were sent
	Version string // of its content
}

// Data returns the part of a tenant's data at a path of member names, or not_found. An
// empty path is all of it.
func (e *Engine) Data(ctx context.Context, tenantID string, path ...string) (Document, error) {
	if err := checkDataPath(path); err != nil {
		return Document{}, err
	}
	_, c, err := e.contentOf(ctx, tenantID)
	if err != nil {
		return Document{}, err
	}
	root, err := decodeData(c.data)
	if err != nil {
		return Document{}, err
	}
	part, err := partAt(root, path)
	if err == nil && part.Version == "" {
		err = cpodkit.Errorf(cpodkit.CodeNotFound, "There is no data at this path.")
	}
	return part, err
}

// PutData stores a value, any JSON, at a path of member names into a tenant's data, instead
// of what is there; at an empty path an object. Members on the path that are missing are
// made. One that is not an object is a conflict. Data in the place of a package is
// validation_failed. Every replica uses the change within 2 s.
func (e *Engine) PutData(ctx context.Context, tenantID string, path []string, value []byte, when Condition) (Changed, error) {
	if err := checkDataPath(path); err != nil {
		return Changed{}, err
	}
	decoded, err := decodeJSON(value)
	if err != nil {
		return Changed{}, cpodkit.Errorf(cpodkit.CodeBadRequest, "The body is not valid JSON.").WithCause(err)
	}
	return e.changeData(ctx, tenantID, path, when, func(parent map[string]any, name string) { parent[name] = decoded })
}

// DeleteData removes what is at a path of a tenant's data. What is not there is no error,
// unless the condition asks for it.
func (e *Engine) DeleteData(ctx context.Context, tenantID string, path []string, when Condition) (Changed, error) {
	if err := checkDataPath(path); err != nil {
		return Changed{}, err
	}
	return e.changeData(ctx, tenantID, path, when, nil)
}

// changeData puts a value at a path, or removes what is there when put is nil.
func (e *Engine) changeData(
	ctx context.Context, tenantID string, path []string, when Condition, put func(parent map[string]any, name string),
) (Changed, error) {
	var after Document
	head, err := e.edit(ctx, tenantID, func(c *content) error {
		root, err := decodeData(c.data)
		if err != nil {
			return err
		}
		before, err := partAt(root, path)
		if err == nil {
			err = when.check(before.Version)
		}
		if err != nil {
			return err
		}
		// The document is a member of an object of its own, so that the empty path is like
		// the others.
		top := map[string]any{}
		if root != nil {
			top[""] = root
		}
		parent, name := top, ""
		for i, next := range path {
			object, isObject := parent[name].(map[string]any)
			if !isObject {
				switch _, exists := parent[name]; {
				case exists:
					return cpodkit.Errorf(cpodkit.CodeConflict, "The data at %q is not an object; replace it first.", "/"+strings.Join(path[:i], "/"))
				case put == nil:
					return nil
				}
				object = map[string]any{}
				parent[name] = object
			}
			parent, name = object, next
		}
		if put == nil {
			delete(parent, name)
		} else {
			put(parent, name)
		}
		if c.data, err = encodeData(top); err != nil {
			return err
		}
		after, err = partAt(top[""], path)
		return err
	})
	return Changed{after.Version, head.Revision, head.UpdatedAt}, err
}

func checkDataPath(path []string) error {
	if len(path) > maxDataDepth {
		return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The path has more than %d members.", maxDataDepth)
	}
	for _, name := range path {
		if name == "" || name == "." || name == ".." {
			return cpodkit.Errorf(cpodkit.CodeInvalidKey, "The path has an empty segment, or one of dots.")
		}
	}
	return nil
}

// decodeData returns a data document; nil for none.
func decodeData(data []byte) (any, error) {
	if len(data) == 0 {
		return nil, nil //nolint:nilnil // there is none, and no error
	}
	root, err := decodeJSON(data)
	if err != nil {
		return nil, fmt.Errorf("rego: the data of a tenant: %w", err)
	}
	return root, nil
}

// encodeData returns the data document that is a member of top, or nothing.
func encodeData(top map[string]any) ([]byte, error) {
	root, exists := top[""]
	if !exists {
		return nil, nil
	}
	if _, isObject := root.(map[string]any); !isObject {
		return nil, invalid("", "must be an object")
	}
	return canonical(root)
}

// decodeJSON decodes one JSON value. Its numbers are json.Number.
func decodeJSON(text []byte) (value any, err error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	decoder.UseNumber()
	if err := decoder.Decode(&value); err != nil {
		return nil, err
	}
	if _, err := decoder.Token(); !errors.Is(err, io.EOF) {
		return nil, errors.New("there is more than one value")
	}
	return value, nil
}

// partAt returns what is at a path; its version is "" when there is nothing.
func partAt(root any, path []string) (Document, error) {
	if root == nil {
		return Document{}, nil
	}
	for _, name := range path {
		object, ok := root.(map[string]any)
		if ok {
			root, ok = object[name]
		}
		if !ok {
			return Document{}, nil
		}
	}
	text, err := canonical(root)
	return Document{text, digestOf(text)}, err
}
