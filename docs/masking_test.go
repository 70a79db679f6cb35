package docs_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"os"
	"regexp"
	"strings"
	"testing"

	"github.com/cpodkit/cpodkit/backends/docstore"
	"github.com/cpodkit/cpodkit/backends/docstore/keyringstore"
	"github.com/cpodkit/cpodkit/backends/docstore/maskstore"
	"github.com/cpodkit/cpodkit/keyring"
	"github.com/cpodkit/cpodkit/masking"
	"github.com/cpodkit/cpodkit/masking/maskingtest"
	"github.com/cpodkit/cpodkit/storage/documents"
)

func ExampleMasker() {
	err := func() error {
		m, err := masking.New()
		if err != nil {
			return err
		}
		fmt.Println(m.MaskString("Call Alice at 555-867-5309"))
		fmt.Println(m.MaskString("alice@example.com"))
		person := map[string]string{"name": "Alice Smith", "email": "alice@example.com", "ssn": "123-45-6789"}
		fmt.Println(m.Mask(person))
		// Call [NAME] at [PHONE]
		// a***@example.com
		// map[email:a***@example.com name:Alice Smith ssn:***-**-****]
		return nil
	}()
	fmt.Println(err)
	// Output:
	// Call [NAME] at [PHONE]
	// a***@example.com
	// map[email:a***@example.com name:Alice Smith ssn:***-**-****]
	// <nil>
}

// withTokens returns the Masker of the page that keeps tokens in a database.
func withTokens(db *docstore.DB, ring *keyring.Ring, record func(ctx context.Context, tenant string, tokens []string) error) (made *masking.Masker, err error) {
	err = func() error {
		store, err := maskstore.New(db, ring.Sealer("masking"))
		if err != nil {
			return err
		}
		m, err := masking.New(masking.WithTokenStore(store), masking.WithKeys(store),
			masking.WithReadHook(func(ctx context.Context, d masking.Detokenised) error {
				return record(ctx, d.TenantID, d.Tokens) // an error refuses the read
			}))
		if err != nil {
			return err
		}
		made = m
		return nil
	}()
	return made, err
}

func TestMaskingTokens(t *testing.T) {
	t.Parallel()
	ctx := t.Context()
	db, err := docstore.New(documents.NewMemory())
	if err != nil {
		t.Fatal(err)
	}
	ring, err := keyring.Open(ctx, keyringstore.New(db), keyring.NewMaster())
	if err != nil {
		t.Fatal(err)
	}
	read := 0
	m, err := withTokens(db, ring, func(_ context.Context, _ string, tokens []string) error { read += len(tokens); return nil })
	if err != nil {
		t.Fatal(err)
	}
	must(t, func() error {
		call, err := m.For(ctx, "acme", masking.Options{Strategy: masking.Token, Entities: []masking.Entity{masking.Email}})
		if err != nil {
			return err
		}
		text, findings, err := call.String("Mail to alice@example.com")
		if err != nil {
			return err
		}
		token := strings.TrimPrefix(text, "Mail to ")
		values, err := m.Detokenise(ctx, "acme", []string{token})
		if err != nil || len(findings) != 1 || values[token] != "alice@example.com" || read != 1 {
			return fmt.Errorf("the text is %q, the values are %q, %w", text, values, err)
		}
		return nil
	})
}

func TestMaskingSuite(t *testing.T) {
	t.Parallel()
	maskingtest.Run(t, func(testing.TB) maskingtest.Store { return masking.NewMemoryTokens() })
}

type customer struct {
	Name  string `mask:"NAME"`
	Email string `mask:"EMAIL,hash"`
	Card  string `mask:"last4"`
	Notes string `mask:"-"` // never looked at
}

func TestMaskingValuesAndLog(t *testing.T) {
	t.Parallel()
	m, err := masking.New()
	if err != nil {
		t.Fatal(err)
	}
	got := m.Mask(customer{"Alice Smith", "alice@example.com", "4111111111111111", "alice@example.com"})
	if want := (customer{"A*** S***", "[EMAIL]", "************1111", "alice@example.com"}); got != want {
		t.Errorf("masked is %+v, want %+v", got, want)
	}
	name := t.TempDir() + "/log"
	file, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	logTo := func(os struct{ Stderr *os.File }) {
		log := slog.New(m.Handler(slog.NewJSONHandler(os.Stderr, nil)))
		log.Info("mail to alice@example.com", "password", "hunter2")
	}
	logTo(struct{ Stderr *os.File }{file})
	text, err := os.ReadFile(name)
	if err != nil || !strings.Contains(string(text), `"msg":"mail to [EMAIL]"`) || strings.Contains(string(text), "hunter2") {
		t.Errorf("the log has %s, %v", text, err)
	}
}

const maskingPage = "masking.md"

// between returns what a page has between two marks.
func between(t *testing.T, page, mark string) string {
	t.Helper()
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	_, rest, ok1 := strings.Cut(string(text), "<!-- "+mark+" -->\n")
	inside, _, ok2 := strings.Cut(rest, "<!-- /"+mark+" -->")
	if !ok1 || !ok2 {
		t.Fatalf("%s has no marks %q", page, mark)
	}
	return inside
}

// wantBetween holds what a page has between two marks. With CPODKIT_WRITE_PAGES it writes
// that.
func wantBetween(t *testing.T, page, mark, want string) {
	t.Helper()
	got := between(t, page, mark)
	if got == want {
		return
	}
	if os.Getenv("CPODKIT_WRITE_PAGES") == "" {
		t.Errorf("%s does not have this; run the test with CPODKIT_WRITE_PAGES=1:\n%s", page, want)
		return
	}
	text, err := os.ReadFile(page)
	if err != nil {
		t.Fatal(err)
	}
	begin := []byte("<!-- " + mark + " -->\n")
	changed := bytes.Replace(text, append(begin, got...), append(begin, want...), 1)
	if err := os.WriteFile(page, changed, 0o644); err != nil {
		t.Fatal(err)
	}
}

func TestMaskingRules(t *testing.T) {
	t.Parallel()
	var table strings.Builder
	table.WriteString("| entity | rule | finds | score | context | source |\n|---|---|---|---|---|---|\n")
	for _, r := range masking.Rules() {
		fmt.Fprintf(&table, "| %s | `%s` | %s | %g | %s | %s |\n", r.Entity, r.Name, r.Finds, r.Score, fewWords(r.Context), r.Source)
	}
	wantBetween(t, maskingPage, "rules", table.String())
}

// fewWords returns the first words of a context.
func fewWords(context []string) string {
	const few = 5
	words := strings.Fields(strings.Join(context, " "))
	if len(words) > few {
		return strings.Join(words[:few], ", ") + ", …"
	}
	return strings.Join(words, ", ")
}

// Each row of the table of shapes is so.
func TestMaskingShapes(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(maskingPage)
	if err != nil {
		t.Fatal(err)
	}
	m, err := masking.New()
	if err != nil {
		t.Fatal(err)
	}
	rows := regexp.MustCompile("(?m)^\\| ([A-Z_]+) \\| `([^`]+)` \\| `([^`]+)` \\| `([^`]+)` \\|$").FindAllStringSubmatch(string(text), -1)
	for _, row := range rows {
		if got := m.MaskString(row[2]); got != row[3] {
			t.Errorf("%s alone is %s, not %s", row[2], got, row[3])
		}
		if got := m.MaskString("It has " + row[2] + " in it"); got != "It has "+row[4]+" in it" || row[4] != "["+row[1]+"]" {
			t.Errorf("%s in a text is %s", row[2], got)
		}
	}
	if len(rows) < 7 {
		t.Errorf("there are %d rows", len(rows))
	}
}

// The profile of the page is one, and the fields that it lists are those that are built in.
func TestMaskingProfile(t *testing.T) {
	t.Parallel()
	text, err := os.ReadFile(maskingPage)
	if err != nil {
		t.Fatal(err)
	}
	block := regexp.MustCompile("(?s)```json\n(.*?)```").FindSubmatch(text)
	if block == nil || !json.Valid(block[1]) {
		t.Fatalf("the page has no profile: %s", block)
	}
	p, err := masking.ParseProfile(block[1])
	if err != nil {
		t.Fatal(err)
	}
	m, err := masking.New(masking.WithProfile(p))
	if err != nil {
		t.Fatal(err)
	}
	for in, want := range map[string]string{
		"The ticket T-123456 of Project Falcon":    "The ticket [TICKET] of [CODE_NAME]",
		"Write to support@example.com or 10.0.0.1": "Write to support@example.com or 10.0.0.1",
	} {
		if got := m.MaskString(in); got != want {
			t.Errorf("%q is masked as %q, want %q", in, got, want)
		}
	}
	byDefault, err := masking.New()
	if err != nil {
		t.Fatal(err)
	}
	_, listed, _ := strings.Cut(string(text), "These are built in:")
	listed, _, _ = strings.Cut(listed, "GET /v1/mask/profile")
	for _, name := range regexp.MustCompile("`([a-z_]+)`").FindAllStringSubmatch(listed, -1) {
		if _, ok := byDefault.Profile().Fields[name[1]]; !ok {
			t.Errorf("%s is not built in", name[1])
		}
	}
	for name := range byDefault.Profile().Fields {
		if !strings.Contains(listed, "`"+name+"`") {
			t.Errorf("the page does not list %s", name)
		}
	}
}
