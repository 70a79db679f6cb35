package masking_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"strings"

	"github.com/cpodkit/cpodkit/masking"
)

func ExampleMasker_MaskString() {
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.MaskString("Call Alice at 555-867-5309"))
	fmt.Println(m.MaskString("alice@example.com"))
	// Output:
	// Call [NAME] at [PHONE]
	// a***@example.com
}

func ExampleMasker_MaskJSON() {
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	out, err := m.MaskJSON(nil, []byte(`{"name":"Alice Smith","email":"alice@example.com","ssn":"123-45-6789","dob":"1961-05-27"}`))
	fmt.Println(string(out), err)
	// Output:
	// {"name":"Alice Smith","email":"a***@example.com","ssn":"***-**-****","dob":"****-**-**"} <nil>
}

func ExampleMasker_Mask() {
	type user struct {
		Name     string
		Contact  string `mask:"email"`
		Card     string `mask:"last4"`
		Password string
	}
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%+v\n", m.Mask(user{"Alice", "alice@example.com", "4111 1111 1111 1111", "hunter2"}))
	// Output:
	// {Name:Alice Contact:a***@example.com Card:**** **** **** 1111 Password:[MASKED]}
}

func ExampleMasker_Writer() {
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	w := m.Writer(os.Stdout)
	fmt.Fprint(w, "mail from alice@exa")
	fmt.Fprintln(w, "mple.com")
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	// Output:
	// mail from [EMAIL]
}

// A profile is a JSON file that an operator edits.
func ExampleParseProfile() {
	profile, err := masking.ParseProfile([]byte(`{
		"entities": {"CREDIT_CARD": "last4", "NAME": "keep"},
		"fields": {"address": "fixed"},
		"paths": {"$.orders[*].note": "drop"},
		"allow": ["*@example.org"],
		"deny": {"Project Aurora": "PROJECT"},
		"patterns": [{"entity": "EMPLOYEE", "pattern": "\\bE-\\d{5}\\b"}]
	}`))
	if err != nil {
		log.Fatal(err)
	}
	m, err := masking.New(masking.WithProfile(profile))
	if err != nil {
		log.Fatal(err)
	}
	out, err := m.MaskJSON(nil, []byte(`{"address":"1 Main St","orders":[{"no":1,"note":"x"}],"by":"E-12345 of project aurora"}`))
	fmt.Println(string(out), err)
	fmt.Println(m.MaskString("Alice paid with 4111 1111 1111 1111, see help@example.org"))
	// Output:
	// {"address":"***","orders":[{"no":1}],"by":"[EMPLOYEE] of [PROJECT]"} <nil>
	// Alice paid with **** **** **** 1111, see help@example.org
}

// A recognizer finds what a regular expression cannot.
func ExampleWithRecognizer() {
	m, err := masking.New(masking.WithRecognizer(tickets{"T-1": true}))
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.MaskString("about T-1 and T-2"))
	// Output:
	// about [TICKET] and T-2
}

// tickets are those that exist.
type tickets map[string]bool

func (t tickets) Recognize(dst []masking.Finding, line string) []masking.Finding {
	at := 0
	for word := range strings.SplitSeq(line, " ") {
		if t[word] {
			dst = append(dst, masking.Finding{Entity: "TICKET", Start: at, End: at + len(word), Score: 1})
		}
		at += len(word) + 1
	}
	return dst
}

func ExampleWithStrategy() {
	m, err := masking.New(
		masking.WithProfile(masking.Profile{Default: "redact"}),
		masking.WithStrategy("redact", func(_ context.Context, _ masking.Finding, text string) string {
			return strings.Repeat("█", len(text))
		}),
	)
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(m.MaskString("card 4111111111111111"))
	// Output:
	// card ████████████████
}

// A call masks for one tenant. Dry runs say what would be masked.
func ExampleMasker_For() {
	m, err := masking.New()
	if err != nil {
		log.Fatal(err)
	}
	call, err := m.For(context.Background(), "t1", masking.Options{Fields: []string{"user.address"}})
	if err != nil {
		log.Fatal(err)
	}
	found, err := call.DryRun([]byte(`{"user":{"address":"1 Main St","mail":"to alice@example.com"}}`))
	for _, f := range found {
		fmt.Println(f.Pointer, f.Entity, f.Rule, f.Start, f.End, f.Strategy)
	}
	fmt.Println(err)
	// Output:
	// /user/address  field 0 9 placeholder
	// /user/mail EMAIL email 3 20 auto
	// <nil>
}
