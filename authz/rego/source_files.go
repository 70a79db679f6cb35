package rego

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"

	"github.com/open-policy-agent/opa/v1/util"

	"github.com/cpodkit/cpodkit/internal/watch"
)

// Dir is a [Source] of the files in a folder.
type Dir struct{ fileSource }

// BundleFile is a [Source] of a bundle in a file.
type BundleFile struct{ fileSource }

var (
	_ Source = (*Dir)(nil)
	_ Source = (*BundleFile)(nil)
)

// fileSource is what a watcher keeps current.
type fileSource struct{ watcher *watch.Watcher[*Policy] }

// Current implements [Source].
func (s fileSource) Current() *Policy { return s.watcher.Current() }

// Err implements [Source].
func (s fileSource) Err() error { return s.watcher.Err() }

// Run implements [Source].
func (s fileSource) Run(ctx context.Context, changed func()) error {
	s.watcher.Run(ctx, func(context.Context, *Policy) error {
		changed()
		return nil
	})
	return ctx.Err()
}

// NewDir reads a folder and its subfolders: the modules in the files that end with .rego,
// without those that end with _test.rego, and data. The file a/b/data.json, data.yaml or
// data.yml is the data at data.a.b. Files and folders whose names begin with a dot are left
// out. It fails when the folder cannot be read, has no module, or is over 8 MiB or 1,000
// files.
//
// While Run runs, an edit takes effect as a whole: in place, by a rename over a file, and by
// the symlinks that Kubernetes swaps.
func NewDir(ctx context.Context, folder string, opts ...SourceOption) (*Dir, error) {
	o, err := newSourceOptions(opts)
	if err != nil {
		return nil, err
	}
	if o.isSigned {
		return nil, errors.New("rego: WithBundleKeys is for bundles")
	}
	if err := o.noRemote(); err != nil {
		return nil, err
	}
	s, err := o.watch(ctx, folder, readFolder, watch.WithExtension(".rego", "data.json", "data.yaml", "data.yml"))
	if err != nil {
		return nil, err
	}
	return &Dir{s}, nil
}

// NewBundleFile reads a bundle of the Open Policy Agent from a file: what opa build makes.
// It fails when the file cannot be read, is not a bundle, is over 8 MiB, or over 32 MiB or
// 10,000 files unpacked. Deltas, Wasm and modules of Rego v0 are refused. Files that end with
// _test.rego are left out.
//
// While Run runs, a file that is replaced takes effect.
func NewBundleFile(ctx context.Context, file string, opts ...SourceOption) (*BundleFile, error) {
	o, err := newSourceOptions(opts)
	if err != nil {
		return nil, err
	}
	if err := o.noRemote(); err != nil {
		return nil, err
	}
	reader, err := newBundleReader(&o)
	if err != nil {
		return nil, err
	}
	s, err := o.watch(ctx, file, func(files watch.Files) (*Policy, error) {
		if len(files) != 1 {
			return nil, errors.New("it is a folder, and a bundle is a file")
		}
		for _, content := range files {
			return reader.read(content)
		}
		return nil, nil //nolint:nilnil // there is one file
	})
	if err != nil {
		return nil, err
	}
	return &BundleFile{s}, nil
}

func (o *sourceOptions) watch(
	ctx context.Context, name string, load func(watch.Files) (*Policy, error), opts ...watch.Option,
) (fileSource, error) {
	watcher, err := watch.Open(ctx, name, load, append(opts, watch.WithInterval(o.interval), watch.WithLog(o.log),
		watch.WithMaxBytes(maxPolicyBytes), watch.WithMaxFiles(maxPolicyFiles))...)
	if err != nil {
		return fileSource{}, fmt.Errorf("rego: %w", err)
	}
	return fileSource{watcher}, nil
}

// readFolder returns the policy of the files of a folder.
func readFolder(files watch.Files) (*Policy, error) {
	p := &Policy{Modules: map[string]string{}, Data: map[string]any{}}
	for _, name := range slices.Sorted(maps.Keys(files)) {
		folder, base := path.Split(name)
		var value any
		var err error
		switch {
		case isModule(name):
			p.Modules[name] = string(files[name])
			continue
		case base == "data.json":
			value, err = parseData(files[name])
		case base == "data.yaml" || base == "data.yml":
			err = util.Unmarshal(files[name], &value)
		default:
			continue
		}
		if err == nil {
			err = putData(p.Data, strings.FieldsFunc(folder, func(c rune) bool { return c == '/' }), value)
		}
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
	}
	if len(p.Modules) == 0 {
		return nil, errNoModule
	}
	return p, nil
}

// errNoModule keeps a folder that is empty, because nothing is mounted there, from being a
// policy that restricts nobody.
var errNoModule = errors.New("it has no .rego file")

// isModule reports whether a file is part of the policy, and no test of it.
func isModule(name string) bool {
	return strings.HasSuffix(name, ".rego") && !strings.HasSuffix(name, "_test.rego")
}

// parseData returns a JSON text. Its errors begin with the line and the column.
func parseData(text []byte) (value any, err error) {
	d := json.NewDecoder(bytes.NewReader(text))
	d.UseNumber()
	if err = d.Decode(&value); err == nil {
		if _, err = d.Token(); errors.Is(err, io.EOF) {
			return value, nil
		}
		err = errors.New("there is more after the value")
	}
	offset := d.InputOffset()
	if syntax, ok := errors.AsType[*json.SyntaxError](err); ok {
		offset = syntax.Offset - 1
	} else if errors.Is(err, io.ErrUnexpectedEOF) {
		offset = int64(len(text))
	}
	before := text[:min(max(0, int(offset)), len(text))]
	line, column := 1+bytes.Count(before, []byte{'\n'}), len(before)-bytes.LastIndexByte(before, '\n')
	return nil, fmt.Errorf("%d:%d: %w", line, column, err)
}

// putData puts a value at a path of data. What is there already is merged, if both are
// objects.
func putData(data map[string]any, at []string, value any) error {
	object, isObject := value.(map[string]any)
	if len(at) == 0 {
		if !isObject {
			return errors.New("the value at the top is not an object")
		}
		return mergeData(data, object)
	}
	for _, name := range slices.Backward(at) {
		object = map[string]any{name: value}
		value = object
	}
	return mergeData(data, object)
}

func mergeData(into, from map[string]any) error {
	for name, value := range from {
		old, there := into[name]
		a, isA := old.(map[string]any)
		b, isB := value.(map[string]any)
		switch {
		case !there:
			into[name] = value
		case isA && isB:
			if err := mergeData(a, b); err != nil {
				return err
			}
		default:
			return fmt.Errorf("another file has a value for %q too", name)
		}
	}
	return nil
}
