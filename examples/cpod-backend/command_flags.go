package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/flags"
)

// declareFlagsCheck checks definitions as a server would that reads them. It needs no
// data and no settings.
func declareFlagsCheck(*flag.FlagSet) action {
	return func(ctx context.Context, env environment, name string) error {
		files, err := definitionsAt(name)
		if err != nil {
			return err
		}
		wrong := 0
		for _, file := range files {
			definition, err := os.ReadFile(file)
			if err != nil {
				return err
			}
			set, err := flags.Parse(definition)
			if err == nil {
				fmt.Fprintf(env.stdout, "%s: %d flags\n", file, set.Len())
				continue
			}
			wrong++
			fault, ok := errors.AsType[*cpodkit.Error](err)
			if !ok {
				return fmt.Errorf("%s: %w", file, err)
			}
			for _, field := range fault.Fields {
				line, column := position(definition, field.Pointer)
				fmt.Fprintf(env.stdout, "%s:%d:%d: %s%s\n", file, line, column, at(field.Pointer), field.Detail)
			}
		}
		switch {
		case wrong == 0:
			_, err := flags.NewFile(ctx, name) // whether they are too many together
			return err
		case len(files) == 1:
			return errors.New("the flags are wrong")
		}
		return fmt.Errorf("the flags of %d of %d files are wrong", wrong, len(files))
	}
}

// position is where a fault is: what is not JSON has no pointers.
func position(definition []byte, pointer string) (line, column int) {
	var whole json.RawMessage
	syntax, ok := errors.AsType[*json.SyntaxError](json.Unmarshal(definition, &whole))
	if !ok {
		return flags.Position(definition, pointer)
	}
	before := definition[:max(0, min(int(syntax.Offset), len(definition))-1)]
	return 1 + bytes.Count(before, []byte{'\n'}), len(before) - bytes.LastIndexByte(before, '\n')
}

// at is what stands before a detail.
func at(pointer string) string {
	if pointer == "" {
		return ""
	}
	return pointer + " "
}

// definitionsAt returns the file of that name, or those that a server reads in the
// folder of that name.
func definitionsAt(name string) ([]string, error) {
	about, err := os.Stat(name)
	if err != nil || !about.IsDir() {
		return []string{name}, err
	}
	var files []string
	err = filepath.WalkDir(name, func(path string, entry os.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != name && strings.HasPrefix(entry.Name(), "."): // which a server does not read
			if entry.IsDir() {
				return fs.SkipDir
			}
		case !entry.IsDir() && filepath.Ext(path) == ".json":
			files = append(files, path)
		}
		return nil
	})
	slices.Sort(files)
	if err == nil && len(files) == 0 {
		err = fmt.Errorf("%s: the folder has no .json file", name)
	}
	return files, err
}
