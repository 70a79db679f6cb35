package files_test

import (
	"context"
	"errors"
	"net/http"
	"os"
	"strings"
	"testing"

	sdkmetric "go.opentelemetry.io/otel/sdk/metric"
	sdktrace "go.opentelemetry.io/otel/sdk/trace"

	"github.com/cpodkit/cpodkit"
	"github.com/cpodkit/cpodkit/storage/files"
	"github.com/cpodkit/cpodkit/storage/files/filestest"
)

// A driver that is measured is the same driver.
func TestObserved(t *testing.T) {
	t.Parallel()
	filestest.Run(t, func(t testing.TB) files.Driver { return observed(t, files.NewMemory()) })
}

func observed(t testing.TB, driver files.Driver) files.Driver {
	t.Helper()
	return files.Observed(t, driver, sdktrace.NewTracerProvider(), sdkmetric.NewMeterProvider())
}

func TestUnobserved(t *testing.T) {
	t.Parallel()
	memory := files.NewMemory()
	if got := files.Observed(t, memory, nil, nil); got != files.Driver(memory) {
		t.Errorf("without providers the driver is a %T", got)
	}
}

// keptOnDisk is a driver whose objects are files of the operating system.
type keptOnDisk struct{ files.Driver }

type diskObject struct{ files.Object }

func (diskObject) OSFile() (*os.File, error) { return nil, errors.ErrUnsupported }

func (keptOnDisk) Open(context.Context, string) (files.Object, error) { return diskObject{}, nil }

func TestObservedObjectsAreTheDriversOwn(t *testing.T) {
	t.Parallel()
	object, err := observed(t, keptOnDisk{files.NewMemory()}).Open(t.Context(), "t1/apps/a1/x")
	if _, ok := object.(files.OSFileObject); !ok || err != nil {
		t.Errorf("the object is a %T, %v", object, err)
	}
}

func TestObservedDriverSigns(t *testing.T) {
	t.Parallel()
	for _, c := range []struct {
		name   string
		driver files.Driver
		want   string // what the URL begins with
	}{
		{"a driver that signs", presigner{files.NewMemory(), nil}, "https://store.test/"},
		{"a driver that does not", files.NewMemory(), "https://files.test/v1/storage/signed/"},
		{"a driver that cannot now", presigner{files.NewMemory(), cpodkit.CodeNotSupported}, "https://files.test/v1/storage/signed/"},
	} {
		s := serve(t, c.driver, files.WithTracerProvider(sdktrace.NewTracerProvider()))
		w := s.call(alice, "POST", "/v1/storage/file-urls", `{"key":"x"}`)
		if got := decode[urlAnswer](s, w).URL; w.Code != http.StatusOK || !strings.HasPrefix(got, c.want) {
			t.Errorf("%s: %d, the URL is %q", c.name, w.Code, got)
		}
	}
}
