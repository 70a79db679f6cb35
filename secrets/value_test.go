package secrets_test

import (
	"bytes"
	"encoding/gob"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"log/slog"
	"reflect"
	"strings"
	"testing"
	"text/template"

	"github.com/cpodkit/cpodkit/secrets"
)

const shown = "hunter2-shown"

// inside is a Value where printers and encoders meet one.
type inside struct {
	V       secrets.Value
	P       *secrets.Value
	L       []secrets.Value
	M       map[string]secrets.Value
	A       any
	private secrets.Value
	pointer *secrets.Value
}

func newInside() inside {
	v := secrets.NewValue(shown)
	return inside{v, &v, []secrets.Value{v}, map[string]secrets.Value{"m": v}, v, v, &v}
}

// wantHidden fails when a text has the value in a form that printers make of it.
func wantHidden(t *testing.T, what, text string) {
	t.Helper()
	for _, form := range []string{shown, fmt.Sprintf("%x", shown), fmt.Sprintf("%X", shown), fmt.Sprintf("%d", []byte(shown))} {
		if strings.Contains(text, form) {
			t.Errorf("%s gives %s", what, text)
		}
	}
}

func TestValueDoesNotPrint(t *testing.T) {
	t.Parallel()
	v := secrets.NewValue(shown)
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q", "%x", "%X", "% x", "%d", "%p", "%T", "%t", "%!"} {
		for _, value := range []any{v, &v, []secrets.Value{v}, newInside(), new(newInside()), map[string]inside{"k": newInside()}, errors.Join(fmt.Errorf(verb, v))} {
			wantHidden(t, fmt.Sprintf("%s of %T", verb, value), fmt.Sprintf(verb, value))
		}
	}
	for _, verb := range []string{"%v", "%+v", "%#v", "%s", "%q"} {
		if got := fmt.Sprintf(verb, v); got != "[redacted]" {
			t.Errorf("%s gives %s", verb, got)
		}
	}
	var log bytes.Buffer
	options := &slog.HandlerOptions{Level: slog.LevelDebug}
	for _, handler := range []slog.Handler{slog.NewTextHandler(&log, options), slog.NewJSONHandler(&log, options)} {
		slog.New(handler).With("with", v).Info("m", "value", v, "pointer", &v, "inside", newInside(), "secret", secrets.Secret{Value: v}, slog.Group("g", "v", v))
	}
	wantHidden(t, "a log", log.String())
	var page bytes.Buffer
	if err := template.Must(template.New("").Parse(`{{.}} {{.V}} {{printf "%s" .V}}`)).Execute(&page, newInside()); err != nil {
		t.Error(err)
	}
	wantHidden(t, "a template", page.String())
}

func TestValueIsNotMarshalled(t *testing.T) {
	t.Parallel()
	v := secrets.NewValue(shown)
	type public struct{ V secrets.Value }
	for _, value := range []any{v, &v, []secrets.Value{v}, map[string]secrets.Value{"m": v}, public{v}, secrets.Secret{Value: v}, secrets.Material{Env: map[string]secrets.Value{"A": v}}} {
		for name, marshal := range map[string]func(any) ([]byte, error){
			"JSON": json.Marshal,
			"gob": func(value any) ([]byte, error) {
				var b bytes.Buffer
				err := gob.NewEncoder(&b).Encode(value)
				return b.Bytes(), err
			},
		} {
			out, err := marshal(value)
			if err == nil {
				t.Errorf("%s marshals %T", name, value)
				continue
			}
			wantHidden(t, name, string(out)+err.Error())
		}
	}
	if _, err := v.MarshalText(); err == nil {
		t.Error("it is marshalled as text")
	}
	if out, err := xml.Marshal(public{v}); err == nil {
		t.Errorf("XML is %s", out)
	}
	if err := json.Unmarshal([]byte(`{"V":"`+shown+`"}`), &public{}); err == nil {
		t.Error("it is unmarshalled")
	} else {
		wantHidden(t, "Unmarshal", err.Error())
	}
}

func TestValueDoesNotCompare(t *testing.T) {
	t.Parallel()
	v, same, other := secrets.NewValue(shown), secrets.NewValue(shown), secrets.NewValue(shown+"!")
	if reflect.TypeFor[secrets.Value]().Comparable() || reflect.DeepEqual(v, same) || reflect.DeepEqual(v, v) {
		t.Error("it is compared")
	}
	if !v.Equal(same) || v.Equal(other) || v.Equal(secrets.Value{}) || !(secrets.Value{}).Equal(secrets.NewValue("")) {
		t.Error("Equal is wrong")
	}
	if v.IsZero() || !(secrets.Value{}).IsZero() || !secrets.NewValue("").IsZero() {
		t.Error("IsZero is wrong")
	}
	if v.Reveal() != shown || (secrets.Value{}).Reveal() != "" {
		t.Error("Reveal is wrong")
	}
}
