package main

import (
	"cmp"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/cpodkit/cpodkit/internal/nearest"
	"github.com/cpodkit/cpodkit/masking"
)

// off is the value of variables that switch something off.
const off = "off"

// variable is one setting of the environment, as help and docs/operations.md show
// it.
type variable struct{ name, byDefault, meaning string }

// settings is the environment. Every part reads its own variables from it, once;
// what is wrong with them is kept for err. No error shows a value, which may be a
// secret.
type settings struct {
	env       map[string]string
	log       *slog.Logger
	logMasker *masking.Masker // of the log
	variables []variable
	backends  []slog.Attr // of each part that has one: the scheme of its URL
	faults    []error
	warnings  []slog.Attr // by variable
}

// readSettings takes an environment in the form of [os.Environ]. The log goes to
// stderr.
func readSettings(environ []string, stderr io.Writer) *settings {
	s := &settings{env: map[string]string{}}
	for _, entry := range environ {
		name, value, _ := strings.Cut(entry, "=")
		s.env[name] = value
	}
	var err error
	if s.logMasker, err = masking.New(masking.WithProfile(forLog(masking.Profile{}))); err != nil {
		s.faults = append(s.faults, err)
		return s
	}
	s.log = newLog(s, stderr)
	return s
}

// environ returns the environment in the form of [os.Environ].
func (s *settings) environ() []string {
	entries := make([]string, 0, len(s.env))
	for name, value := range s.env {
		entries = append(entries, name+"="+value)
	}
	return entries
}

// get returns a variable, or its default.
func (s *settings) get(name, byDefault, meaning string) string {
	return cmp.Or(s.optional(name, byDefault, meaning), byDefault)
}

// optional returns a variable; "" where it is not set, and its default, which is
// shown, is for the caller to work out.
func (s *settings) optional(name, shownDefault, meaning string) string {
	s.variables = append(s.variables, variable{name, shownDefault, meaning})
	return s.env[name]
}

// fail keeps what is wrong with a variable.
func (s *settings) fail(name, format string, args ...any) {
	s.faults = append(s.faults, fmt.Errorf(name+": "+format, args...))
}

// warn keeps what is doubtful about a variable for a server that starts.
func (s *settings) warn(name, text string) { s.warnings = append(s.warnings, slog.String(name, text)) }

// logWarnings logs a line for each warning.
func (s *settings) logWarnings() {
	for _, w := range s.warnings {
		s.log.Warn(w.Value.String(), "variable", w.Key)
	}
}

// backend returns the URL of a backend, which has one of the schemes.
func (s *settings) backend(name, byDefault, meaning string, schemes ...string) string {
	url := s.get(name, byDefault, meaning)
	if !slices.Contains(schemes, scheme(url)) {
		s.fail(name, "want a URL with one of the schemes %s", strings.Join(schemes, ", "))
	}
	s.backends = append(s.backends, slog.String(strings.ToLower(strings.TrimPrefix(name, "CPOD_")), scheme(url)))
	return url
}

// memoryOrRedis are the schemes of a backend in this process or in a Redis.
func memoryOrRedis() []string {
	return []string{"memory", "redis", "rediss", "redis+sentinel", "rediss+sentinel", "redis+cluster", "rediss+cluster"}
}

// number returns a whole number. Its default is shown in words.
func (s *settings) number(name, byDefault, shownDefault, meaning string, least, most int) int {
	n, err := strconv.Atoi(cmp.Or(s.optional(name, shownDefault, meaning), byDefault))
	if err != nil || n < least || n > most {
		s.fail(name, "want a number from %d to %d", least, most)
	}
	return n
}

// bytes returns a number of bytes.
func (s *settings) bytes(name, byDefault, meaning string) int64 {
	n, err := strconv.ParseInt(s.get(name, byDefault, meaning), 10, 64)
	if err != nil || n < 0 {
		s.fail(name, "want a number of bytes, without a unit")
	}
	return n
}

// err returns all that is wrong, once all parts have read their variables.
func (s *settings) err() error {
	known := make([]string, len(s.variables))
	for i, v := range s.variables {
		known[i] = v.name
	}
	for _, name := range slices.Sorted(maps.Keys(s.env)) {
		if strings.HasPrefix(name, "CPOD_") && !slices.Contains(known, name) && !isForeign(name) {
			s.fail(name, "there is no such variable; the nearest is %s", nearest.Name(name, known))
		}
	}
	return errors.Join(s.faults...)
}

// isForeign reports whether a variable belongs to somebody else: to a client on
// the same machine, or to Kubernetes, which sets some for a Service named cpod.
func isForeign(name string) bool {
	switch name {
	case "CPOD_API_KEY", "CPOD_CLIENT_ID", "CPOD_CLIENT_SECRET", "CPOD_API_URL", "CPOD_BASE_URL", "CPOD_TENANT_ID",
		"CPOD_SERVICE_HOST":
		return true
	}
	return strings.HasPrefix(name, "CPOD_SERVICE_PORT") || strings.HasPrefix(name, "CPOD_PORT")
}

// scheme is what stands before the colon of a URL.
func scheme(url string) string {
	before, _, found := strings.Cut(url, ":")
	if !found {
		return ""
	}
	return before
}

// isLocal reports whether a backend is this process or its disk, and no other
// server can use it.
func isLocal(url string) bool {
	return slices.Contains([]string{"sqlite", "file", "memory"}, scheme(url))
}

// pathOf returns the path behind a scheme, or the default one.
func pathOf(url, byDefault string) string {
	_, path, _ := strings.Cut(url, ":")
	return cmp.Or(path, byDefault)
}
